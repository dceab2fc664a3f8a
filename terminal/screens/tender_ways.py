"""By which means money goes back to a member: the buttons that cash-out and deposits share, and the tenders that a choice stands for. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from stored_value.events import Tender, TenderKind
from stored_value.money import format_yuan
from terminal.language import Texts
from terminal.screens.keypad_view import Tone
from terminal.screens.words import tender_name

ORIGINAL: Final = "original"
ICONS: Final = {
    TenderKind.CASH: "cash",
    TenderKind.WECHAT: "qrcode",
    TenderKind.ALIPAY: "device-mobile",
    TenderKind.CARD: "credit-card",
    TenderKind.TRANSFER: "building-bank",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WayView:
    """`key` is what `choose_way` gets; `tone` that of the confirm key beside it."""

    key: str
    label: str
    icon: str
    chosen: bool
    enabled: bool = True
    tone: Tone = Tone.REFUND


def tender_ways(
    texts: Texts, chosen: str, *, original: bool, only_original: bool = False, tone: Tone = Tone.REFUND
) -> tuple[WayView, ...]:
    """`original`: the way that the money came is known and offered first."""
    first = WayView(key=ORIGINAL, label=texts.t("As it was paid"), icon="arrow-back-up", chosen=chosen == ORIGINAL)
    kinds = tuple(
        WayView(
            key=kind.value,
            label=tender_name(kind, texts),
            icon=ICONS[kind],
            chosen=chosen == kind.value,
            enabled=not only_original,
            tone=tone,
        )
        for kind in TenderKind
    )
    return (first, *kinds) if original else kinds


def tenders_of(way: str, amount_minor: int, original: Sequence[Tender]) -> tuple[Tender, ...]:
    """What a choice hands over, `amount_minor` in all. Of the original tenders what is not known goes in cash."""
    if way != ORIGINAL:
        return (Tender(kind=TenderKind(way), amount_minor=amount_minor),)
    rest = amount_minor - sum(tender.amount_minor for tender in original)
    if rest <= 0:
        return tuple(original)
    in_cash = next((tender for tender in original if tender.kind is TenderKind.CASH), None)
    others = tuple(tender for tender in original if tender is not in_cash)
    cash = in_cash or Tender(kind=TenderKind.CASH, amount_minor=0)
    return (replace(cash, amount_minor=cash.amount_minor + rest), *others)


def said_tenders(tenders: Sequence[Tender], texts: Texts) -> str:
    """In one line: 现金 ￥203.00 · 微信 ￥101.50."""
    return " · ".join(f"{tender_name(tender.kind, texts)} {format_yuan(tender.amount_minor)}" for tender in tenders)
