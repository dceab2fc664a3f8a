"""Reads the case tables of money out and life cycle: one step a line of text, amounts in yuan. docs of the words stand at the top of cases/money_out.toml."""

import json
import tomllib
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from stored_value.apply import Applied, apply
from stored_value.cash_out import CashOutPlan, plan_cash_out, refuse_cash_out, refuse_cash_out_payment
from stored_value.deposits import refuse_deposit, refuse_deposit_release
from stored_value.events import WalletEvent
from stored_value.events_money_out import (
    CardReplaced,
    CashOutPaid,
    CashOutRejected,
    CashOutRequested,
    CashOutReversed,
    DepositKept,
    DepositRestored,
    DepositReturned,
    DepositTaken,
    IdentityRecorded,
    LotExpired,
    MovedValue,
    PinCleared,
    PinSet,
    RefundReversed,
    StatusChanged,
    SuspenseDecided,
    SuspenseVerdict,
    TakenBackLine,
    TransferPurpose,
    TransferredIn,
    TransferredOut,
)
from stored_value.identity import EventId, LotId, MemberId, PromotionId, StoreId, TerminalId
from stored_value.merging import everything, refuse_merge
from stored_value.money import parse_yuan
from stored_value.occasion import EvidenceClass, ExpectedDraw, Occasion, Tender, TenderKind
from stored_value.offline_spending import offline_means, refuse_offline, risk_left_minor
from stored_value.payment_pin import refuse_pin
from stored_value.points import refuse_points_redemption
from stored_value.redemption import refuse_redemption
from stored_value.refusals import Refusal
from stored_value.rulebook import Rulebook
from stored_value.rulebook_document import parse_rulebook
from stored_value.sealed import SealedPersonal
from stored_value.standing import refuse_card, refuse_status
from stored_value.taking_back import refuse_taking_back, undone_by
from stored_value.topup import refuse_top_up
from stored_value.transfer import moved_part, plan_transfer, refuse_transfer
from stored_value.wallet import Identity, ValueKind, Wallet, WalletStatus
from tests.stored_value.miniature import DAY, MEMBER, occasion, redeem, refund, reverse, top_up, wallet

CASES = Path(__file__).parent / "cases"
OTHER = MemberId("m2")
Table = dict[str, Any]


def load(name: str) -> list[Table]:
    tables = tomllib.loads((CASES / name).read_text("utf-8"))
    rows: list[Table] = tables["case"]
    return [{**row, "rulebook": tables["rulebook"][row.get("rulebook", "plain")]} for row in rows]


def rulebook_of(table: Table) -> Rulebook:
    """`plans` are `paid+bonus` in yuan; `bonus_days` and `bearer` hold for all of them."""
    own = dict(table)
    days, bearer = own.pop("bonus_days", None), own.pop("bearer", "collecting_store")
    plans = own.pop("plans", ["1000+200", "3000+1000"])
    names = {"zh": "充送", "en": "Plan"}
    promotions = []
    for plan in plans:
        paid, _, bonus = plan.partition("+")
        row = {"id": plan, "type": "fixed_plan", "name": names, "pay_minor": fen(paid), "bonus_minor": fen(bonus)}
        promotions.append({**row, "bearer": bearer, **({"bonus_valid_days": days} if days else {})})
    tiers = [{"id": "basic", "name": names, "top_up_from_minor": 0}]
    document = {"version": 1, "effective_at": "2026-01-01T00:00:00Z", "tiers": tiers, "promotions": promotions, **own}
    return parse_rulebook(json.dumps(document))


def fen(text: str) -> int:
    return parse_yuan(text)


def tenders_of(amount: str, words: list[str]) -> tuple[Tender, ...]:
    """`cash`, or `cash=600 wechat=400`; cash where nothing is said."""
    parts = [word.partition("=") for word in words if word.partition("=")[0] in set(TenderKind)]
    if not parts:
        return (Tender(kind=TenderKind.CASH, amount_minor=fen(amount)),)
    return tuple(Tender(kind=TenderKind(kind), amount_minor=fen(part or amount)) for kind, _, part in parts)


def pairs(text: str) -> dict[int, int]:
    """`1=40,2=10`: line numbers and amounts."""
    return {int(key): fen(value) for key, _, value in (part.partition("=") for part in text.split(","))}


class Story:
    """A wallet to which the steps of a case happen, and everything that they left behind."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self.held: Wallet = wallet()
        self.events: list[WalletEvent] = []
        self.done: Applied | None = None

    def step(self, line: str) -> Applied:
        day, store, word, event_id, *rest = line.split()
        place = replace(occasion(event_id, store, EvidenceClass.PIN, int(day)))
        event = self.event(word, place, rest)
        self.events.append(event)
        self.done = apply(self.held, event, self.book)
        self.held = self.done.wallet
        return self.done

    def event(self, word: str, place: Occasion, rest: list[str]) -> WalletEvent:
        day = (place.business_date - DAY).days
        match word:
            case "top-up":
                paid, _, bonus = rest[0].partition("+")
                promised = {PromotionId(rest[0]): fen(bonus)} if bonus else {}
                event = top_up(place.event_id, fen(paid), place.store_id, promised=promised, day=day)
                return replace(event, tenders=tenders_of(paid, rest[1:]))
            case "redeem":
                amounts = [fen(part) for part in rest[0].split(",")]
                bought = redeem(place.event_id, *amounts, store=place.store_id, day=day)
                if rest[1:] and rest[1].startswith("expects="):
                    lot, _, share = rest[1][8:].partition(":")
                    return replace(bought, expected_draw=(ExpectedDraw(lot_id=LotId(lot), amount_minor=fen(share)),))
                if rest[1:] == ["unproved"]:
                    return replace(bought, occasion=replace(place, evidence=EvidenceClass.NONE))
                if rest[1:]:
                    discount = fen(rest[1].removeprefix("discount="))
                    bought = replace(bought, lines=(replace(bought.lines[0], discount_minor=discount),))
                return bought
            case "refund":
                return refund(place.event_id, rest[0], pairs(rest[1]), store=place.store_id, day=day)
            case "reverse":
                return replace(reverse(place.event_id, rest[0], fen(rest[1]), place.store_id), occasion=place)
            case "unrefund":
                lines = pairs(rest[2])
                return RefundReversed(
                    occasion=place,
                    member_id=MEMBER,
                    refund_id=EventId(rest[0]),
                    purchase_id=EventId(rest[1]),
                    amount_minor=sum(lines.values()),
                    lines=tuple(TakenBackLine(line_no=number, amount_minor=minor) for number, minor in lines.items()),
                )
            case "undo":
                target = next(each for each in self.events if each.occasion.event_id == rest[0])
                undone = undone_by(target, self.held, place)
                assert not isinstance(undone, Refusal), undone
                return undone
            case "ask" | "pay" | "reject" | "unpay":
                return self.cash_out_event(word, place, rest)
            case "deposit" | "return" | "keep" | "restore":
                return deposit_event(word, place, rest)
            case _:
                return self.life_event(word, place, rest)

    def plan(self, on: date, words: list[str]) -> CashOutPlan:
        ids = [EventId(word) for word in words if word != "merchant"]
        return plan_cash_out(self.held, self.book, on, top_up_ids=ids, merchant_caused="merchant" in words)

    def cash_out_event(self, word: str, place: Occasion, rest: list[str]) -> WalletEvent:
        if word == "ask":
            shown = [part for part in rest if part.startswith("shown=")]
            words = [part for part in rest if part not in shown]
            plan = self.plan(place.business_date, words)
            return CashOutRequested(
                occasion=place,
                member_id=MEMBER,
                method=plan.method,
                refundable_minor=fen(shown[0][6:]) if shown else plan.refundable_minor,
                reserved_minor=plan.reserved_minor,
                top_up_ids=tuple(EventId(part) for part in words if part != "merchant"),
                merchant_caused="merchant" in words,
            )
        request = EventId(rest[0])
        if word == "reject":
            restored = sum(asked.reserved_minor for asked in self.held.cash_outs if asked.request_id == request)
            return CashOutRejected(occasion=place, member_id=MEMBER, request_id=request, restored_minor=restored)
        kind = CashOutPaid if word == "pay" else CashOutReversed
        return kind(
            occasion=place,
            member_id=MEMBER,
            request_id=request,
            amount_minor=fen(rest[1]),
            tenders=tenders_of(rest[1], rest[2:]),
        )

    def life_event(self, word: str, place: Occasion, rest: list[str]) -> WalletEvent:
        match word:
            case "give":
                moved = plan_transfer(self.held, fen(rest[0]), self.book, place.business_date)
                if rest[1:]:
                    lot = self.held.lot(LotId(rest[1].removeprefix("of=")))
                    assert lot is not None
                    moved = (moved_part(lot, fen(rest[0])),)
                amount = sum(part.amount_minor for part in moved)
                return self.leg_out(place, moved, amount, TransferPurpose.MEMBER)
            case "merge" | "sweep":
                moved, holdings = everything(self.held, place.business_date)
                amount = sum(part.amount_minor for part in moved if part.lot_id is not None)
                return replace(self.leg_out(place, moved, amount, TransferPurpose(word)), holdings=holdings)
            case "receive":
                return received(place, rest)
            case "decide":
                return SuspenseDecided(
                    occasion=place,
                    member_id=MEMBER,
                    payment_id=EventId(rest[0]),
                    serving_store=StoreId(rest[2]),
                    verdict=SuspenseVerdict(rest[3]),
                    amount_minor=fen(rest[1]),
                )
            case "expire":
                return LotExpired(occasion=place, member_id=MEMBER, lot_id=LotId(rest[0]), amount_minor=fen(rest[1]))
            case "status":
                return StatusChanged(
                    occasion=place, member_id=MEMBER, before=self.held.status, status=WalletStatus(rest[0])
                )
            case "card":
                return CardReplaced(occasion=place, member_id=MEMBER, card_issue=int(rest[0]))
            case "pin":
                shown = replace(place, evidence=EvidenceClass(rest[1]))
                secret = SealedPersonal(ciphertext="c", attachment_sha256="h")
                return PinSet(occasion=shown, member_id=MEMBER, pin_issue=int(rest[0]), secret=secret)
            case "clear-pin":
                return PinCleared(occasion=place, member_id=MEMBER, pin_issue=int(rest[0]))
            case "identity":
                return IdentityRecorded(occasion=place, member_id=MEMBER, identity=Identity(rest[0]))
            case _:
                raise ValueError(f"no step is called {word}")

    def leg_out(
        self, place: Occasion, moved: tuple[MovedValue, ...], amount: int, purpose: TransferPurpose
    ) -> TransferredOut:
        return TransferredOut(
            occasion=place,
            member_id=MEMBER,
            transfer_id=place.event_id,
            to_member_id=OTHER,
            purpose=purpose,
            amount_minor=amount,
            moved=moved,
        )

    def question(self, line: str) -> Refusal | CashOutPlan | None:
        """`day store ?word …` asks whether something may be done; nothing happens."""
        day, store, word, *rest = line.split()
        place = occasion("q", store, EvidenceClass.PIN, int(day))
        on = place.business_date
        match word:
            case "?cash-out":
                committed = sum(fen(part[7:]) for part in rest if part.startswith("leased="))
                plan = self.plan(on, [part for part in rest if not part.startswith("leased=")])
                return refuse_cash_out(self.held, plan, self.book, on, committed_minor=committed) or plan
            case "?pay":
                tenders = tenders_of(rest[1], rest[2:])
                return refuse_cash_out_payment(self.held, EventId(rest[0]), tenders, self.book)
            case "?top-up":
                plans = [PromotionId(part[5:]) for part in rest if part.startswith("plan=")]
                plan_id = plans[0] if plans else None
                return refuse_top_up(self.held, fen(rest[0]), tenders_of(rest[0], rest[1:]), plan_id, self.book)
            case "?redeem":
                offline = [fen(part[8:]) for part in rest if part.startswith("offline=")]
                until = [DAY + timedelta(days=int(part[6:])) for part in rest if part.startswith("until=")]
                held = replace(self.held, expires_on=until[0]) if until else self.held
                static = "static" in rest
                refusal = refuse_redemption(held, fen(rest[0]), self.book, on, static_card=static)
                return refusal or self._refuse_offline(fen(rest[0]), offline, on)
            case "?status":
                committed = sum(fen(part[7:]) for part in rest[1:])
                return refuse_status(self.held, WalletStatus(rest[0]), committed_minor=committed)
            case "?card":
                return refuse_card(self.held, int(rest[0]), on)
            case "?pin":
                return refuse_pin(self.held, on, proven="proven" in rest, static_card="card" in rest)
            case "?deposit":
                return refuse_deposit(self.held, fen(rest[0]), tenders_of(rest[0], rest[1:]), place)
            case "?release":
                return refuse_deposit_release(self.held, EventId(rest[0]), fen(rest[1]), place)
            case "?give":
                target = replace(wallet(), member_id=OTHER if "self" not in rest else MEMBER)
                if "frozen" in rest:
                    target = replace(target, status=WalletStatus.FROZEN)
                return refuse_transfer(self.held, target, fen(rest[0]), self.book, on)
            case "?reward":
                return refuse_points_redemption(self.held, rest[0], self.book, on)
            case "?merge":
                target = replace(wallet(), member_id=OTHER if "self" not in rest else MEMBER)
                if "closed" in rest:
                    target = replace(target, status=WalletStatus.CLOSED)
                return refuse_merge(self.held, target)
            case "?undo":
                return self.may_undo(place, rest)
            case _:
                raise ValueError(f"no question is called {word}")

    def _refuse_offline(self, amount_minor: int, offline: list[int], on: date) -> Refusal | None:
        if not offline:
            return None
        (taken,) = offline
        left = risk_left_minor(
            self.book.offline.risk, member_taken_minor=taken, till_taken_minor=taken, unheard=timedelta(0)
        )
        means = offline_means(self.held, on, leased_minor=0, risk_left=left)
        return refuse_offline(self.held, amount_minor, means, on, TerminalId("S01-T1"))

    def may_undo(self, place: Occasion, rest: list[str]) -> Refusal | None:
        event = next(each for each in self.events if each.occasion.event_id == rest[0])
        if "late" in rest:
            place = replace(place, shift_id=type(place.shift_id)("another"))
        last = event if "elsewhere" in rest else self.events[-1]
        refused = refuse_taking_back(event, last, place)
        answer = refused or undone_by(event, self.held, place)
        return answer if isinstance(answer, Refusal) else None


def deposit_event(word: str, place: Occasion, rest: list[str]) -> WalletEvent:
    if word == "deposit":
        return DepositTaken(
            occasion=place, member_id=MEMBER, amount_minor=fen(rest[0]), tenders=tenders_of(rest[0], rest[1:])
        )
    deposit_id, amount = EventId(rest[0]), fen(rest[1])
    if word == "return":
        return DepositReturned(
            occasion=place,
            member_id=MEMBER,
            deposit_id=deposit_id,
            amount_minor=amount,
            tenders=tenders_of(rest[1], rest[2:]),
        )
    if word == "keep":
        return DepositKept(occasion=place, member_id=MEMBER, deposit_id=deposit_id, amount_minor=amount)
    tenders = () if "kept" in rest else tenders_of(rest[1], rest[2:])
    return DepositRestored(
        occasion=place, member_id=MEMBER, deposit_id=deposit_id, amount_minor=amount, tenders=tenders
    )


def received(place: Occasion, rest: list[str]) -> TransferredIn:
    """`receive ID TRANSFER amount [owing=…] [until=day]`: value of another member, from a top-up at S09 on day 0."""
    owing = [fen(part[6:]) for part in rest if part.startswith("owing=")]
    until = [DAY + timedelta(days=int(part[6:])) for part in rest if part.startswith("until=")]
    sources = [part[5:] for part in rest if part.startswith("from=")]
    amount, source = fen(rest[1]), EventId(sources[0] if sources else "o1")
    common: Table = {"store_id": StoreId("S09"), "source_id": source, "acquired_on": DAY, "rulebook": 1}
    moved = [
        MovedValue(
            kind=ValueKind.PRINCIPAL,
            lot_id=LotId("o1/p"),
            amount_minor=amount,
            expires_on=until[0] if until else None,
            **common,
        )
    ]
    moved += [MovedValue(kind=ValueKind.RECEIVABLE, lot_id=None, amount_minor=minor, **common) for minor in owing]
    return TransferredIn(
        occasion=place,
        member_id=MEMBER,
        transfer_id=EventId(rest[0]),
        from_member_id=OTHER,
        purpose=TransferPurpose.MEMBER,
        amount_minor=amount,
        moved=tuple(moved),
    )
