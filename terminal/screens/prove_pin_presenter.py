"""The screen turned to the member, who types his payment PIN for a payment. Right: the payment goes on at once. Decides nothing; the counter knows the PIN."""

from stored_value.money import format_yuan
from terminal.screens.navigation import ProvePin
from terminal.screens.pin_page import PinPage, PinPageView, tail_of


class ProvePinPresenter(PinPage):
    @property
    def takes_scans(self) -> bool:
        """The member has the screen: no code leads away from it."""
        return False

    def take_pin(self, pin: str) -> None:
        asked = self.destination
        if isinstance(asked, ProvePin):
            action, member_id = asked.action, asked.member.member_id
            self.act(lambda: self.desk.counter.prove(action, member_id, pin), asked.then)

    def build(self) -> PinPageView:
        t, asked = self.t, self.destination
        member = asked.member if isinstance(asked, ProvePin) else None
        amount = format_yuan(asked.amount_minor) if isinstance(asked, ProvePin) and asked.amount_minor else ""
        return PinPageView(
            title=t("Payment PIN"),
            back=t("Cancel"),
            icon="shield-lock",
            heading=t("Turn the screen to the member"),
            explanation=""
            if self.notice.title
            else t("The member types the payment PIN himself. Nobody else needs to know it."),
            name=member.name_masked if member is not None else "",
            tail=tail_of(member, t),
            amount=amount,
            amount_caption=t("To pay from the balance") if amount else "",
            notice=self.notice,
            pad=self.pin_pad(t("Your payment PIN"), t("Pay") if amount else t("Confirm"), amount),
        )
