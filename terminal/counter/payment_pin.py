"""The member's payment PIN 支付密码 at the counter: setting one, and proving by it that the member is there, offline too. A payment with it is not bound by the printed card's
limit of the day.

The typed PIN is kept nowhere: what goes on with an action is a `ProvenMember`, good for that action and for some minutes.
"""

from dataclasses import dataclass, field
from typing import Final

from stored_value.draw import drawable_minor
from stored_value.events import Event, EvidenceClass
from stored_value.events_money_out import PinSet
from stored_value.identity import EventId, MemberId
from stored_value.payment_pin import refuse_pin
from stored_value.refusals import Refusal, RefusalCode
from sync.errors import SignatureError
from sync.payment_pins import PinVerifier, is_payment_pin, is_weak, key_for, make_secret, prove, write_secret
from sync.personal import seal
from sync.pins import FULL_COST, PinCost
from terminal.counter.completion import done_before, finish
from terminal.counter.link import LinkState
from terminal.counter.online_read import is_confirmed, is_fresh
from terminal.counter.pin_tries import PinTries
from terminal.counter.views import Completed, StaffRole
from terminal.counter.workplace import AtWork, Workplace
from terminal.members import MemberOnFile

PROVEN_FOR_S: Final = 300
"""How long after it was typed a PIN stands for the action: time to pack the bags, not to serve the next member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenMember:
    """The member typed the PIN of the issue `issue` for `action`; `until_s` is monotonic."""

    action: EventId
    member_id: MemberId
    issue: int
    until_s: float
    key: bytes = field(repr=False)


def refuse_stale(
    place: Workplace, proven: ProvenMember | None, action: EventId, member: MemberOnFile
) -> Refusal | None:
    """What was proven for something else, long ago, or by a PIN that is not the member's any more."""
    if proven is None:
        return None
    wallet = member.view.wallet
    still = wallet.pin_is_set and proven.issue == wallet.pin_issue
    mine = (proven.action, proven.member_id) == (action, member.member_id)
    if still and mine and place.clock.monotonic_s() <= proven.until_s:
        return None
    return Refusal(RefusalCode.PAYMENT_PIN_NEEDED if wallet.pin_is_set else RefusalCode.PAYMENT_PIN_NOT_SET)


def evidence_of(proven: ProvenMember | None) -> EvidenceClass:
    """What shows that the member is there: the PIN, else the card."""
    return EvidenceClass.STATIC_CARD if proven is None else EvidenceClass.PIN


def ref_of(proven: ProvenMember | None, out_minor: int = 0) -> str:
    """What head office checks it by. `out_minor` is what the entry takes out of the wallet."""
    if proven is None:
        return ""
    return prove(proven.issue, proven.key, proven.action, proven.member_id, out_minor)


class PaymentPins:
    def __init__(self, place: Workplace, tries: PinTries, cost: PinCost = FULL_COST) -> None:
        self._place = place
        self._tries = tries
        self._cost = cost

    def prove(self, action: EventId, member_id: MemberId, pin: str) -> ProvenMember | Refusal:
        place = self._place
        standing = place.standing()
        if isinstance(standing, Refusal):
            return standing
        verifier = self._verifier(member_id)
        if isinstance(verifier, Refusal):
            return verifier
        key = self._tries.check(
            member_id,
            lambda: _key(pin, verifier),
            wrong=RefusalCode.PAYMENT_PIN_WRONG,
            delayed=RefusalCode.PAYMENT_PIN_DELAYED,
        )
        if isinstance(key, Refusal):
            return key
        until_s = place.clock.monotonic_s() + PROVEN_FOR_S
        return ProvenMember(action=action, member_id=member_id, issue=verifier.issue, until_s=until_s, key=key)

    def refuse_setting(self, member_id: MemberId, *, static_card: bool) -> Refusal | None:
        """What setting one would meet now, but for what the member types; so that he does not type in vain."""
        place = self._place
        at_work = place.at_work()
        if isinstance(at_work, Refusal):
            return at_work
        member = place.members.find(member_id)
        if member is None:
            return Refusal(RefusalCode.MEMBER_UNKNOWN)
        unreachable = _refuse_unreachable(place.link.state(), fresh=True)
        if unreachable is not None:
            return unreachable
        refusal = _refuse_setting(at_work, member, None, static_card=static_card)
        old_is_typed = refusal is not None and refusal.code is RefusalCode.PAYMENT_PIN_NEEDED
        return None if old_is_typed else refusal

    def set_pin(
        self, action: EventId, member_id: MemberId, pin: str, *, static_card: bool, proven: ProvenMember | None
    ) -> Completed | Refusal:
        """A first one is any cashier's while the wallet holds no more than the card pays in a day; else a manager looks who brings the card."""
        place = self._place
        at_work = place.at_work()
        if isinstance(at_work, Refusal):
            return at_work
        if not is_payment_pin(pin) or is_weak(pin):
            return Refusal(RefusalCode.PAYMENT_PIN_WEAK)

        def is_same(event: Event) -> bool:
            return isinstance(event, PinSet) and event.member_id == member_id

        fresh = place.journal.find(action) is not None or is_fresh(place, member_id)
        plain = write_secret(make_secret(pin, place.clock.random_bytes, self._cost))
        with place.journal.deciding():
            before = done_before(place, action, is_same)
            if before is not None:
                return before
            member = place.members.find(member_id)
            if member is None:
                return Refusal(RefusalCode.MEMBER_UNKNOWN)
            refusal = _refuse_unreachable(place.link.state(), fresh=fresh) or refuse_stale(
                place, proven, action, member
            )
            refusal = refusal or _refuse_setting(at_work, member, proven, static_card=static_card)
            if refusal is not None:
                return refusal
            # Before the entry: once that is recorded nothing may refuse any more. It gives no guesser a try: the old PIN was right just now, or there is none to guess.
            self._tries.forgive(member_id)
            return self._set(at_work, action, member, plain, proven)

    def _set(
        self, at_work: AtWork, action: EventId, member: MemberOnFile, plain: bytes, proven: ProvenMember | None
    ) -> Completed | Refusal:
        place = self._place
        hq_key = place.journal.head_office.identity.seal_public_key
        sealed, attachment = seal(plain, member.member_id, hq_key, place.clock.random_bytes)
        event = PinSet(
            occasion=place.occasion(action, at_work, evidence_of(proven), offline=False, evidence_ref=ref_of(proven)),
            member_id=member.member_id,
            pin_issue=member.view.wallet.pin_issue + 1,
            secret=sealed,
        )
        return finish(place, at_work, member, event, attachment=attachment)

    def _verifier(self, member_id: MemberId) -> PinVerifier | Refusal:
        """Of the newest PIN. One that was set a moment ago is asked for: head office tells of it with the member."""
        place = self._place
        known = self._known(member_id)
        if known is None and is_confirmed(place, member_id):
            known = self._known(member_id)
        return known or Refusal(RefusalCode.PAYMENT_PIN_ON_ITS_WAY)

    def _known(self, member_id: MemberId) -> PinVerifier | Refusal | None:
        member = self._place.members.find(member_id)
        if member is None:
            return Refusal(RefusalCode.MEMBER_UNKNOWN)
        wallet, pin = member.view.wallet, member.pin
        if not wallet.pin_is_set:
            return Refusal(RefusalCode.PAYMENT_PIN_NOT_SET)
        return pin if pin is not None and pin.issue == wallet.pin_issue else None


def _refuse_unreachable(link: LinkState, *, fresh: bool) -> Refusal | None:
    """An older head office would set the entry aside: the member would leave with a PIN that counts nowhere."""
    if not link.online or not fresh:
        return Refusal(RefusalCode.ONLINE_ONLY)
    return None if link.takes_payment_pins else Refusal(RefusalCode.HEAD_OFFICE_OLDER)


def _refuse_setting(
    at_work: AtWork, member: MemberOnFile, proven: ProvenMember | None, *, static_card: bool
) -> Refusal | None:
    """Whoever finds a card must not lift its limit by choosing a PIN for it."""
    wallet = member.view.wallet
    refusal = refuse_pin(wallet, at_work.on, proven=proven is not None, static_card=static_card)
    if refusal is not None or wallet.pin_is_set:
        return refusal
    worth_it = drawable_minor(wallet, at_work.on) > at_work.rulebook.limits.static_card_day_minor
    if worth_it and at_work.staff.role is not StaffRole.MANAGER:
        return Refusal(RefusalCode.NOT_PERMITTED)
    return None


def _key(pin: str, verifier: PinVerifier) -> bytes | None:
    try:
        return key_for(pin, verifier) if is_payment_pin(pin) else None
    except SignatureError:
        return None  # an unreadable verifier opens to nobody; head office sends a new one with the next PIN
