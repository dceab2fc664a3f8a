"""Why a promotion gives or does not give, in one line each. Words only; the reasons are `stored_value.topup`'s."""

from stored_value.money import format_yuan
from stored_value.topup import Reason
from terminal.language import Texts


def reason_text(reason: Reason, texts: Texts) -> str:
    name = texts.words(reason.name)
    match reason.code:
        case "given":
            return name
        case "other_plan" | "amount_differs":
            return texts.t("{name}: pay exactly {amount}", name=name, amount=_amount(reason, "pay_minor"))
        case "not_first":
            return texts.t("{name}: only for the first top-up", name=name)
        case "below_minimum":
            return texts.t("{name}: from {amount}", name=name, amount=_amount(reason, "from_minor"))
        case _:
            return name


def _amount(reason: Reason, key: str) -> str:
    value = reason.data.get(key)
    return format_yuan(value).removesuffix(".00") if isinstance(value, int) else "—"
