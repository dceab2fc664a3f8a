"""A receipt as rows of words, without its layout: what a test of the counter reads off a slip."""

from printers.document import Mark, Receipt, Row, Text, Title


def words_on(receipt: Receipt) -> list[str]:
    """A row is its two sides with one space between them."""
    rows: list[str] = []
    for block in receipt.blocks:
        match block:
            case Row(left=left, right=right):
                rows.append(f"{left.strip()} {right.strip()}")
            case Text(text=text) | Title(text=text) | Mark(text=text):
                rows.append(text)
            case _:
                pass
    return rows
