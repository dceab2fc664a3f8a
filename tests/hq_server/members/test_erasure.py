"""A member is erased by the console (H14): asked first, done and audited once, told to every store that knows the member, and readable from nothing that head office holds."""

import pytest
from sqlalchemy import select

from hq_server.database.models import AuditRecord, JournalEntry, Member, MemberKey
from hq_server.members.personal import reveal
from stored_value.events import MemberEnrolled
from stored_value.identity import MemberId
from sync.entry import read_entry
from sync.errors import SignatureError
from sync.event_codec import event_of
from sync.messages import MemberRow
from sync.personal import Personal, open_personal
from tests.hq_server.console.franchise_day import add_people
from tests.hq_server.console.visiting import Visit, text_of, visit
from tests.hq_server.own_journal.miniature import books_are_right, till_under, wallet_of
from tests.hq_server.served import PushingTill, ServedHq

ANNA = Personal(name="王小丽", phone="+8613800001234")


@pytest.fixture
def till(hq: ServedHq) -> PushingTill:
    add_people(hq)
    return till_under(hq)


@pytest.fixture
def anna(till: PushingTill) -> MemberId:
    member = till.enrol_member(ANNA.name, ANNA.phone)
    till.top_up(member, 4_000)
    till.push()
    return member


@pytest.fixture
def boss(hq: ServedHq, anna: MemberId) -> Visit:
    assert anna, "people and members are entered first"
    return visit(hq.url, "boss")


def erase(boss: Visit, member: MemberId, reason: str = "本人要求") -> None:
    answer = boss.send(f"/members/{member}", f"/members/{member}/erasure", reason=reason)
    assert answer.headers["location"].endswith("done=erased")


def rows_of(till: PushingTill, member: MemberId) -> list[MemberRow]:
    return [each.row for each in till.feed() if isinstance(each.row, MemberRow) and each.row.member_id == member]


def audited(hq: ServedHq) -> list[tuple[str, str, str]]:
    with hq.database.read() as session:
        found = session.scalars(select(AuditRecord).where(AuditRecord.action == "personal_data_erased"))
        return [(row.actor, row.subject, row.data) for row in found]


def test_it_is_asked_what_goes_and_what_stays(anna: MemberId, boss: Visit) -> None:
    assert f"/members/{anna}/erasure" in boss.page(f"/members/{anna}")
    said = text_of(boss.page(f"/members/{anna}/erasure"))
    for expected in ("cannot be taken back", "￥40.00 can still be spent", "Reason"):
        assert expected in said


def test_every_store_that_knows_the_member_hears_of_it_by_a_newer_row(
    hq: ServedHq, till: PushingTill, anna: MemberId, boss: Visit
) -> None:
    """H9: what a replica shows bumps the version, or the row would be dropped for an old one."""
    far = hq.till("S02")
    far.redeem(anna, 100)
    far.push()
    before = wallet_of(hq, anna)
    erase(boss, anna)
    for store in (till, far):
        *_, known, erased = rows_of(store, anna)
        assert (known.name_masked, known.phone_last4) == ("王*丽", "1234")
        assert (erased.name_masked, erased.phone_last4, erased.phone_tag) == ("*", "", 0)
        assert erased.version == known.version + 1
    assert wallet_of(hq, anna).lots == before.lots
    far.redeem(anna, 200)
    far.push()
    assert wallet_of(hq, anna).total_minor == before.total_minor - 200
    books_are_right(hq)


def test_what_a_till_sealed_into_its_journal_opens_for_nobody_any_more(
    hq: ServedHq, till: PushingTill, anna: MemberId, boss: Visit
) -> None:
    with hq.database.read() as session:
        key = session.get_one(MemberKey, anna).attachment
        raw = session.scalars(select(JournalEntry.raw).where(JournalEntry.kind == "member_enrolled")).one()
    enrolled = event_of(read_entry(raw))
    assert isinstance(enrolled, MemberEnrolled)
    assert open_personal(enrolled.personal, key, anna, hq.office.keys.seal) == ANNA
    erase(boss, anna)
    with hq.database.read() as session:
        assert session.scalars(select(MemberKey)).all() == []
        member = session.get_one(Member, anna)
        assert session.scalars(select(JournalEntry.raw).where(JournalEntry.kind == "member_enrolled")).one() == raw
    assert reveal(hq.office.keys, member) is None
    columns = [getattr(member, column.key) for column in Member.__table__.columns]
    assert not any(value and value in (enrolled.personal.ciphertext, key) for value in columns)
    with pytest.raises(SignatureError):
        open_personal(enrolled.personal, b"", anna, hq.office.keys.seal)
    till.accepted = 0
    assert {outcome.status for outcome in till.push().outcomes} == {"exists"}, "pushed again, with its key"
    with hq.database.read() as session:
        assert session.scalars(select(MemberKey)).all() == [], "the key does not come back"


def test_the_page_shows_nobody_and_offers_no_second_time(anna: MemberId, boss: Visit, hq: ServedHq) -> None:
    erase(boss, anna)
    page = boss.page(f"/members/{anna}?done=erased")
    said = text_of(page)
    for expected in ("Name erased", "Name and phone are erased.", "Card and member number still work."):
        assert expected in said
    for gone in (ANNA.name, "王*丽", "1234", "/erasure", "Show name and phone"):
        assert gone not in page
    assert boss.get(f"/members/{anna}/erasure").status_code == 404
    shown = boss.send(f"/members/{anna}", f"/members/{anna}/personal")
    assert "Name erased" in text_of(shown.text)
    for text in (ANNA.phone, ANNA.name):
        assert anna not in boss.page(f"/members?q={text.replace('+', '%2B')}")
    with hq.database.read() as session:
        number = session.get_one(Member, anna).member_no
    assert number in boss.page(f"/members?q={number}")


def test_twice_is_once(hq: ServedHq, till: PushingTill, anna: MemberId, boss: Visit) -> None:
    erase(boss, anna)
    version = wallet_of(hq, anna).version
    erase(boss, anna, "again")
    assert wallet_of(hq, anna).version == version
    assert audited(hq) == [("boss", anna, '{"reason":"本人要求"}')]
    assert len(rows_of(till, anna)) == 2


def test_a_phone_that_was_erased_is_free_again(till: PushingTill, anna: MemberId, boss: Visit) -> None:
    erase(boss, anna)
    again = till.enrol_member(ANNA.name, ANNA.phone)
    assert again != anna
    (outcome,) = till.push().outcomes
    assert outcome.findings == ()


@pytest.mark.parametrize("login", ["sun", "liu"])
def test_nobody_but_an_administrator_may(hq: ServedHq, anna: MemberId, login: str) -> None:
    visitor = visit(hq.url, login)
    assert visitor.get(f"/members/{anna}/erasure").status_code == 403
    assert visitor.send("/", f"/members/{anna}/erasure", reason="no").status_code == 403
    with hq.database.read() as session:
        assert reveal(hq.office.keys, session.get_one(Member, anna)) == ANNA
    assert audited(hq) == []


def test_a_member_who_is_not_there_is_not_found(boss: Visit) -> None:
    assert boss.get("/members/nobody/erasure").status_code == 404
