"""Tables as CSV for a spreadsheet: amounts in yuan, texts that never become formulas. Used by every noun whose table can be exported."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from fastapi import Response

from stored_value.money import format_yuan

_BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it spreadsheets take UTF-8 for the system's own encoding and Chinese is lost."""
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_answer(name: str, rows: Iterable[Sequence[str]]) -> Response:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response((_BYTE_ORDER_MARK + text.getvalue()).encode(), headers=headers, media_type="text/csv")


def yuan_cell(minor: int) -> str:
    return format_yuan(minor, sign=False).replace(",", "")


def text_cell(value: str) -> str:
    """A text never becomes a formula."""
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
