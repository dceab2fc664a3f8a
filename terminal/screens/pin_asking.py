"""A screen whose payment a PIN may let pass: it leads to the keypad for the member, and back without losing what was typed. Knows no PIN, only that one was proven."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from stored_value.identity import EventId
from stored_value.refusals import Refusal, RefusalCode
from terminal.counter.payment_pin import ProvenMember
from terminal.counter.views import Completed, MemberView
from terminal.screens.navigation import Destination, ProvePin
from terminal.screens.presenter import CounterPresenter, Desk, View

PAY_WITH_PIN: Final = "pay_with_pin"
"""The key of a keypad or of a chip that leads to the PIN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What the member is asked to confirm; `amount_minor` is 0 where no money is paid."""

    action: EventId
    member: MemberView
    amount_minor: int = 0


@dataclass(frozen=True, slots=True)
class _Tried:
    """None: the counter refused what it would take with the member's PIN."""

    completed: Completed | None


class PinAsking(CounterPresenter[View]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._left: Destination | None = None
        self._shown_proof: ProvenMember | None = None

    def begin(self) -> None:
        """Whoever comes back from the keypad finds everything as he left it."""
        came_back, proven = self._left is self.destination, self._shown_proof
        self._left = self._shown_proof = None
        if came_back:
            self.resume(proven)
        else:
            self.begin_anew()

    @abstractmethod
    def begin_anew(self) -> None:
        """As `begin` of others."""

    @abstractmethod
    def resume(self, proven: ProvenMember | None) -> None:
        """The member typed his PIN: the payment goes on with `proven`. None: he did not."""

    def ask_pin(self, payment: Payment) -> None:
        self._left = self.destination
        self.desk.navigator.go(
            ProvePin(
                member=payment.member, action=payment.action, amount_minor=payment.amount_minor, then=self._take_proof
            )
        )

    def pay(
        self,
        payment: Payment,
        work: Callable[[ProvenMember | None], Completed | Refusal],
        done: Callable[[Completed], None],
        proven: ProvenMember | None = None,
    ) -> None:
        """Does `work`; where a PIN would have let it pass, the member is asked for his."""

        def tried() -> _Tried | Refusal:
            answer = work(proven)
            if isinstance(answer, Refusal):
                return _Tried(None) if proven is None and pin_helps(answer, payment.member) else answer
            return _Tried(answer)

        def answered(answer: _Tried) -> None:
            if answer.completed is None:
                self.ask_pin(payment)
            else:
                done(answer.completed)

        self.act(tried, answered)

    def _take_proof(self, proven: ProvenMember) -> None:
        self._shown_proof = proven
        self.desk.navigator.back()


def pin_helps(answer: Refusal | None, member: MemberView | None) -> bool:
    """Whether it is a refusal that the member's PIN would lift."""
    if answer is None or member is None or not member.pin_is_set:
        return False
    return answer.code is RefusalCode.CARD_NEEDED or (
        answer.code is RefusalCode.STATIC_CARD_LIMIT and answer.data.get("pin") != "none"
    )
