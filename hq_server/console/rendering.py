"""Owns how a page is made: templates, the filters that they may use, static files by content, and the headers of every answer. Knows no page."""

import hashlib
import json
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hq_server.console.catalogues import Language, catalogue, language_of
from hq_server.console.sign_in.sessions import Visitor
from hq_server.console.visiting import ROOT
from hq_server.console.words import Words
from stored_value.money import format_yuan
from stored_value.rulebook import Words as TwoLanguages
from sync.entry import Header

TEMPLATES: Final = Path(__file__).parent / "templates"
STATIC: Final = Path(__file__).parent.parent / "static"
CONTENT_SECURITY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@cache
def environment(language: Language) -> Environment:
    """One for each language: translated texts are chosen when a page is made, nothing is shared between visitors."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.loopcontrols"],
    )
    made.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]  # the i18n extension adds it
    made.filters |= {
        "yuan": yuan,
        "plain": plain,
        "local": local,
        "pretty": pretty,
        "middle": middle,
        "header_json": header_json,
    }
    made.globals |= {
        "asset": asset,
        "link": link,
        "root": ROOT,
        "language": language,
        "languages": tuple(Language),
        "words": Words(catalogue(language)),
        "said": lambda text: _said(text, language),
    }
    return made


def page(request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """A page in the visitor's language; `visitor` is who `require_visitor` found, if it was asked."""
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    made = environment(language_of(request)).get_template(template)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    body = made.render(visitor=visitor, here=here, **values)
    return HTMLResponse(body, status, {"Cache-Control": "no-store"})


def words_of(request: Request) -> Words:
    return Words(catalogue(language_of(request)))


def yuan(minor: int) -> str:
    return format_yuan(minor)


def plain(minor: int) -> str:
    """Without the sign, for columns whose head names it."""
    return format_yuan(minor, sign=False)


def local(at: datetime, zone: str, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    return at.astimezone(ZoneInfo(zone)).strftime(form)


def pretty(raw: bytes) -> str:
    """JSON for people; the bytes themselves are what counts."""
    return json.dumps(json.loads(raw), ensure_ascii=False, indent=2, sort_keys=True)


def header_json(header: Header) -> str:
    return pretty(msgspec.json.encode(header))


def middle(text: str, chars: int = 24) -> str:
    """Long names lose their middle, so that both ends still tell them apart."""
    if len(text) <= chars:
        return text
    kept = chars - 1
    return f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}"


def link(path: str, **query: object) -> str:
    """A place in the console; parameters that are None or empty are left out."""
    told = {key: _told(value) for key, value in query.items() if value not in (None, "")}
    return f"{ROOT}{path}" + (f"?{urlencode(told)}" if told else "")


def _told(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _said(text: TwoLanguages, language: Language) -> str:
    """What head office wrote in both languages."""
    return text.zh if language is Language.ZH_CN else text.en


@cache
def asset(name: str) -> str:
    """A static file under an address that changes with its content, so that browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"{ROOT}/static/{name}?v={digest}"
