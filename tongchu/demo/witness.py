"""The independent witness: compares what came out of the printers with the tills' files and with head office's tables, by its own arithmetic.

Imports nothing of the rules or of the protocol, so that a mistake there is not repeated here. Reads printer bytes, SQLite files and HTTP answers.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from printers.decode import PrinterOutput
from tongchu.demo.hq_console import Row, fen
from tongchu.witness.journal import WITHOUT_PAPER
from tongchu.witness.paper import PaperReceipt, read_receipt

TENDERS = {"现金": "Cash", "微信": "WeChat", "支付宝": "Alipay", "银行卡": "Card", "转账": "Transfer"}
"""Words on paper and heads of head office's columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TillEvidence:
    """What one till left: its journal file, its printed papers, and for some members the balance that it shows."""

    name: str
    store_id: str
    journal: Path
    printed: tuple[PrinterOutput, ...]
    shown_minor: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class HqEvidence:
    """Head office's tables of the day, downloaded. `receipts` by figure: collected, bonus, redeemed, refunded."""

    settlement: list[Row]
    receipts: dict[str, list[Row]]
    members: list[Row]


@dataclass(slots=True)
class Verdict:
    """`disagreements` empty: everything fits. The counts say how much was compared; `entries` that have no paper (leases) are not."""

    papers: int = 0
    entries: int = 0
    members: int = 0
    figures: int = 0
    disagreements: list[str] = field(default_factory=list)

    def same(self, what: str, here: object, there: object) -> None:
        if here != there:
            self.disagreements.append(f"{what}: {here} against {there}")


def compare(tills: Iterable[TillEvidence], hq: HqEvidence) -> Verdict:
    verdict = Verdict()
    papers: dict[str, PaperReceipt] = {}
    owner: dict[str, str] = {}
    shown: dict[str, dict[str, int]] = {}
    by_store: dict[str, list[PaperReceipt]] = {}
    for till in tills:
        own = _papers_of(till, verdict)
        papers |= own
        owner |= _compare_with_journal(till, own, verdict)
        _compare_with_closing(till.name, list(own.values()), verdict)
        by_store.setdefault(till.store_id, []).extend(own.values())
        shown[till.name] = till.shown_minor
    _compare_receipts(papers, hq, verdict)
    _compare_balances(papers, owner, shown, hq, verdict)
    _compare_settlement(by_store, hq, verdict)
    verdict.papers = len(papers)
    return verdict


def _papers_of(till: TillEvidence, verdict: Verdict) -> dict[str, PaperReceipt]:
    papers: dict[str, PaperReceipt] = {}
    for output in till.printed:
        paper = read_receipt(output.text)
        if paper.reprint or not paper.kind:
            continue
        if paper.receipt_no in papers:
            verdict.disagreements.append(f"{paper.receipt_no}: printed twice without a mark")
        papers[paper.receipt_no] = paper
    return papers


def _compare_with_journal(till: TillEvidence, papers: dict[str, PaperReceipt], verdict: Verdict) -> dict[str, str]:
    """Every entry has its paper with the same kind and amount; returns the member of each receipt."""
    owner: dict[str, str] = {}
    numbers: set[str] = set()
    with closing(sqlite3.connect(f"{till.journal.as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT raw FROM entries ORDER BY seq").fetchall()
    for (raw,) in rows:
        entry = json.loads(raw)
        header, body = entry["header"], entry["body"]
        number = f"{header['terminal_id']}-{header['seq']:06d}"
        numbers.add(number)
        paper = papers.get(number)
        if paper is None and header["kind"] in WITHOUT_PAPER:
            continue
        verdict.entries += 1
        if paper is None:
            verdict.disagreements.append(f"{number}: in the journal, but no receipt was printed")
            continue
        verdict.same(f"{number} kind, paper against journal", paper.kind, header["kind"])
        verdict.same(f"{number} amount, paper against journal", paper.amount_minor, body.get("amount_minor", 0))
        if header["members"]:
            owner[number] = header["members"][0]
    for number in papers.keys() - numbers:
        verdict.disagreements.append(f"{number}: printed, but not in the journal")
    return owner


def _compare_with_closing(name: str, papers: list[PaperReceipt], verdict: Verdict) -> None:
    """The Z report against the sum of the receipts before it."""
    for closing_paper in (paper for paper in papers if paper.kind == "shift_closed"):
        for label, kind in (("充值", "topped_up"), ("消费", "redeemed"), ("退款", "purchase_refunded")):
            total = sum(paper.amount_minor for paper in papers if paper.kind == kind)
            told = sum(amount for row, amount in closing_paper.rows if row.startswith(f"{label} ×"))
            verdict.same(f"{name} closing, {label}", told, total)
        for tender in TENDERS:
            total = sum(paper.sum_of(f"收款 {tender}") for paper in papers if paper.kind == "topped_up")
            verdict.same(f"{name} closing, {tender}", closing_paper.sum_of(f"收款 {tender}"), total)


def _compare_receipts(papers: dict[str, PaperReceipt], hq: HqEvidence, verdict: Verdict) -> None:
    """Receipt by receipt, in both directions."""
    for figure, kind in (("redeemed", "redeemed"), ("refunded", "purchase_refunded"), ("collected", "topped_up")):
        printed = {number: paper.amount_minor for number, paper in papers.items() if paper.kind == kind}
        _compare_by_number(figure, printed, hq.receipts[figure], verdict)
    bonuses = {number: paper.bonus_minor for number, paper in papers.items() if paper.bonus_minor > 0}
    _compare_by_number("bonus", bonuses, hq.receipts["bonus"], verdict)


def _compare_by_number(figure: str, printed: dict[str, int], rows: list[Row], verdict: Verdict) -> None:
    told: Counter[str] = Counter()
    for row in rows:
        told[row["Receipt"]] += fen(row["Amount"])
    for number in sorted(printed.keys() | told.keys()):
        verdict.same(f"{number} {figure}, paper against head office", printed.get(number), told.get(number))


def _compare_balances(
    papers: dict[str, PaperReceipt],
    owner: dict[str, str],
    shown: dict[str, dict[str, int]],
    hq: HqEvidence,
    verdict: Verdict,
) -> None:
    """Each member's balance: what the papers add up to, what head office holds, what each till shows."""
    sums: Counter[str] = Counter()
    for number, member_id in owner.items():
        sums[member_id] += papers[number].value_minor
    held = {row["Member id"]: fen(row["Balance"]) for row in hq.members}
    for member_id, total in sums.items():
        verdict.members += 1
        verdict.same(f"member {member_id}, papers against head office", total, held.get(member_id))
    for name, balances in shown.items():
        for member_id, balance in balances.items():
            verdict.same(f"member {member_id}, {name} against head office", balance, held.get(member_id))


def _compare_settlement(by_store: dict[str, list[PaperReceipt]], hq: HqEvidence, verdict: Verdict) -> None:
    net = 0
    for row in hq.settlement:
        papers = by_store.get(row["Store"])
        if papers is None:
            continue
        expected = {
            "Redeemed": sum(paper.amount_minor for paper in papers if paper.kind == "redeemed"),
            "Refunded": sum(paper.amount_minor for paper in papers if paper.kind == "purchase_refunded"),
            "Bonus given": sum(max(0, paper.bonus_minor) for paper in papers),
            "Collected": sum(paper.amount_minor for paper in papers if paper.kind == "topped_up"),
        }
        for tender, column in TENDERS.items():
            if column in row:
                expected[column] = sum(paper.sum_of(f"收款 {tender}") for paper in papers if paper.kind == "topped_up")
        for column, amount in expected.items():
            verdict.figures += 1
            verdict.same(f"{row['Store']} {column}, papers against settlement", amount, fen(row[column]))
        net += fen(row["Net due"])
    verdict.same("net due between stores in total", net, 0)
