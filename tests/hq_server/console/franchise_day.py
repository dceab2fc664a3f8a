"""Owns a head office with a day behind it, made by real tills that push real entries, for tests of the console and for its screenshots."""

from dataclasses import dataclass, replace

from sqlalchemy import select

from hq_server.database.models import Outbox
from hq_server.staff.console_users import ConsoleRole, add_console_user
from stored_value.events import (
    EvidenceClass,
    Redeemed,
    ShiftOpened,
    Tender,
    TenderKind,
    ToppedUp,
    TopUpReversed,
)
from stored_value.identity import MemberId, StoreId
from sync.entry import write_entry
from tests.hq_server.closing import honest_closing
from tests.hq_server.quick_secrets import quick_hash
from tests.hq_server.served import PushingTill, ServedHq
from tests.waiting import until

PASSWORD = "tongchu-test"
_HASH = quick_hash(PASSWORD)
LONG_NAME = "阿卜杜拉·买买提·吐尔逊江·艾合买提"


@dataclass(frozen=True, slots=True)
class FranchiseDay:
    """`tills` by id; `members` by name."""

    hq: ServedHq
    tills: dict[str, PushingTill]
    members: dict[str, MemberId]


def add_people(hq: ServedHq) -> None:
    """boss: administrator; sun: finance; liu: the franchisee of S02."""
    people = (
        ("boss", "总部 管理员", ConsoleRole.ADMIN, None),
        ("sun", "财务 孙敏", ConsoleRole.FINANCE, None),
        ("liu", "刘芳", ConsoleRole.FRANCHISEE, StoreId("S02")),
    )
    with hq.database.write() as session:
        for login, name, role, store_id in people:
            add_console_user(
                session,
                login=login,
                name=name,
                role=role,
                password_hash=_HASH,
                store_id=store_id,
                now=hq.clock.at,
            )


def live_a_day(hq: ServedHq) -> FranchiseDay:
    """Three stores, four tills: top-ups by several tenders, redemptions at other stores, a refund, a reversal, one overdraft, one entry of a newer kind."""
    add_people(hq)
    tills: dict[str, PushingTill] = {
        till.terminal_id: till for till in (hq.till(store) for store in ("S01", "S01", "S02", "S03"))
    }
    one, two, three, four = tills.values()
    for till in tills.values():
        till.write(ShiftOpened(occasion=till.occasion(), float_minor=30_000))
    names = {"王小丽": one, "张伟": one, LONG_NAME: two, "欧阳雨桐": three, "李强": four, "Anna Lee": four}
    members: dict[str, MemberId] = {}
    for place, (name, till) in enumerate(names.items()):
        members[name] = till.enrol_member(name, f"+861380000{1000 + place}")
        hq.clock.pass_(seconds=37)
    _top_ups(hq, tills, members)
    push_all(hq, tills)
    lunch = three.redeem(members["王小丽"], 12_850, 3_600)
    hq.clock.pass_(minutes=4)
    four.redeem(members["王小丽"], 6_800)
    one.redeem(members["欧阳雨桐"], 18_800)
    hq.clock.pass_(minutes=3)
    two.redeem(members[LONG_NAME], 128_000)
    three.redeem(members["张伟"], 4_200)
    push_all(hq, tills)
    three.refund(lunch, 2, 3_600)
    push_all(hq, tills)
    _troubles(hq, tills, members)
    push_all(hq, tills)
    one.write(honest_closing(one))
    push_all(hq, tills)
    counted(hq)
    return FranchiseDay(hq, tills, members)


def counted(hq: ServedHq) -> None:
    """Waits until everything pushed is in the rollups: another thread may be at it."""

    def is_empty() -> bool:
        with hq.database.read() as session:
            return session.scalar(select(Outbox.event_id).limit(1)) is None

    hq.office.sequencer.drain()
    until(is_empty, what="the outbox to be empty")


def push_all(hq: ServedHq, tills: dict[str, PushingTill]) -> None:
    for till in tills.values():
        if till.accepted < len(till.entries):
            hq.clock.pass_(seconds=11)
            till.push()


def _top_ups(hq: ServedHq, tills: dict[str, PushingTill], members: dict[str, MemberId]) -> None:
    one, two, three, four = tills.values()
    one.top_up(members["王小丽"], 100_000, plan_1000=20_000, first_50=5_000)
    hq.clock.pass_(minutes=2)
    tendered(one, members["张伟"], {TenderKind.WECHAT: 30_000}, first_50=5_000)
    tendered(
        two, members[LONG_NAME], {TenderKind.CASH: 20_000, TenderKind.ALIPAY: 80_000}, plan_1000=20_000, first_50=5_000
    )
    hq.clock.pass_(minutes=5)
    tendered(three, members["欧阳雨桐"], {TenderKind.ALIPAY: 50_000}, first_50=5_000)
    tendered(four, members["李强"], {TenderKind.CARD: 250_000}, first_50=5_000)
    wrong = tendered(four, members["Anna Lee"], {TenderKind.WECHAT: 66_600}, first_50=5_000)
    four.write(
        TopUpReversed(
            occasion=four.occasion(),
            member_id=wrong.member_id,
            top_up_id=wrong.occasion.event_id,
            amount_minor=wrong.amount_minor,
            tenders=wrong.tenders,
        )
    )


def tendered(till: PushingTill, member_id: MemberId, tenders: dict[TenderKind, int], **promised_minor: int) -> ToppedUp:
    """A top-up by these tenders; promised bonuses as in `PushingTill.top_up`."""
    event = till.top_up(member_id, sum(tenders.values()), **promised_minor)
    split = replace(event, tenders=tuple(Tender(kind=kind, amount_minor=minor) for kind, minor in tenders.items()))
    till.entries.pop()
    till.write(split)
    return split


def _troubles(hq: ServedHq, tills: dict[str, PushingTill], members: dict[str, MemberId]) -> None:
    """What a person has to look at: an overdraft, a promise that no rulebook gives, nobody to show for it, a newer till's entry."""
    _, _, three, four = tills.values()
    offline = four.redeem(members["张伟"], 48_800)
    four.entries.pop()
    four.write(replace(offline, occasion=replace(offline.occasion, offline=True)))
    three.top_up(members["李强"], 20_000, plan_88=8_800)
    alone = three.redeem(members["Anna Lee"], 2_600)
    three.entries.pop()
    three.write(replace(alone, occasion=replace(alone.occasion, evidence=EvidenceClass.NONE)))
    newer_entry(hq, three, members["欧阳雨桐"], out_minor=1_500)


def newer_entry(hq: ServedHq, till: PushingTill, member_id: MemberId, *, out_minor: int) -> None:
    """An entry of a kind that this head office does not know; its header moves value all the same."""
    event = Redeemed(occasion=till.occasion(), member_id=member_id, amount_minor=out_minor, lines=())
    known = till.write(event)
    till.entries.pop()
    header = known.header
    fields = {name: getattr(header, name) for name in header.__struct_fields__} | {"kind": "aroma_dispensed"}
    till.keep(write_entry(type(header)(**fields), {"aroma": "cedar-10", "puffs": 1}))
