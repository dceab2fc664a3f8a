"""Counts for every event kind, refusal and finding of the rules the case rows that show it; a code of the rules without a row fails.

The table is printed and written to test-results/rules-coverage.txt.
"""

import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from stored_value.events import EVENT_TYPES
from stored_value.findings import FindingCode
from stored_value.refusals import RefusalCode
from tests.stored_value.money_out_cases import Story, load, rulebook_of

CASES = Path(__file__).parent / "cases"
REPORT = Path(__file__).parents[2] / "test-results" / "rules-coverage.txt"
KIND_OF_WORD = {
    "top_up": "topped_up",
    "redeem": "redeemed",
    "refund": "purchase_refunded",
    "refund_purchase": "purchase_refunded",
    "reverse": "top_up_reversed",
    "release": "instalment_released",
    "redeem_points": "points_redeemed",
    "review": "tier_reviewed",
    "order": "order_paid",
    "use_pass": "pass_used",
    "refund_order": "order_refunded",
    "unrefund_order": "refund_reversed",
    "exchange": "points_redeemed",
    "undo": "order_refunded",
}
KINDS_ELSEWHERE = {
    "member_enrolled": "moves no money; tests/stored_value/test_apply.py",
    "shift_opened": "no wallet; the till's shifts",
    "shift_closed": "no wallet; the till's shifts",
    "lease_accepted": "moves no money; tests/stored_value/test_reservations.py",
    "lease_returned": "pays what is owed; tests/stored_value/test_reservations.py",
    "reservation_written_off": "pays what is owed; tests/stored_value/test_reservations.py",
}
COUNTER = "the till's counter asks it, not the rules"
INGEST = "head office's ingest finds it, not the rules"
REFUSALS_ELSEWHERE = (
    {"nothing_in_suspense": "tests/stored_value/test_suspense.py"}
    | dict.fromkeys(
        [
            "purchase_of_another_till",
            "member_unknown",
            "phone_invalid",
            "name_invalid",
            "shift_not_open",
            "shift_already_open",
            "shift_too_old",
            "not_signed_in",
            "pin_wrong",
            "pin_delayed",
            "till_stopped",
            "no_rulebook",
            "not_permitted",
            "clock_off",
            "disk_fault",
            "disk_full",
            "amount_negative",
            "lines_disagree",
            "code_unknown",
            "card_replaced",
            "number_of_two_members",
            "action_reused",
            "receipt_unknown",
            "cash_out_changed",
            "cash_out_of_another_till",
            "deposit_of_another_till",
            "entries_unconfirmed",
            "card_issues_used_up",
            "staff_unknown",
            "member_numbers_used_up",
            "staff_list_too_old",
            "payment_pin_not_set",
            "payment_pin_wrong",
            "payment_pin_delayed",
            "payment_pin_weak",
            "payment_pin_on_its_way",
            "head_office_older",
        ],
        COUNTER,
    )
    | {}
)
FINDINGS_ELSEWHERE = dict.fromkeys(
    [
        "member_unknown",
        "unknown_kind",
        "unreadable_body",
        "rulebook_unknown",
        "outside_anchors",
        "same_member_no",
        "same_phone",
        "event_repeated",
        "campaign_beyond_cap",
    ],
    INGEST,
) | {
    "instalment_forfeited": "tests/stored_value/test_instalments.py",
    "risk_exceeded": "head office's judgement; tests/stored_value/test_uncovered.py, tests/hq_server/ingest/test_till_risk.py",
    "card_exceeded": "head office's judgement; tests/hq_server/ingest/test_card_days.py",
    "pin_set_away": "head office's judgement; tests/hq_server/ingest/test_card_days.py",
    "reservation_unknown": "tests/stored_value/test_reservations.py",
    "thing_uncovered": "tests/stored_value/test_uncovered.py",
    "reservation_forgotten": "tests/hq_server/ingest/test_till_risk.py",
    "reservation_foreign": "tests/stored_value/test_reservations.py",
    "lease_closed": "tests/stored_value/test_reservations.py",
    "lease_differs": "tests/stored_value/test_reservations.py",
    "recovered": "tests/scenarios/test_recovered.py",
    "recovered_signed": "tests/scenarios/test_recovered.py",
    "hole_declared": "tests/scenarios/test_recovered.py",
    "fork_adopted": "tests/scenarios/test_adopted.py",
    "unreadable_header": "tests/hq_server/ingest/test_unreadable_headers.py",
    "another_tills_entry": "head office's ingest asks who wrote it; tests/hq_server/ingest/test_money_out_judged.py",
    "original_unknown": "head office's ingest asks who wrote it; tests/hq_server/ingest/test_own_originals.py",
    "not_reversible": "head office's ingest asks what it takes back; tests/hq_server/ingest/test_own_originals.py",
    "reversal_late": "head office's ingest asks when that came; tests/hq_server/ingest/test_own_originals.py",
    "cash_out_uncovered": "head office's judgement; tests/hq_server/ingest/test_money_out_judged.py",
    "taken_from_others": "head office's judgement; tests/hq_server/ingest/test_money_out_judged.py",
    "not_a_tills_kind": "head office's ingest asks who wrote it; tests/hq_server/ingest/test_foreign_kinds.py",
    "prior_period": "tests/scenarios/test_wrong_clocks.py",
    "shift_differs": "tests/hq_server/ingest/test_shift_check.py",
    "pay_code_unknown": "there are no pay codes yet from which it could arise",
    "pay_code_replayed": "there are no pay codes yet from which it could arise",
    "member_already_enrolled": "depends on the version that whoever orders events counts; tests/stored_value/test_apply.py",
}


def rows() -> list[dict[str, Any]]:
    return [
        row for path in sorted(CASES.glob("*.toml")) for row in tomllib.loads(path.read_text("utf-8")).get("case", [])
    ]


def kinds_shown() -> Counter[str]:
    """Each row counts once for a kind, whether the kind is what happens or what happened before."""
    shown: Counter[str] = Counter()
    for row in rows():
        steps = [*row.get("given", []), row["when"]]
        shown.update({KIND_OF_WORD[step["do"]] for step in steps if isinstance(step, dict) and "do" in step})
    for case in load("money_out.toml"):
        story = Story(rulebook_of(case["rulebook"]))
        for line in [*case.get("given", []), case["when"]]:
            if "?" not in line:
                story.step(line)
        shown.update({event.kind for event in story.events})
    return shown


def codes_shown(one: str, many: str) -> Counter[str]:
    shown: Counter[str] = Counter()
    for row in rows():
        then = row["then"]
        shown.update({code for code in (then.get(one), *then.get(many, [])) if code})
    return shown


def test_every_kind_and_code_of_the_rules_has_a_row() -> None:
    groups = (
        ("event kinds", [kind.kind for kind in EVENT_TYPES], kinds_shown(), KINDS_ELSEWHERE),
        ("refusals", [code.value for code in RefusalCode], codes_shown("refusal", "refusals"), REFUSALS_ELSEWHERE),
        ("findings", [code.value for code in FindingCode], codes_shown("finding", "findings"), FINDINGS_ELSEWHERE),
    )
    report: list[str] = [f"{len(rows())} rows in {len(list(CASES.glob('*.toml')))} tables"]
    missing: list[str] = []
    for title, codes, shown, elsewhere in groups:
        report.append(f"\n{title}")
        assert set(elsewhere) <= set(codes), f"an exception among the {title} names nothing"
        for code in codes:
            report.append(f"  {shown[code]:4}  {code}" + (f"  ({elsewhere[code]})" if code in elsewhere else ""))
            if not shown[code] and code not in elsewhere:
                missing.append(f"{title}: {code}")
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text("\n".join(report) + "\n", "utf-8")
    sys.stdout.write("\n".join(report) + "\n")
    assert not missing
