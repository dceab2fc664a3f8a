"""Bad chains stop the till, bad content stops nothing (L1, L2, H7, H8)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from hq_server.database.models import JournalEntry, PostingRecord, Terminal, WalletRecord
from hq_server.franchise_data import rulebook
from hq_server.rulebooks.publishing import publish_rulebook
from stored_value.rulebook_document import write_rulebook
from sync.chain import sign_head
from sync.entry import Entry, Header, entry_hash, read_entry, write_entry
from sync.errors import HqRefused
from sync.event_codec import event_of
from sync.keys import encode_bytes
from sync.messages import Outcome, PushedEntry
from tests.hq_server.served import PushingTill, ServedHq


def codes(outcome: Outcome) -> list[str]:
    return [finding.code for finding in outcome.findings]


def status_of(hq: ServedHq, till: PushingTill) -> tuple[str, int]:
    with hq.database.read() as session:
        record = session.get_one(Terminal, (till.store_id, till.terminal_id))
        return record.status, record.accepted_seq


def filled(hq: ServedHq) -> PushingTill:
    till = hq.till()
    member = till.enrol_member()
    till.top_up(member, 100_000, plan_1000=20_000, first_50=5_000)
    till.redeem(member, 5_000)
    till.redeem(member, 6_000)
    return till


def refused(till: PushingTill, *args: Any, **kwargs: Any) -> HqRefused:
    with pytest.raises(HqRefused) as caught:
        till.push(*args, **kwargs)
    return caught.value


def header_only(till: PushingTill, kind: str, member: str | None, **changes: Any) -> Entry:
    """An entry with a header that HQ knows and a body that it does not."""
    likeness = till.write(replace(event_at(till, 0), occasion=till.occasion()))
    till.entries.pop()
    header: Header = msgspec.structs.replace(
        likeness.header, kind=kind, members=(member,) if member else (), **{"in_minor": 0, "out_minor": 0, **changes}
    )
    return till.keep(write_entry(header, {"what": "a newer till knows"}))


def event_at(till: PushingTill, place: int) -> Any:
    return event_of(till.entries[place])


def test_a_fork_stops_the_till_and_keeps_what_was_accepted(hq: ServedHq) -> None:
    till = filled(hq)
    till.push()
    member = read_entry(till.entries[0].raw).header.members[0]
    branch = till.entries[:3]
    till.entries = list(branch)
    till.redeem(member, 7_777)
    error = refused(till, till.entries[3:4])
    assert (error.code, error.http_status) == ("journal_forked", 409)
    assert status_of(hq, till) == ("stopped", 4)
    assert refused(till, []).code == "terminal_stopped"


def test_a_cloned_disk_is_noticed_when_its_journal_goes_on_elsewhere(hq: ServedHq) -> None:
    till = filled(hq)
    till.push()
    member = till.entries[0].header.members[0]
    till.entries = till.entries[:3]
    till.redeem(member, 1_000)
    till.redeem(member, 2_000)
    error = refused(till, till.entries[4:])
    assert error.code == "journal_broken"
    assert status_of(hq, till) == ("stopped", 4)


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_flipped_byte_is_never_accepted(hq: ServedHq, place: int) -> None:
    till = filled(hq)
    message = till.message()
    raw = till.entries[place].raw
    at = raw.index(b'"amount_minor":') + 15 if b'"amount_minor":' in raw else raw.index(b'"member_no":"') + 13
    flipped = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
    entries = list(message.entries)
    entries[place] = PushedEntry(raw=encode_bytes(flipped), attachment=entries[place].attachment)
    with pytest.raises(HqRefused) as caught:
        till.client.push(till.terminal_id, msgspec.structs.replace(message, entries=tuple(entries)))
    assert caught.value.code == "journal_broken"
    status, accepted = status_of(hq, till)
    assert status == "stopped"
    # What stands before bytes that are no entry at all is named by nobody, so it waits as well.
    assert accepted in {place, max(0, place - 1)}
    with hq.database.read() as session:
        kept = set(session.scalars(select(JournalEntry.hash)))
    assert kept == {entry.hash for entry in till.entries[:accepted]}
    assert entry_hash(flipped) not in kept


def test_a_foreign_signature_is_refused_and_nothing_is_kept(hq: ServedHq) -> None:
    till = filled(hq)
    forged = sign_head(Ed25519PrivateKey.generate(), till.terminal_id, 1, len(till.entries), till.entries[-1].hash)
    assert refused(till, head=forged).code == "journal_broken"
    assert status_of(hq, till) == ("stopped", 0)
    with hq.database.read() as session:
        assert session.scalars(select(JournalEntry.seq)).all() == []


def test_a_foreign_entry_is_refused(hq: ServedHq) -> None:
    till, other = filled(hq), hq.till()
    other.enrol_member()
    error = refused(till, [*other.entries, *till.entries[1:]])
    assert error.code == "journal_broken"
    assert status_of(hq, till) == ("stopped", 0)


def test_a_gap_is_named_and_stops_nobody(hq: ServedHq) -> None:
    till = filled(hq)
    error = refused(till, till.entries[1:])
    assert (error.code, error.data) == ("journal_gap", {"seq": 1, "accepted_through": 0})
    assert status_of(hq, till)[0] == "active"
    assert till.push().accepted_through == 4


def test_an_unknown_kind_is_set_aside_and_its_header_settled_while_later_entries_go_on(hq: ServedHq) -> None:
    till = filled(hq)
    member = till.entries[0].header.members[0]
    header_only(till, "aroma_dispensed", member, out_minor=1_500)
    till.redeem(member, 500)
    reply = till.push()
    aside, after = reply.outcomes[4:]
    assert (aside.status, codes(aside)) == ("set_aside", ["unknown_kind"])
    assert (after.status, codes(after)) == ("created", [])
    assert [outcome.versions[0].version for outcome in reply.outcomes] == [1, 2, 3, 4, 5, 6]
    with hq.database.read() as session:
        wallet = session.get_one(WalletRecord, member)
        assert wallet.principal_minor + wallet.bonus_minor == 125_000 - 5_000 - 6_000 - 1_500 - 500
        unexplained = session.scalars(
            select(PostingRecord.amount_minor).where(PostingRecord.account == "unexplained")
        ).all()
        assert sum(unexplained) == -1_500


def test_a_body_that_cannot_be_is_set_aside_and_stops_nothing(hq: ServedHq) -> None:
    till = filled(hq)
    member = till.entries[0].header.members[0]
    till.top_up(member, 3_000)
    bad = till.entries.pop()
    body = msgspec.json.decode(bad.body)
    for change in ({"amount_minor": -5}, {"store_id": "S02"}, {"amount_minor": "x"}, {"member_id": "someone-else"}):
        header = msgspec.structs.replace(
            bad.header, id=hq.new_id(), seq=len(till.entries) + 1, prev=till.entries[-1].hash, in_minor=0, out_minor=0
        )
        till.keep(write_entry(header, body | change))
    till.redeem(member, 100)
    reply = till.push()
    assert [outcome.status for outcome in reply.outcomes[4:]] == ["set_aside"] * 4 + ["created"]
    assert [codes(outcome) for outcome in reply.outcomes[4:8]] == [["unreadable_body"]] * 4


def test_ids_that_no_column_holds_are_set_aside(hq: ServedHq) -> None:
    till = filled(hq)
    header_only(till, "x" * 500, "a\0b", in_minor=5, id="i" * 99)
    header_only(till, "kind with \0", None, in_minor=2**62)
    reply = till.push()
    assert [outcome.status for outcome in reply.outcomes[4:]] == ["set_aside"] * 2
    assert reply.accepted_through == 6


def test_an_overdraft_becomes_a_receivable_and_a_finding(hq: ServedHq) -> None:
    first, second = hq.till("S01"), hq.till("S02")
    member = first.enrol_member()
    first.top_up(member, 10_000)
    first.redeem(member, 12_000)
    first.push()
    second.redeem(member, 8_000)
    reply = second.push()
    assert codes(reply.outcomes[0]) == ["overdraft"]
    with hq.database.read() as session:
        wallet = session.get_one(WalletRecord, member)
    assert (wallet.principal_minor, wallet.bonus_minor) == (0, 0)
    assert wallet.receivable_minor == 12_000 + 8_000 - 10_000 - 5_000


def test_a_member_whom_nobody_enrolled_is_served_and_flagged(hq: ServedHq) -> None:
    till = hq.till()
    till.top_up(hq.new_id(), 10_000)  # type: ignore[arg-type]  # an id as text
    reply = till.push()
    assert reply.outcomes[0].status == "created"
    assert "member_unknown" in codes(reply.outcomes[0])


def test_the_same_phone_enrolled_twice_stands_twice_and_is_flagged(hq: ServedHq) -> None:
    first, second = hq.till("S01"), hq.till("S02")
    first.enrol_member(phone="+8613900000001")
    first.push()
    second.enrol_member(phone="+8613900000001")
    reply = second.push()
    assert (reply.outcomes[0].status, codes(reply.outcomes[0])) == ("created", ["same_phone"])


def test_the_same_event_in_two_entries_moves_money_once(hq: ServedHq) -> None:
    till = filled(hq)
    event = event_at(till, 1)
    till.write(event)
    reply = till.push()
    assert (reply.outcomes[4].status, codes(reply.outcomes[4])) == ("set_aside", ["event_repeated"])
    assert reply.outcomes[4].versions == ()
    again = hq.till("S01")
    again.write(replace(event, occasion=replace(event.occasion, terminal_id=again.terminal_id)))
    assert codes(again.push().outcomes[0]) == ["event_repeated"]


def test_a_till_two_hours_fast_is_taken_and_flagged(hq: ServedHq) -> None:
    till = hq.till()
    till.skew = timedelta(hours=2)
    member = till.enrol_member()
    till.top_up(member, 100_000, plan_1000=20_000, first_50=5_000)
    reply = till.push()
    assert [codes(outcome) for outcome in reply.outcomes] == [["outside_anchors"]] * 2
    with hq.database.read() as session:
        assert session.get_one(WalletRecord, member).bonus_minor == 25_000


def test_a_till_two_hours_slow_keeps_to_its_last_anchor_and_nothing_is_flagged(hq: ServedHq) -> None:
    till = hq.till()
    till.skew = -timedelta(hours=2)
    member = till.enrol_member()
    till.top_up(member, 5_000)
    assert [codes(outcome) for outcome in till.push().outcomes] == [[], []]


def test_an_ended_promotion_is_not_brought_back_by_an_old_rulebook(hq: ServedHq) -> None:
    till = hq.till()
    member = till.enrol_member()
    till.push()
    ended = replace(rulebook(hq.clock.at), promotions=())
    with hq.database.write() as session:
        publish_rulebook(session, hq.office.keys, write_rulebook(ended), by="test", now=hq.clock.at)
    hq.clock.pass_(hours=1)
    till.push([])
    hq.clock.pass_(hours=1)
    till.top_up(member, 100_000, plan_1000=20_000, first_50=5_000)
    reply = till.push()
    assert "outside_anchors" in codes(reply.outcomes[0])
    with hq.database.read() as session:
        wallet = session.get_one(WalletRecord, member)
    assert (wallet.principal_minor, wallet.bonus_minor) == (100_000, 0)


def test_a_promotion_that_ended_while_the_till_was_offline_is_honoured(hq: ServedHq) -> None:
    till = hq.till()
    member = till.enrol_member()
    till.push()
    ended = replace(rulebook(hq.clock.at), promotions=())
    hq.clock.pass_(hours=1)
    with hq.database.write() as session:
        ended = replace(ended, effective_at=hq.clock.at)
        publish_rulebook(session, hq.office.keys, write_rulebook(ended), by="test", now=hq.clock.at)
    till.top_up(member, 100_000, plan_1000=20_000, first_50=5_000)
    assert codes(till.push().outcomes[0]) == []


def test_a_forged_anchor_is_flagged(hq: ServedHq) -> None:
    till = hq.till()
    assert till.anchor is not None
    till.anchor = msgspec.structs.replace(till.anchor, rulebook=9)
    till.enrol_member()
    assert codes(till.push().outcomes[0]) == ["outside_anchors"]


def test_an_unknown_rulebook_is_replaced_by_the_newest_below_it(hq: ServedHq) -> None:
    till = hq.till()
    member = till.enrol_member()
    event = till.top_up(member, 1_000)
    till.entries.pop()
    till.write(replace(event, occasion=replace(event.occasion, rulebook=7)))
    finding = till.push().outcomes[1].findings[0]
    assert (finding.code, finding.data) == ("rulebook_unknown", {"version": 7, "used": 1})
