"""Head office as a visitor with a browser sees it: signs in by the form and downloads tables. Knows addresses and column heads, nothing of what is behind them."""

import csv
import io
import re
from datetime import date
from decimal import Decimal

import httpx

_FORM_TOKEN = re.compile(r'name="form_token"\s+value="([^"]+)"')
CONSOLE = "/console"
HEAD_OFFICE_USER = "admin"
Row = dict[str, str]


class ConsoleUnusable(Exception):
    """The console did not let the visitor in, or a table is not there; the message names the address."""


class HqConsole:
    """Tables are read in English, by the names of their columns."""

    def __init__(self, url: str, login: str, password: str) -> None:
        self._http = httpx.Client(
            base_url=url, trust_env=False, timeout=30, follow_redirects=True, headers={"Accept-Language": "en"}
        )
        form = self._http.get(f"{CONSOLE}/sign-in")
        token = _FORM_TOKEN.search(form.text)
        if form.is_error or token is None:
            raise ConsoleUnusable(f"{form.url}: no sign-in form there")
        answer = self._http.post(
            f"{CONSOLE}/sign-in", data={"login": login, "password": password, "form_token": token[1]}
        )
        if answer.is_error:
            raise ConsoleUnusable(f"{answer.url}: {login} may not sign in")

    def close(self) -> None:
        self._http.close()

    def settlement(self, first: date, last: date) -> list[Row]:
        return self._table("/settlement", {"from": first.isoformat(), "to": last.isoformat(), "csv": "stores"})

    def receipts(self, figure: str, first: date, last: date) -> list[Row]:
        """What stands behind one number of the settlement, all stores."""
        query = {"figure": figure, "from": first.isoformat(), "to": last.isoformat(), "csv": "1"}
        return self._table("/settlement/receipts", query)

    def members(self) -> list[Row]:
        return self._table("/members", {"csv": "1"})

    def _table(self, path: str, query: dict[str, str]) -> list[Row]:
        answer = self._http.get(CONSOLE + path, params=query)
        if answer.is_error or not answer.headers.get("content-type", "").startswith("text/csv"):
            raise ConsoleUnusable(f"{answer.url}: no table there ({answer.status_code})")
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def fen(yuan: str) -> int:
    """An amount of a downloaded table in minor units."""
    return int(Decimal(yuan.replace(",", "").replace("￥", "") or "0") * 100)
