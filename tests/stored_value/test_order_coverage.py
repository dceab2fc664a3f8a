"""Every refusal and finding of carts, orders and passes stands in a row of the tables."""

from stored_value.refusals import RefusalCode
from tests.stored_value.test_order_cases import ROWS

REFUSALS = {code.value for code in RefusalCode if code.value.split("_")[0] in ("coupon", "pass")} | {
    "points_too_few",
    "points_pay_nothing",
    "points_beyond_share",
    "tenders_disagree",
    "balance_too_low",
    "amount_not_positive",
    "online_only",
    "wallet_not_active",
    "line_covered_by_pass",
    "refund_exceeds_line",
    "refund_exceeds_units",
    "refund_too_late",
    "purchase_unknown",
}
FINDINGS = {
    "order_against_policy",
    "price_differs",
    "tier_differs",
    "refund_differs",
    "holding_unknown",
    "pass_type_unknown",
    "lines_disagree",
    "no_evidence",
    "overdraft",
    "lot_revived",
    "purchase_unknown",
}


def test_every_refusal_has_a_row() -> None:
    shown = {case["then"].get("refusal", "none") for _, case, _ in ROWS}
    shown |= {code for _, case, _ in ROWS for code in case["then"].get("refusals", [])}
    assert REFUSALS - shown == set()


def test_every_finding_has_a_row() -> None:
    shown = {code for _, case, _ in ROWS for code in case["then"].get("findings", [])}
    assert FINDINGS - shown == set()
