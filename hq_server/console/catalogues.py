"""The console's languages: gettext catalogues under `hq_server/locale`, read from their .po files at the start, so that no compiled copy can be older than the text.

The source text is English; Chinese is the default. Owns the choice and the look-up, no words.
"""

import io
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from fastapi import Request

DOMAIN: Final = "console"
LOCALE: Final = Path(__file__).parent.parent / "locale"
LANGUAGE_COOKIE: Final = "tongchu_language"


class Language(StrEnum):
    ZH_CN = "zh_CN"
    EN = "en"

    @property
    def html(self) -> str:
        """As HTML's lang attribute."""
        return "zh-CN" if self is Language.ZH_CN else "en"


def N_(text: str) -> str:  # noqa: N802  gettext's own name for it
    """Only marks a text for the catalogue."""
    return text


@cache
def catalogue(language: Language) -> NullTranslations:
    if language is Language.EN:
        return NullTranslations()
    with (LOCALE / language.value / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        messages = read_po(file, locale=language.value, abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return Translations(compiled, domain=DOMAIN)


def language_of(request: Request) -> Language:
    """What the visitor chose; else the browser's, if it asks for English before Chinese."""
    return chosen_language(request.cookies, request.headers.get("accept-language", ""))


def chosen_language(cookies: Mapping[str, str], accepted: str) -> Language:
    chosen = cookies.get(LANGUAGE_COOKIE)
    if chosen in set(Language):
        return Language(chosen)
    for part in accepted.lower().split(","):
        tag = part.partition(";")[0].strip()
        if tag.startswith("zh"):
            return Language.ZH_CN
        if tag.startswith("en"):
            return Language.EN
    return Language.ZH_CN
