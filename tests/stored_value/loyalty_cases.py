"""Reads the case tables of promotions, tiers and points: rulebooks, events and questions in a few words of TOML, amounts in yuan as a person writes them."""

import json
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from stored_value.apply import Applied, apply, new_wallet
from stored_value.eligibility import CampaignUse, TopUpContext
from stored_value.events import (
    EvidenceClass,
    InstalmentReleased,
    Occasion,
    OrderLine,
    PointsRedeemed,
    Promise,
    PurchaseRefunded,
    Redeemed,
    RefundLine,
    Tender,
    TenderKind,
    TierReviewed,
    ToppedUp,
    TopUpReversed,
    WalletEvent,
)
from stored_value.identity import EventId, MemberId, PromotionId, ShiftId, StaffId, StoreId, TerminalId
from stored_value.money import format_yuan, parse_yuan
from stored_value.quote import Quote, quote
from stored_value.rulebook import Rulebook
from stored_value.rulebook_document import parse_rulebook
from stored_value.wallet import HoldingKind, ValueKind, Wallet

CASES = Path(__file__).parent / "cases"
Table = dict[str, Any]


def named(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def rulebook_of(table: Table) -> Rulebook:
    """A table of a case file as a rulebook: version, time, names and a lowest tier are filled in."""
    book: Table = {"version": 1, "effective_at": "2026-01-01T00:00:00Z", **table}
    book.setdefault("tiers", [{"id": "basic", "top_up_from_minor": 0}])
    for row in [*book["tiers"], *book.get("promotions", []), *book.get("points", {}).get("rewards", [])]:
        row.setdefault("name", named(row["id"]))
    return parse_rulebook(json.dumps(book))


def load(name: str) -> list[tuple[Table, Rulebook]]:
    tables = tomllib.loads((CASES / name).read_text("utf-8"))
    books = {key: rulebook_of(table) for key, table in tables["rulebook"].items()}
    return [(case, books[case["rulebook"]]) for case in tables["case"]]


def occasion_of(row: Table) -> Occasion:
    on = date.fromisoformat(row.get("on", "2026-03-02"))
    store = row.get("store", "S01")
    return Occasion(
        event_id=EventId(row["id"]),
        occurred_at=datetime(on.year, on.month, on.day, 4, tzinfo=UTC),
        terminal_id=TerminalId(f"{store}-T1"),
        store_id=StoreId(store),
        staff_id=StaffId("staff"),
        shift_id=ShiftId("shift"),
        business_date=on,
        local_time=f"{on} {row.get('at', '12:00')}:00",
        rulebook=1,
        evidence=EvidenceClass(row.get("evidence", "pin")),
        offline=False,
    )


def event_of(row: Table) -> WalletEvent:
    place, member = occasion_of(row), MemberId("m1")
    amount = parse_yuan(row["amount"]) if "amount" in row else 0
    tenders = (Tender(kind=TenderKind(row.get("tender", "cash")), amount_minor=amount),)
    match row["do"]:
        case "top_up":
            later = row.get("promised_later", {})
            return ToppedUp(
                occasion=place,
                member_id=member,
                amount_minor=amount,
                tenders=tenders,
                plan_id=PromotionId(row["plan"]) if "plan" in row else None,
                promised=tuple(
                    Promise(
                        promotion_id=PromotionId(name),
                        bonus_minor=parse_yuan(bonus),
                        later_minor=parse_yuan(later.get(name, "0")),
                        points=row.get("promised_points", {}).get(name, 0),
                    )
                    for name, bonus in row.get("promised", {}).items()
                ),
            )
        case "redeem":
            lines = (OrderLine(line_no=1, name="x", total_minor=amount),)
            return Redeemed(occasion=place, member_id=member, amount_minor=amount, lines=lines)
        case "refund":
            return PurchaseRefunded(
                occasion=place,
                member_id=member,
                purchase_id=EventId(row["purchase"]),
                amount_minor=amount,
                lines=(RefundLine(line_no=1, amount_minor=amount),),
            )
        case "reverse":
            top_up_id = EventId(row["top_up"])
            return TopUpReversed(
                occasion=place, member_id=member, top_up_id=top_up_id, amount_minor=amount, tenders=tenders
            )
        case "release":
            return InstalmentReleased(
                occasion=place,
                member_id=member,
                top_up_id=EventId(row["top_up"]),
                promotion_id=PromotionId(row["promotion"]),
                number=row["number"],
                amount_minor=amount,
            )
        case "redeem_points":
            worth = parse_yuan(row.get("worth", "0"))
            return PointsRedeemed(
                occasion=place, member_id=member, points=row["points"], reward_id=row["reward"], worth_minor=worth
            )
        case "review":
            return TierReviewed(occasion=place, member_id=member)
        case other:
            raise ValueError(f"no event is called {other}")


def context_of(row: Table) -> TopUpContext:
    campaign = {
        PromotionId(name): CampaignUse(times=use.get("times", 0), bonus_minor=parse_yuan(use.get("bonus", "0")))
        for name, use in row.get("campaign", {}).items()
    }
    return TopUpContext(
        store_id=StoreId(row["store"]) if "store" in row else None,
        on=date.fromisoformat(row["on"]) if "on" in row else None,
        local_time=f"{row['at']}:00" if "at" in row else "",
        tenders=frozenset(TenderKind(kind) for kind in row.get("tenders", [])),
        birthday_month=row.get("birthday"),
        campaign_uses=campaign,
    )


def asked(row: Table, wallet: Wallet, book: Rulebook) -> Quote:
    plan_id = PromotionId(row["plan"]) if "plan" in row else None
    return quote(wallet, parse_yuan(row["amount"]), plan_id, book, context_of(row))


def wallet_after(case: Table, book: Rulebook) -> Wallet:
    wallet = new_wallet(MemberId("m1"), book)
    if "wallet" in case:
        wallet = replace(wallet, **case["wallet"])
    for row in case.get("given", []):
        wallet = apply(wallet, event_of(row), book).wallet
    return wallet


def yuan(minor: int) -> str:
    return format_yuan(minor, sign=False).replace(",", "")


def seen_of_quote(quoted: Quote) -> Table:
    """Everything that a table may state about a quote."""
    return {
        "bonus": yuan(quoted.bonus_minor),
        "rewards": {reward.promotion_id: yuan(reward.bonus_minor) for reward in quoted.rewards},
        "later": {
            reward.promotion_id: [[part.due_on.isoformat(), yuan(part.amount_minor)] for part in reward.later]
            for reward in quoted.rewards
            if reward.later
        },
        "points": {reward.promotion_id: reward.points for reward in quoted.rewards if reward.points},
        "coupons": {
            reward.promotion_id: {gift.coupon_id: gift.count for gift in reward.coupons}
            for reward in quoted.rewards
            if reward.coupons
        },
        "passes": {
            reward.promotion_id: {gift.pass_id: gift.quantity for gift in reward.passes}
            for reward in quoted.rewards
            if reward.passes
        },
        "reasons": {reason.promotion_id: str(reason.code) for reason in quoted.reasons},
        "data": {reason.promotion_id: reason.data for reason in quoted.reasons},
        "plan": quoted.plan_id,
    }


def seen_of_event(done: Applied) -> Table:
    """Everything that a table may state about an event applied."""
    wallet = done.wallet
    return {
        "principal": yuan(wallet.balance_minor(ValueKind.PRINCIPAL)),
        "bonus": yuan(wallet.balance_minor(ValueKind.BONUS)),
        "points": wallet.quantity(HoldingKind.POINTS),
        "coupons": wallet.quantity(HoldingKind.COUPON),
        "uses": wallet.quantity(HoldingKind.PASS_USES),
        "tier": wallet.tier_id,
        "review_on": str(wallet.loyalty.tier_review_on),
        "pending": yuan(sum(part.amount_minor for part in wallet.loyalty.pending)),
        "findings": sorted(finding.code.value for finding in done.findings),
        "postings": sorted([row.store_id, row.account.value, yuan(row.amount_minor)] for row in done.postings),
        "expires": sorted(
            {str(lot.expires_on) for lot in wallet.lots if lot.expires_on}
            | {str(held.expires_on) for held in wallet.holdings if held.expires_on}
        ),
    }
