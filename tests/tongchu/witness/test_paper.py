"""The witness reads receipts as printed."""

from pathlib import Path

from tongchu.witness.paper import read_receipt

GOLDEN = Path(__file__).parents[2] / "golden" / "receipts"


def golden(name: str) -> str:
    return (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_a_top_up_is_read_with_its_bonuses_and_tenders() -> None:
    paper = read_receipt(golden("top_up"))
    assert (paper.receipt_no, paper.kind, paper.provisional) == ("S01-T1-000042", "topped_up", False)
    assert paper.amount("会员充值") == 100_000
    assert paper.sum_of("赠送 ") == 25_000
    assert (paper.sum_of("收款"), paper.amount("余额")) == (100_000, 125_000)


def test_an_offline_redemption_is_read_as_not_confirmed() -> None:
    paper = read_receipt(golden("redemption_offline"))
    assert (paper.kind, paper.provisional, paper.amount("合计")) == ("redeemed", True, 12_805)


def test_a_closing_shows_what_was_counted() -> None:
    paper = read_receipt(golden("z_report"))
    assert (paper.kind, paper.amount("长短款"), paper.amount("实点现金")) == ("shift_closed", -500, 109_500)


def test_a_negative_balance_is_read_as_one() -> None:
    assert read_receipt(golden("reversal")).amount("余额") == -1_250
