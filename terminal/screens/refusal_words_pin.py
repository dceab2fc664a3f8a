"""What refusals say about a member's payment PIN. Words only, a part of `refusal_words`."""

from collections.abc import Mapping
from typing import Final

from stored_value.refusals import RefusalCode
from terminal.language import later

Said = tuple[str, str, str]

PAYMENT_PIN: Final[Mapping[RefusalCode, Said]] = {
    RefusalCode.PAYMENT_PIN_NOT_SET: (
        later("No payment PIN"),
        later("The member never set one, or head office took it away."),
        later("Set a new one at a till that is online, or use the card."),
    ),
    RefusalCode.PAYMENT_PIN_NEEDED: (
        later("Type the payment PIN"),
        later("It has not been typed for this, or it was changed meanwhile."),
        later("Let the member type it. If it is forgotten, head office takes it away."),
    ),
    RefusalCode.PAYMENT_PIN_WRONG: (
        later("Wrong payment PIN"),
        later("It is not the PIN of this member."),
        later("Let the member try again. If it is forgotten, head office takes it away."),
    ),
    RefusalCode.PAYMENT_PIN_DELAYED: (
        later("Please wait"),
        later("Too many wrong payment PINs. Next try in {delay_s} s."),
        later("Use the card, take cash, or try again later."),
    ),
    RefusalCode.PAYMENT_PIN_WEAK: (
        later("This PIN is too easy"),
        later("It has six digits, not all alike, no pattern and not in a row."),
        later("Let the member choose another one."),
    ),
    RefusalCode.PAYMENT_PIN_ON_ITS_WAY: (
        later("The new PIN is on its way"),
        later("Head office has not told this till of it yet."),
        later("Wait a moment and try again, or use the card."),
    ),
    RefusalCode.HEAD_OFFICE_OLDER: (
        later("Head office is older"),
        later("It does not know payment PINs yet: one that is set now would not count."),
        later("Set it after head office's update. Until then the card pays."),
    ),
}
