"""Who stands at the counter, in ready words: the part of the left pane that member, redeem and top-up share. Pure; used by their presenters."""

from dataclasses import dataclass
from typing import Final

from stored_value.money import format_yuan
from stored_value.wallet import WalletStatus
from terminal.counter.views import KeptApart, MemberView
from terminal.language import Texts
from terminal.screens.clock_words import clock_text, duration_text
from terminal.screens.presenter import Desk
from terminal.screens.words import wallet_status

_NAME_CHARS_MAX: Final = 7
_NAME_END_CHARS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberHeader:
    """`age` says how old the balance is and from whom; `warning` is empty unless the card cannot simply be used; `limit` what could be spent if nobody could be asked,
    in `limit_ink`: loud while nobody can. `kept` is what head office keeps for tills, for where there is room: a line each for leases, holds and this till's own."""

    initial: str
    name: str
    tier: str
    tail: str
    balance: str
    balance_caption: str
    age: str
    principal: str
    principal_caption: str
    bonus: str
    bonus_caption: str
    limit: str
    limit_ink: str
    kept: str
    warning: str


NOBODY: Final = MemberHeader(
    initial="",
    name="",
    tier="",
    tail="",
    balance="",
    balance_caption="",
    age="",
    principal="",
    principal_caption="",
    bonus="",
    bonus_caption="",
    limit="",
    limit_ink="muted",
    kept="",
    warning="",
)


def member_header(member: MemberView, desk: Desk) -> MemberHeader:
    texts = desk.texts
    t = texts.t
    bonus = member.bonus_minor + member.provisional_bonus_minor
    return MemberHeader(
        initial=member.name_masked[:1],
        name=member.name_masked,
        tier=_tier(member, texts),
        tail=t("ends in {last4}", last4=member.phone_last4) if member.phone_last4 else t("no name, no phone"),
        balance=format_yuan(member.balance_minor),
        balance_caption=t("Balance"),
        age=_age(member, desk),
        principal=format_yuan(member.principal_minor),
        principal_caption=t("Principal"),
        bonus=format_yuan(bonus),
        bonus_caption=t("Bonus"),
        limit=_limit(member, texts),
        limit_ink="refund_ink" if member.offline else "muted",
        kept=_kept(member, texts),
        warning=_warning(member, texts),
    )


def _tier(member: MemberView, texts: Texts) -> str:
    tier = texts.words(member.tier_name)
    points = texts.t("{points} points", points=member.points)
    return f"{tier} · {points}" if member.points else tier


def _age(member: MemberView, desk: Desk) -> str:
    texts = desk.texts
    if member.as_of is None:
        return texts.t("known only at this till so far")
    at = clock_text(member.as_of, desk.now(), desk.zone)
    if member.pending:
        return texts.t("head office {time}, with this till's entries", time=at)
    return texts.t("head office {time}", time=at)


def _limit(member: MemberView, texts: Texts) -> str:
    """What could be paid if nobody could be asked, and what other tills keep in all."""
    if member.status is not WalletStatus.ACTIVE:
        return ""
    parts = []
    if member.offline or member.offline_now_minor:
        amount = member.spendable_now_minor if member.offline else member.offline_now_minor
        parts.append(texts.t("Offline: up to {amount} can be spent", amount=format_yuan(amount)))
    elsewhere = sum(kept.amount_minor for kept in (member.leased_elsewhere, member.held_elsewhere) if kept is not None)
    if elsewhere:
        parts.append(texts.t("{amount} kept for other tills", amount=format_yuan(elsewhere)))
    return " · ".join(parts)


def _kept(member: MemberView, texts: Texts) -> str:
    lines = []
    if member.leased_elsewhere is not None:
        lines.append(_leased(member.leased_elsewhere, texts))
    if member.held_elsewhere is not None:
        lines.append(_held(member.held_elsewhere, texts))
    if member.held_here is not None:
        here = member.held_here
        amount, age = format_yuan(here.amount_minor), duration_text(here.age_s, texts)
        lines.append(texts.t("{amount} held for a payment at this till, {age} ago", amount=amount, age=age))
    return "\n".join(lines)


def _leased(kept: KeptApart, texts: Texts) -> str:
    said = _said(kept, texts)
    if kept.tills == 1:
        return texts.t("{amount} leased to {till} {store}, {age} ago", **said)
    return texts.t("{amount} leased to {count} tills, first {till} {store}, {age} ago", **said)


def _held(kept: KeptApart, texts: Texts) -> str:
    said = _said(kept, texts)
    if kept.tills == 1:
        return texts.t("{amount} held at {till} {store}, {age} ago", **said)
    return texts.t("{amount} held at {count} tills, first {till} {store}, {age} ago", **said)


def _said(kept: KeptApart, texts: Texts) -> dict[str, str | int]:
    return {
        "amount": format_yuan(kept.amount_minor),
        "age": duration_text(kept.age_s, texts),
        "till": kept.terminal_id,
        "store": _short(kept.store_name),
        "count": kept.tills,
    }


def _short(name: str) -> str:
    """A line is for one reservation."""
    return name if len(name) <= _NAME_CHARS_MAX else f"{name[:_NAME_END_CHARS]}…{name[-_NAME_END_CHARS:]}"


def _warning(member: MemberView, texts: Texts) -> str:
    if member.status is not WalletStatus.ACTIVE:
        return texts.t("Card {status}: cannot be used", status=wallet_status(member.status, texts))
    if member.owed_minor:
        return texts.t("Owes {amount}, settled first at the next top-up", amount=format_yuan(member.owed_minor))
    if member.provisional_bonus_minor:
        return texts.t(
            "of which {amount} bonus waits for head office", amount=format_yuan(member.provisional_bonus_minor)
        )
    return ""
