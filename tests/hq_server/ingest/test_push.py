"""Pushing: what a till journalled reaches HQ exactly once, and comes back in the feed."""

from sync.messages import MemberRow, PurchaseRow
from sync.wallet_codec import read_purchase, read_wallet
from tests.hq_server.served import ServedHq


def test_a_push_is_applied_once_and_a_second_one_is_told_what_the_first_was(hq: ServedHq) -> None:
    till = hq.till()
    member = till.enrol_member()
    till.top_up(member, 100_000, plan_1000=20_000, first_50=5_000)
    purchase = till.redeem(member, 6_000, 4_000)
    till.refund(purchase, 2, 1_000)
    message = till.message()
    first = till.push()
    assert [outcome.status for outcome in first.outcomes] == ["created"] * 4
    assert [outcome.versions[0].version for outcome in first.outcomes] == [1, 2, 3, 4]
    assert first.accepted_through == 4
    assert first.head_hash == till.entries[-1].hash
    again = till.client.push(till.terminal_id, message)
    assert [outcome.status for outcome in again.outcomes] == ["exists"] * 4
    assert [outcome.versions for outcome in again.outcomes] == [outcome.versions for outcome in first.outcomes]
    assert [outcome.findings for outcome in again.outcomes] == [outcome.findings for outcome in first.outcomes]
    rows = [each.row for each in till.feed()]
    members = [row for row in rows if isinstance(row, MemberRow)]
    assert [row.version for row in members] == [4]
    wallet = read_wallet(members[0].wallet)
    assert wallet.total_minor == 100_000 + 20_000 + 5_000 - 10_000 + 1_000
    assert members[0].name_masked == "王*丽"
    assert members[0].phone_last4 == "1234"
    purchases = [row for row in rows if isinstance(row, PurchaseRow)]
    assert [read_purchase(row.purchase).refundable_minor for row in purchases] == [9_000]


def test_a_purchase_keeps_its_own_receipt_whatever_befell_it_in_the_same_push(hq: ServedHq) -> None:
    """Two purchases that the wallet could not pay, a top-up that pays both, and a refund of one: all of it changes the purchases, none of it their receipts. A row under
    another receipt would be found by a wrong scan, and two under one would stop every till that follows the feed."""
    till = hq.till()
    member = till.enrol_member()
    bought = [till.redeem(member, 700), till.redeem(member, 800)]
    till.top_up(member, 5_000)
    till.refund(bought[0], 1, 100)
    till.push()
    rows = {each.row.purchase_id: each.row for each in till.feed() if isinstance(each.row, PurchaseRow)}
    assert [rows[each.occasion.event_id].receipt_no[-6:] for each in bought] == ["000002", "000003"]
    assert read_purchase(rows[bought[0].occasion.event_id].purchase).refundable_minor == 600
