"""The witness agrees with a right day and notices every lie."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from printers.decode import PrinterOutput, decode
from tongchu.demo.witness import HqEvidence, TillEvidence, compare

Day = tuple[TillEvidence, HqEvidence]
TOP_UP = "会员充值\n单号        S01-T1-000001\n会员充值        ￥100.00\n赠送 首充送50        ￥50.00\n收款 现金        ￥100.00\n余额        ￥150.00\n"
REDEEMED = "会员消费\n单号        S01-T1-000002\n咖啡        ￥30.00\n合计        ￥30.00\n余额        ￥120.00\n"
REFUNDED = (
    "消费退款\n单号        S01-T1-000003\n原单号        S01-T1-000002\n消费退款        ￥10.00\n余额        ￥130.00\n"
)
CLOSED = "交班报表 Z\n单号        S01-T1-000004\n充值 ×1        ￥100.00\n消费 ×1        ￥30.00\n退款 ×1        ￥10.00\n收款 现金        ￥100.00\n"


def paper(text: str) -> PrinterOutput:
    return decode(b"\x1b@\x1c&" + text.encode("gb18030"))


def entry(seq: int, kind: str, amount_minor: int | None) -> str:
    body = {} if amount_minor is None else {"amount_minor": amount_minor}
    header = {"terminal_id": "S01-T1", "seq": seq, "kind": kind, "members": [] if amount_minor is None else ["m1"]}
    return json.dumps({"header": header, "body": body})


@pytest.fixture
def day(tmp_path: Path) -> Day:
    journal = tmp_path / "journal.db"
    rows = [("topped_up", 10_000), ("redeemed", 3_000), ("purchase_refunded", 1_000), ("shift_closed", None)]
    with closing(sqlite3.connect(journal)) as connection, connection:
        connection.execute("CREATE TABLE entries (seq INTEGER PRIMARY KEY, raw TEXT)")
        for seq, (kind, amount) in enumerate(rows, start=1):
            connection.execute("INSERT INTO entries VALUES (?, ?)", (seq, entry(seq, kind, amount)))
    till = TillEvidence(
        name="S01-T1",
        store_id="S01",
        journal=journal,
        printed=tuple(paper(text) for text in (TOP_UP, REDEEMED, REFUNDED, CLOSED)),
        shown_minor={"m1": 13_000},
    )
    hq = HqEvidence(
        settlement=[
            {
                "Store": "S01", "Cash": "100.00", "Collected": "100.00", "Bonus given": "50.00", "Redeemed": "30.00",
                "Refunded": "10.00", "Net due": "0.00",
            }
        ],
        receipts={
            "collected": [{"Receipt": "S01-T1-000001", "Amount": "100.00"}],
            "bonus": [{"Receipt": "S01-T1-000001", "Amount": "50.00"}],
            "redeemed": [{"Receipt": "S01-T1-000002", "Amount": "30.00"}],
            "refunded": [{"Receipt": "S01-T1-000003", "Amount": "10.00"}],
        },
        members=[{"Member id": "m1", "Balance": "130.00"}],
    )  # fmt: skip
    return till, hq


def test_a_right_day_agrees_and_says_how_much_was_compared(day: Day) -> None:
    till, hq = day
    verdict = compare([till], hq)
    assert verdict.disagreements == []
    assert (verdict.papers, verdict.entries, verdict.members, verdict.figures) == (4, 4, 1, 5)


LIES: dict[str, Callable[[Day], Day]] = {
    "a receipt never came out": lambda day: (replace(day[0], printed=day[0].printed[1:]), day[1]),
    "a receipt came out twice": lambda day: (replace(day[0], printed=(*day[0].printed, day[0].printed[0])), day[1]),
    "a printed amount is wrong": lambda day: (
        replace(day[0], printed=(paper(TOP_UP.replace("100.00", "100.01")), *day[0].printed[1:])),
        day[1],
    ),
    "the till shows too much": lambda day: (replace(day[0], shown_minor={"m1": 13_001}), day[1]),
    "head office lost a redemption": lambda day: (
        day[0],
        replace(day[1], receipts=day[1].receipts | {"redeemed": []}),
    ),
    "head office counted a top-up twice": lambda day: (
        day[0],
        replace(day[1], receipts=day[1].receipts | {"collected": day[1].receipts["collected"] * 2}),
    ),
    "a balance is off by one fen": lambda day: (
        day[0],
        replace(day[1], members=[{"Member id": "m1", "Balance": "130.01"}]),
    ),
    "a member is missing": lambda day: (day[0], replace(day[1], members=[])),
    "a settlement figure is wrong": lambda day: (
        day[0],
        replace(day[1], settlement=[day[1].settlement[0] | {"Bonus given": "49.99"}]),
    ),
    "the stores' dues do not cancel": lambda day: (
        day[0],
        replace(day[1], settlement=[day[1].settlement[0] | {"Net due": "0.01"}]),
    ),
    "the closing leaves out a refund": lambda day: (
        replace(day[0], printed=(*day[0].printed[:3], paper(CLOSED.replace("￥10.00", "￥0.00")))),
        day[1],
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_every_lie_is_noticed(day: Day, lie: str) -> None:
    till, hq = LIES[lie](day)
    assert compare([till], hq).disagreements
