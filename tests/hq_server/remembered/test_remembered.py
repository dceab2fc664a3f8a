"""What a till says that it remembers (H1): only what forbids is believed, of before the restore; of rulebooks only head office's own signature."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest
from msgspec.structs import replace as replaced
from sqlalchemy import select

from hq_server.database.models import ExceptionRecord, RulebookVersion, WalletRecord
from hq_server.feed.publishing import current_epoch
from hq_server.franchise_data import rulebook
from hq_server.keys.rotation import revoke, rotate_key
from hq_server.own_journal.place import Moment
from hq_server.own_journal.standing import StandingWish, change_status
from hq_server.sessions.epochs import begin_epoch
from stored_value.identity import EventId, MemberId
from stored_value.promotions import Promotion
from stored_value.rulebook_document import write_rulebook
from stored_value.wallet import WalletStatus
from sync.errors import HqRefused
from sync.keys import KeyPurpose
from sync.messages import GLOBAL_SCOPE, RulebookRow
from sync.remembered import REMEMBERED_MAX, HeldRulebook, Remembered, RememberedStanding, digest_of
from sync.rulebook_signature import sign_rulebook
from tests.hq_server.own_journal.miniature import books_are_right, unnoted
from tests.hq_server.served import PushingTill, ServedHq


@pytest.fixture
def till(hq: ServedHq) -> PushingTill:
    """Of a head office that was restored a minute ago."""
    till = hq.till()
    hq.clock.pass_(hours=1)
    with hq.database.write() as session:
        begin_epoch(session, current_epoch(session), now=hq.clock.at)
    hq.clock.pass_(minutes=1)
    till.open_session()
    return till


def barred(member_id: MemberId, since: datetime, status: str = "lost") -> Remembered:
    return Remembered(standings=(RememberedStanding(member_id=member_id, status=status, since=since),))


def status_of(hq: ServedHq, member_id: MemberId) -> str:
    with hq.database.read() as session:
        return session.get_one(WalletRecord, member_id).status


def raised(hq: ServedHq, code: str) -> list[ExceptionRecord]:
    with hq.database.read() as session:
        return list(session.scalars(select(ExceptionRecord).where(ExceptionRecord.code == code)))


@pytest.mark.parametrize(
    ("known", "becomes"), [("lost", "lost"), ("frozen", "frozen"), ("closed", "frozen"), ("of_tomorrow", "active")]
)
def test_who_may_not_pay_is_barred_again_once_in_head_offices_own_journal(
    hq: ServedHq, till: PushingTill, known: str, becomes: str
) -> None:
    member = till.enrol_member()
    till.push()
    before = hq.clock.at - timedelta(minutes=30)
    for _ in range(2):
        till.client.remembered(barred(member, before, known))
    assert status_of(hq, member) == becomes
    assert [each.member_id for each in raised(hq, "standing_forgotten")] == [member] * (becomes != "active")
    books_are_right(hq)


@pytest.mark.parametrize(
    "since",
    [
        pytest.param(lambda hq: hq.clock.at - timedelta(seconds=1), id="of after the restore"),
        pytest.param(lambda hq: hq.clock.at + timedelta(days=1), id="of tomorrow"),
    ],
)
def test_a_till_bars_nobody_by_what_it_says_of_today(
    hq: ServedHq, till: PushingTill, since: Callable[[ServedHq], datetime]
) -> None:
    member = till.enrol_member()
    till.push()
    till.client.remembered(barred(member, since(hq)))
    assert status_of(hq, member) == WalletStatus.ACTIVE
    assert raised(hq, "standing_forgotten") == []


def test_whom_somebody_has_made_active_since_is_left_alone(hq: ServedHq) -> None:
    """The backup knows of the loss and of its end; the till missed the end."""
    till = hq.till()
    member = till.enrol_member()
    till.push()
    for status in (WalletStatus.LOST, WalletStatus.ACTIVE):
        hq.clock.pass_(minutes=1)
        wish = StandingWish(request_id=EventId(hq.new_id()), member_id=member, status=status)
        assert change_status(hq.office.desk, Moment.at(hq.clock.at), wish, unnoted) is None
    lost_at = hq.clock.at - timedelta(minutes=1)
    hq.clock.pass_(hours=1)
    with hq.database.write() as session:
        begin_epoch(session, current_epoch(session), now=hq.clock.at)
    till.open_session()
    till.client.remembered(barred(member, lost_at))
    assert status_of(hq, member) == WalletStatus.ACTIVE


def test_a_member_who_is_not_enrolled_here_yet_is_told_to_a_person(hq: ServedHq, till: PushingTill) -> None:
    nobody = MemberId(hq.new_id())
    for _ in range(2):
        till.client.remembered(barred(nobody, hq.clock.at - timedelta(minutes=30)))
    (told,) = raised(hq, "standing_forgotten")
    assert (told.member_id, '"now":"unknown"' in told.findings) == (nobody, True)


@pytest.mark.parametrize("known", ["frozen", "closed"])
def test_a_till_of_a_store_that_does_not_know_the_member_reports_him_lost_at_most(
    hq: ServedHq, till: PushingTill, known: str
) -> None:
    """As it could by an entry of its own, and any till's manager ends it: a freeze of head office's would lock the chain's members until a person had looked at each."""
    member = till.enrol_member()
    till.push()
    stranger = hq.till("S02")
    stranger.client.remembered(barred(member, hq.clock.at - timedelta(minutes=30), known))
    assert status_of(hq, member) == WalletStatus.LOST
    [told] = raised(hq, "standing_forgotten")
    assert stranger.terminal_id in told.findings


def test_whom_a_stranger_told_of_first_is_frozen_once_his_own_stores_till_tells(
    hq: ServedHq, till: PushingTill
) -> None:
    """Tills of other stores tell as well, and first: a fraudster whom head office froze must not be let go on by a new card."""
    member, before = till.enrol_member(), hq.clock.at - timedelta(minutes=30)
    till.push()
    stranger = hq.till("S02")
    stranger.client.remembered(barred(member, before, "frozen"))
    hq.clock.pass_(minutes=1)
    for teller in (till, stranger, till):
        teller.client.remembered(barred(member, before, "frozen"))
    assert status_of(hq, member) == WalletStatus.FROZEN
    assert len(raised(hq, "standing_forgotten")) == 1
    books_are_right(hq)


def test_a_month_after_the_restore_no_till_bars_anybody_by_it(hq: ServedHq, till: PushingTill) -> None:
    member, before = till.enrol_member(), hq.clock.at - timedelta(minutes=30)
    till.push()
    hq.clock.pass_(hours=31 * 24)
    till.open_session()
    till.client.remembered(barred(member, before, "frozen"))
    assert status_of(hq, member) == WalletStatus.ACTIVE


def test_where_nothing_was_restored_a_till_bars_nobody(hq: ServedHq) -> None:
    till = hq.till()
    member = till.enrol_member()
    till.push()
    till.client.remembered(barred(member, hq.clock.at - timedelta(days=400), "closed"))
    assert (status_of(hq, member), raised(hq, "standing_forgotten")) == (WalletStatus.ACTIVE, [])


def test_too_much_at_once_and_a_time_without_a_zone_are_refused(hq: ServedHq, till: PushingTill) -> None:
    many = RememberedStanding(member_id=MemberId("m"), status="lost", since=hq.clock.at)
    with pytest.raises(HqRefused, match="request_invalid"):
        till.client.remembered(Remembered(standings=(many,) * (REMEMBERED_MAX + 1)))
    answer = httpx.post(
        f"{hq.url}/v1/remembered",
        json={"standings": [{"member_id": "m", "status": "lost", "since": "2026-11-23T04:00:00"}]},
        headers={"Authorization": f"Bearer {till.client.token}", "Tongchu-Protocol": "2026-11-23.2"},
    )
    assert answer.status_code == 400


def signed(hq: ServedHq, version: int, promotions: tuple[Promotion, ...] | None = None) -> RulebookRow:
    """As head office published it, and has forgotten."""
    book = replace(rulebook(hq.clock.at), version=version)
    book = book if promotions is None else replace(book, promotions=promotions)
    text, key = write_rulebook(book).decode(), hq.office.keys.signing(KeyPurpose.RULEBOOK, book.effective_at)
    return RulebookRow(
        version=version,
        effective_at=book.effective_at,
        document=text,
        signature=sign_rulebook(key.private, text),
        key_id=key.key_id,
    )


def versions(hq: ServedHq) -> set[int]:
    with hq.database.read() as session:
        return set(session.scalars(select(RulebookVersion.version)))


def test_a_rulebook_that_head_office_signed_is_kept_and_sent_to_every_till_once(
    hq: ServedHq, till: PushingTill
) -> None:
    row = signed(hq, 7)
    held = (HeldRulebook(version=7, digest=digest_of(row.document)),)
    assert till.client.remembered(Remembered(held=held)).wanted == (7,)
    for _ in range(2):
        assert till.client.remembered(Remembered(rulebooks=(row,), held=held)).wanted == ()
    assert 7 in versions(hq)
    hq.sequenced()
    sent = [each.row for each in hq.till("S02").feed(GLOBAL_SCOPE) if isinstance(each.row, RulebookRow)]
    assert [each for each in sent if each.version == 7] == [row]


def test_a_rulebook_that_head_office_did_not_sign_or_whose_key_is_revoked_is_left_out(
    hq: ServedHq, till: PushingTill
) -> None:
    good = signed(hq, 7)
    root = hq.office.config.keys / "root.key"
    rotate_key(hq.office.config.keys, KeyPurpose.RULEBOOK, root, now=hq.clock.at, lead=timedelta())
    revoke(hq.office.config.keys, good.key_id, root, now=hq.clock.at)
    for row in (replaced(good, document=good.document.replace("20000", "90000")), replaced(good, version=8), good):
        till.client.remembered(Remembered(rulebooks=(row,)))
    assert versions(hq) & {7, 8} == set()


def test_what_was_applied_before_its_rulebook_came_back_is_rebuilt_as_it_was_applied(
    hq: ServedHq, till: PushingTill
) -> None:
    """By a till that cannot bring it: an older program, or one whose replica was lost."""
    member = till.enrol_member()
    till.rulebook = 7
    till.top_up(member, 10_000)
    [_, outcome] = till.push().outcomes
    assert "rulebook_unknown" in {found.code for found in outcome.findings}
    other = hq.till("S02")
    other.client.remembered(Remembered(rulebooks=(signed(hq, 7, promotions=()),)))
    assert 7 in versions(hq)
    books_are_right(hq)
