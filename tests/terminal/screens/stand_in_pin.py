"""The part of the stand-in counter for payment PINs: one PIN is right, the next answer to another can be set."""

from typing import Any

from stored_value.identity import EventId, MemberId
from stored_value.refusals import Refusal, RefusalCode
from terminal.counter.payment_pin import ProvenMember
from terminal.counter.views import Completed

PAYMENT_PIN = "483920"
WRONG = Refusal(RefusalCode.PAYMENT_PIN_WRONG, {"attempts_left_free": 2})
DELAYED = Refusal(RefusalCode.PAYMENT_PIN_DELAYED, {"delay_s": 118})
OVER_THE_DAY = Refusal(
    RefusalCode.STATIC_CARD_LIMIT, {"limit_minor": 30_000, "used_minor": 12_000, "left_minor": 18_000, "pin": "set"}
)


class PinStandIn:
    """`_completed` is the whole counter's."""

    asked: list[tuple[Any, ...]]
    refusal: Refusal | None
    wrong_pin = WRONG
    no_pin: Refusal | None = None

    def _completed(self, kind: str, member_id: MemberId | None, amount_minor: int, bonus_minor: int = 0) -> Completed:
        raise NotImplementedError

    def prove(self, action: EventId, member_id: MemberId, pin: str) -> ProvenMember | Refusal:
        self.asked.append(("prove", action, member_id))
        if pin != PAYMENT_PIN:
            return self.wrong_pin
        return ProvenMember(action=action, member_id=member_id, issue=1, until_s=300.0, key=b"")

    def refuse_setting_pin(self, member_id: MemberId, *, static_card: bool) -> Refusal | None:
        return self.no_pin or (None if static_card else Refusal(RefusalCode.CARD_NEEDED))

    def set_pin(
        self,
        action: EventId,
        member_id: MemberId,
        pin: str,
        *,
        static_card: bool = False,
        proven: ProvenMember | None = None,
    ) -> Completed | Refusal:
        self.asked.append(("set_pin", action, member_id, static_card, proven is not None))
        return self._completed("pin_set", member_id, 0)
