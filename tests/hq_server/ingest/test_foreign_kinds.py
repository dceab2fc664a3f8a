"""A till writes what only head office writes (H8): it is kept and told, and moves nothing, not even by its header."""

from dataclasses import replace

import msgspec
from sqlalchemy import func, select

from hq_server.database.models import ExceptionRecord, PostingRecord
from stored_value.events import HEAD_OFFICE_KINDS, WalletEvent
from stored_value.identity import MemberId
from stored_value.offline_policy import LeasePolicy
from stored_value.reservation_records import ReservationId
from sync.entry import SCHEMA_VERSION, write_entry
from tests.hq_server.reservations.reserving import ReservingTill, lease_policy, member_with, nothing_differs, wallet_of
from tests.hq_server.served import ServedHq
from tests.sync.miniature import every_kind


def test_the_list_names_what_head_office_alone_writes() -> None:
    known = {
        "instalment_released",
        "lot_expired",
        "reservation_written_off",
        "suspense_decided",
        "tier_reviewed",
        "transferred_in",
        "transferred_out",
    }
    assert known <= HEAD_OFFICE_KINDS <= {event.kind for event in every_kind()}


def test_h8_what_only_head_office_writes_is_taken_from_no_till(hq: ServedHq) -> None:
    """Each kind, and each again in a schema that nobody here knows. The hold that all of them name is used up by the payment behind them."""
    lease_policy(hq, LeasePolicy(tills_max=0))
    till = ReservingTill(hq)
    member = member_with(till, 50_000)
    asked, _ = till.hold(member, 9_000)
    before, booked = wallet_of(hq, member), postings(hq)
    kinds = [kind for event in every_kind() if (kind := forge(till, event, member, asked.hold_id))]
    assert set(kinds) == HEAD_OFFICE_KINDS
    till.pay(member, 9_000, asked.hold_id)
    *aside, paid = till.pushing.push().outcomes
    assert [(each.status, each.versions) for each in aside] == [("set_aside", ())] * 2 * len(kinds)
    said = [[(found.code, found.data) for found in each.findings] for each in aside]
    assert said == [[("not_a_tills_kind", {"kind": kind})] for kind in kinds for _ in range(2)]
    assert (paid.status, paid.findings) == ("created", ())
    after = wallet_of(hq, member)
    assert (after.total_minor, after.version) == (before.total_minor - 9_000, before.version + 1)
    standing = [(each.status, each.merged_into, each.tier_id, each.transfer_legs) for each in (before, after)]
    assert standing[0] == standing[1]
    assert postings(hq) == booked + 2
    with hq.database.read() as session:
        raised = session.execute(select(ExceptionRecord.code, ExceptionRecord.kind, ExceptionRecord.state)).all()
    assert set(map(tuple, raised)) == {("not_a_tills_kind", "till", "open")}
    nothing_differs(hq)


def forge(till: ReservingTill, event: object, member: MemberId, reservation: ReservationId) -> str:
    """Twice, as above; its kind, or nothing when a till may write it."""
    if not isinstance(event, WalletEvent) or event.kind not in HEAD_OFFICE_KINDS:
        return ""
    for schema in (SCHEMA_VERSION, SCHEMA_VERSION + 1):
        occasion = replace(till.pushing.occasion(), reservations=(reservation,))
        entry = till.pushing.write(replace(event, occasion=occasion, member_id=member))
        till.pushing.entries.pop()
        header = msgspec.structs.replace(entry.header, v=schema)
        till.pushing.keep(write_entry(header, msgspec.json.decode(entry.body)))
    return event.kind


def postings(hq: ServedHq) -> int:
    with hq.database.read() as session:
        return session.scalar(select(func.count()).select_from(PostingRecord)) or 0
