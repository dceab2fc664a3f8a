"""Owns a visitor of the console for tests: a real HTTP client that signs in, follows links and sends the forms that pages contain."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

import httpx

from tests.hq_server.console.franchise_day import PASSWORD

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
_LINK = re.compile(r'href="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Visit:
    client: httpx.Client

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(f"/console{path}", headers=headers)

    def page(self, path: str) -> str:
        """The text of a page that must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def send(self, page: str, to: str, **fields: str) -> httpx.Response:
        """Sends the form of a page with the tokens that stand in it."""
        hidden = dict(_HIDDEN.findall(self.page(page)))
        return self.client.post(f"/console{to}", data=hidden | fields)


def visit(url: str, login: str = "", *, language: str = "en", password: str = PASSWORD) -> Visit:
    """No connection outlives its answer, so that nobody has to close the client."""
    alone = httpx.Limits(max_keepalive_connections=0)
    visited = Visit(httpx.Client(base_url=url, headers={"accept-language": language}, timeout=30, limits=alone))
    if login:
        answer = visited.send("/sign-in", "/sign-in", login=login, password=password)
        assert answer.status_code == 303, answer.text
    return visited


def links(page: str, beginning: str) -> Iterator[str]:
    """Addresses on a page under `/console`, from there."""
    for address in _LINK.findall(page):
        plain = address.replace("&amp;", "&").removeprefix("/console")
        if plain.startswith(beginning):
            yield plain


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def text_of(page: str) -> str:
    """What a person reads, with single spaces."""
    parser = _Text()
    parser.feed(page)
    return " ".join(" ".join(parser.parts).split())
