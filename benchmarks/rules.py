"""How many redemptions `stored_value.apply` settles in a second on one core, in plain Python: a wallet of 20 lots, drawing 2 of them and 10 of them.

The floor is the same arithmetic on lists of integers: split by kind, take lot after lot, lay along the lines. It keeps no
history, names no store and cannot be replayed; it only shows what the immutable values cost. Seconds are of processor time, so that a busy machine
blurs the figures less.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Final

from benchmarks.figures import Better, Figure, Measured
from stored_value.apply import apply
from stored_value.eligibility import TopUpContext
from stored_value.events import EvidenceClass, Occasion, OrderLine, Redeemed
from stored_value.identity import EventId, LotId, MemberId, PromotionId, ShiftId, StaffId, StoreId, TerminalId, TierId
from stored_value.money import split
from stored_value.promotions import Benefits, Conditions, PerStep, Terms
from stored_value.quote import quote
from stored_value.rulebook import Rulebook, Tier, Words
from stored_value.wallet import Lot, ValueKind, Wallet

SUMMARY: Final = "redemptions settled and promotions quoted by the rules of money, a second on one core"
PROMOTIONS: Final = 100
LOTS: Final = 20
LOT_MINOR: Final = 10_000
LINES: Final = 3
DAY: Final = date(2026, 3, 2)
_NOON: Final = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
_BOOK: Final = Rulebook(
    version=1,
    effective_at=datetime(2026, 1, 1, tzinfo=UTC),
    tiers=(Tier(tier_id=TierId("basic"), name=Words(zh="普通", en="Basic"), top_up_from_minor=0),),
)


def measure(folder: Path, quick: bool) -> Measured:  # noqa: ARG001 - every benchmark is called with its folder
    count = 200 if quick else 20_000
    wallet = wallet_of(LOTS)
    figures = (*(_compared(wallet, drawn_lots, count) for drawn_lots in (2, 10)), _quoted(wallet, max(20, count // 20)))
    return Measured(
        figures=figures,
        settings={"lots": LOTS, "lines": LINES, "redemptions": count, "draw order": _BOOK.draw_order.value},
        notes=(
            "each redemption is applied to the same wallet, so the history of purchases does not grow;"
            " the postings are checked to balance every time, as in production",
        ),
    )


def wallet_of(lots: int) -> Wallet:
    """Principal and bonus in turns, of three stores."""
    return Wallet(
        member_id=MemberId("019ab000-0000-7000-8000-000000000001"),
        tier_id=TierId("basic"),
        version=lots,
        lots=tuple(
            Lot(
                lot_id=LotId(f"019ab000-0000-7000-8000-{number // 2:012d}/{'pb'[number % 2]}"),
                kind=(ValueKind.PRINCIPAL, ValueKind.BONUS)[number % 2],
                store_id=StoreId(f"S0{number // 2 % 3 + 1}"),
                top_up_id=EventId(f"019ab000-0000-7000-8000-{number // 2:012d}"),
                acquired_on=DAY - timedelta(days=lots - number // 2),
                rulebook=1,
                original_minor=LOT_MINOR,
                remaining_minor=LOT_MINOR,
            )
            for number in range(lots)
        ),
    )


def redemption(wallet: Wallet, drawn_lots: int) -> Redeemed:
    """Of an amount that empties all drawn lots but the last of each kind, of which one fen is left."""
    amount = drawn_lots * LOT_MINOR - 2
    shares = split(amount, (3, 2, 1))
    return Redeemed(
        occasion=Occasion(
            event_id=EventId("019ab000-0000-7000-8000-0000000000ff"),
            occurred_at=_NOON,
            terminal_id=TerminalId("S01-T1"),
            store_id=StoreId("S01"),
            staff_id=StaffId("staff"),
            shift_id=ShiftId("shift"),
            business_date=DAY,
            local_time="2026-03-02 12:00:00",
            rulebook=1,
            evidence=EvidenceClass.PIN,
            offline=False,
        ),
        member_id=wallet.member_id,
        amount_minor=amount,
        lines=tuple(
            OrderLine(line_no=number, name=f"line {number}", total_minor=share)
            for number, share in enumerate(shares, start=1)
        ),
    )


def _quoted(wallet: Wallet, count: int) -> Figure:
    """A top-up that half of the rules reward, by their price or by their store."""
    book = replace(_BOOK, promotions=tuple(_promotion(number) for number in range(PROMOTIONS)))
    context = TopUpContext(store_id=StoreId("S01"), on=DAY, local_time="2026-03-02 12:00:00")
    asked = [
        (promotion.step_minor, promotion.each.bonus_minor, number % 2) for number, promotion in enumerate(_per_step())
    ]
    expected = _quoted_bare(asked, _PAID_MINOR)
    given = quote(wallet, _PAID_MINOR, None, book, context)
    assert given.bonus_minor == expected, f"{given.bonus_minor} was quoted instead of {expected}"
    assert len(given.reasons) == PROMOTIONS
    return Figure(
        what=f"quote over {PROMOTIONS} promotions",
        unit="quotes/s",
        value=_per_second(lambda: quote(wallet, _PAID_MINOR, None, book, context), count),
        floor=_per_second(lambda: _quoted_bare(asked, _PAID_MINOR), count),
        floor_what="the same steps counted on a list of integers, without a reason for any",
        better=Better.HIGHER,
    )


_PAID_MINOR: Final = 100_000


def _per_step() -> Iterator[PerStep]:
    return (_promotion(number) for number in range(PROMOTIONS))


def _promotion(number: int) -> PerStep:
    stores = (StoreId(f"S0{1 + number % 2}"),)
    return PerStep(
        promotion_id=PromotionId(f"p{number:03d}"),
        name=Words(zh="每满送", en="each"),
        step_minor=10_000 + 100 * number,
        each=Benefits(bonus_minor=100 + number),
        terms=Terms(conditions=Conditions(stores=stores)),
    )


def _quoted_bare(asked: list[tuple[int, int, int]], amount_minor: int) -> int:
    return sum(amount_minor // step * bonus for step, bonus, elsewhere in asked if not elsewhere)


def _compared(wallet: Wallet, drawn_lots: int, count: int) -> Figure:
    event = redemption(wallet, drawn_lots)
    drawn = len(apply(wallet, event, _BOOK).draws)
    assert drawn == drawn_lots, f"{drawn} lots were drawn instead of {drawn_lots}"
    held = [[lot.remaining_minor for lot in wallet.lots if lot.kind is kind] for kind in _KINDS]
    lines = [line.total_minor for line in event.lines]
    assert _drawn_bare(held, event.amount_minor, lines) == drawn_lots
    return Figure(
        what=f"redemption drawing {drawn_lots} of {LOTS} lots",
        unit="redemptions/s",
        value=_per_second(lambda: apply(wallet, event, _BOOK), count),
        floor=_per_second(lambda: _drawn_bare(held, event.amount_minor, lines), count),
        floor_what="the same arithmetic on lists of integers",
        better=Better.HIGHER,
    )


_KINDS: Final = (ValueKind.PRINCIPAL, ValueKind.BONUS)


def _drawn_bare(held: list[list[int]], amount_minor: int, lines: list[int]) -> int:
    """How many lots were drawn."""
    takes: list[int] = []
    open_minor = lines
    for lots, share in zip(held, split(amount_minor, [sum(lots) for lots in held]), strict=True):
        lots = list(lots)  # noqa: PLW2901 - a copy: the next round starts from the same wallet
        left = share
        for place, remaining in enumerate(lots):
            if not left:
                break
            taken = min(left, remaining)
            lots[place] -= taken
            left -= taken
            takes.append(taken)
        by_line = split(share, open_minor)
        open_minor = [still - part for still, part in zip(open_minor, by_line, strict=True)]
    return len(takes)


def _per_second(step: Callable[[], object], count: int) -> float:
    began = process_time()
    for _ in range(count):
        step()
    return count / (process_time() - began)
