"""The sample franchise as plain data, made from a seed: three stores, their staff, three hundred invented members, one rulebook.

Owns no database and no clock; `franchise` loads it. PINs and passwords stand here because they belong to nobody: never load
this into a head office that does business.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from stored_value.identity import MemberId, PromotionId, StoreId, TerminalId, TierId, member_no, uuid7
from stored_value.offline_policy import OfflinePolicy, RiskAllowance
from stored_value.rulebook import FirstTopUp, FixedPlan, ReceiptTexts, Rulebook, Tier, Words

SEED = 20261123
MEMBERS = 300
ZONE = "Asia/Shanghai"
FRANCHISE_NAME = "通储示例连锁"
_FIRST_RUNNING_NO = 100_001


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleStore:
    store_id: StoreId
    name: str
    franchised: bool
    tills: tuple[TerminalId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleStaff:
    store_id: StoreId
    name: str
    manager: bool
    pin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleConsoleUser:
    """`role` as in `staff.console_users.ConsoleRole`."""

    role: str
    login: str
    name: str
    store_id: StoreId | None = None

    @property
    def password(self) -> str:
        return f"tongchu-{self.login}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleMember:
    member_id: MemberId
    member_no: str
    name: str
    phone: str
    home_store_id: StoreId
    enrolled_at: datetime


STORES = (
    SampleStore(
        store_id=StoreId("S01"),
        name="人民路店",
        franchised=False,
        tills=(TerminalId("S01-T1"), TerminalId("S01-T2")),
    ),
    SampleStore(store_id=StoreId("S02"), name="建设路店", franchised=True, tills=(TerminalId("S02-T1"),)),
    SampleStore(store_id=StoreId("S03"), name="滨江店", franchised=True, tills=(TerminalId("S03-T1"),)),
)
STAFF = (
    SampleStaff(store_id=StoreId("S01"), name="陈建国", manager=True, pin="620318"),
    SampleStaff(store_id=StoreId("S01"), name="李晓梅", manager=False, pin="481205"),
    SampleStaff(store_id=StoreId("S01"), name="王强", manager=False, pin="739264"),
    SampleStaff(store_id=StoreId("S02"), name="刘芳", manager=True, pin="850417"),
    SampleStaff(store_id=StoreId("S02"), name="张伟", manager=False, pin="264830"),
    SampleStaff(store_id=StoreId("S03"), name="周丽华", manager=True, pin="917502"),
    SampleStaff(store_id=StoreId("S03"), name="吴涛", manager=False, pin="358146"),
)
CONSOLE_USERS = (
    SampleConsoleUser(role="admin", login="admin", name="总部 管理员"),
    SampleConsoleUser(role="finance", login="caiwu", name="总部 财务"),
    SampleConsoleUser(role="franchisee", login="liufang", name="刘芳", store_id=StoreId("S02")),
    SampleConsoleUser(role="franchisee", login="zhoulihua", name="周丽华", store_id=StoreId("S03")),
)

_SURNAMES: tuple[str, ...] = (
    *"王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文",
    "欧阳",
    "上官",
    "司徒",
)
_COMMON = 24
"""About half of the people share the first two dozen surnames."""
_GIVEN_FIRST = "晓小雨思子佳欣志建国文明海家俊宇梓若婉秀春秋丽玉美雪静慧淑振立永天泽浩嘉"
_GIVEN_SECOND = "丽芳敏静娟艳杰涛军强磊勇超洋华红霞平刚桂英兰玲梅琳萍轩涵怡宁辉鹏飞斌波霖琪瑶彤妍蕾"
_PREFIXES = ("130", "131", "132", "133", "135", "136", "137", "138", "139", "150", "151", "152", "155", "156", "158",
             "159", "176", "177", "180", "182", "183", "186", "187", "188", "189")  # fmt: skip


def members(count: int = MEMBERS, *, until: datetime, seed: int = SEED) -> Iterator[SampleMember]:
    """`count` members enrolled in the year before `until`, oldest first; names may repeat, as they do, phones do not."""
    chance = random.Random(seed)  # noqa: S311  made-up people, not secrets
    taken: set[str] = set()
    step = timedelta(days=365) / max(count, 1)
    for place in range(count):
        enrolled_at = until - timedelta(days=365) + step * place
        yield SampleMember(
            member_id=MemberId(uuid7(enrolled_at, chance.randbytes(10))),
            member_no=member_no(_FIRST_RUNNING_NO + place),
            name=_name(chance),
            phone=_phone(chance, taken),
            home_store_id=chance.choices(STORES, weights=(5, 3, 2))[0].store_id,
            enrolled_at=enrolled_at,
        )


def _name(chance: random.Random) -> str:
    pool = _SURNAMES[:_COMMON] if chance.random() < 0.5 else _SURNAMES
    surname = chance.choice(pool)
    if chance.random() < 0.2:
        return surname + chance.choice(_GIVEN_SECOND)
    return surname + chance.choice(_GIVEN_FIRST) + chance.choice(_GIVEN_SECOND)


def _phone(chance: random.Random, taken: set[str]) -> str:
    while True:
        phone = f"+86{chance.choice(_PREFIXES)}{chance.randrange(10**8):08d}"
        if phone not in taken:
            taken.add(phone)
            return phone


def rulebook(effective_at: datetime) -> Rulebook:
    """Version 1: 普通, 银卡, 金卡; 充1000送200; 首充送50."""
    return Rulebook(
        version=1,
        effective_at=effective_at,
        tiers=(
            Tier(tier_id=TierId("basic"), name=Words(zh="普通", en="Basic"), top_up_from_minor=0),
            Tier(tier_id=TierId("silver"), name=Words(zh="银卡", en="Silver"), top_up_from_minor=100_000),
            Tier(tier_id=TierId("gold"), name=Words(zh="金卡", en="Gold"), top_up_from_minor=500_000),
        ),
        promotions=(
            FixedPlan(
                promotion_id=PromotionId("plan-1000"),
                name=Words(zh="充1000送200", en="Pay 1,000, get 200"),
                pay_minor=100_000,
                bonus_minor=20_000,
            ),
            FirstTopUp(
                promotion_id=PromotionId("first-50"),
                name=Words(zh="首充送50", en="First top-up, get 50"),
                from_minor=10_000,
                bonus_minor=5_000,
            ),
        ),
        offline=OfflinePolicy(
            risk=RiskAllowance(payment_minor=20_000, member_minor=20_000, till_minor=200_000),
            # Its four tills and one more; a copy of a till, or a lease written off, passes it then.
            exposure_alert_minor=1_000_000,
        ),
        receipt=ReceiptTexts(header=FRANCHISE_NAME, footer="谢谢光临，请保留小票"),
    )
