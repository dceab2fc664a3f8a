"""Arithmetic of money: integers of minor units (fen), and every division under a named rounding rule. The one copy of rounding, reading and writing amounts."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

MINOR_PER_MAJOR = 100
_NUMERALS = "零壹贰叁肆伍陆柒捌玖"
_UNITS = ("", "拾", "佰", "仟")
_SECTIONS = ("", "万", "亿", "万亿")
_SECTION = 10_000
MAX_MINOR = 10**15


class AmountError(ValueError):
    """An amount that a person typed cannot be read; `code` names why: `empty`, `not_a_number`, `too_many_decimals`, `negative`, `too_large`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def split(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """`total` (≥ 0) shared by `weights` (≥ 0, not all 0 unless total is 0): floors, then the left-over minor units by largest remainder, ties to the earlier weight."""
    whole = sum(weights)
    if total < 0 or min(weights, default=0) < 0:
        raise ValueError("split takes amounts and weights of zero or more")
    if total == 0:
        return (0,) * len(weights)
    if whole == 0:
        raise ValueError("split has nobody to give to: all weights are 0")
    if len(weights) == 2:  # the proportional draw of every payment
        first, rest = divmod(total * weights[0], whole)
        if rest and 2 * rest >= whole:  # the other's remainder is `whole - rest`; a tie goes to the earlier
            first += 1
        return first, total - first
    shares = [total * weight // whole for weight in weights]
    left = total - sum(shares)
    if left:
        remainders = [total * weight % whole for weight in weights]
        by_remainder = sorted(
            range(len(weights)), key=remainders.__getitem__, reverse=True
        )  # equal ones keep their order
        for place in by_remainder[:left]:
            shares[place] += 1
    return tuple(shares)


def floor_share(amount: int, part: int, whole: int) -> int:
    """`amount × part / whole`, rounded down; `whole` > 0."""
    if whole <= 0:
        raise ValueError("floor_share needs a positive whole")
    return amount * part // whole


def half_up_share(amount: int, part: int, whole: int) -> int:
    """`amount × part / whole`, rounded half up; amounts of zero or more, `whole` > 0."""
    if whole <= 0 or amount < 0 or part < 0:
        raise ValueError("half_up_share needs a positive whole and nothing negative")
    return (2 * amount * part + whole) // (2 * whole)


def parse_yuan(text: str) -> int:
    """Typed yuan ("128", "128.5", "1,280.00") to minor units; raises `AmountError` naming what is wrong."""
    plain = text.strip().replace(",", "").replace("，", "").removeprefix("￥").removeprefix("¥")
    if not plain or plain == ".":
        raise AmountError("empty")
    if plain.startswith("-"):
        raise AmountError("negative")
    if not all(char in "0123456789." for char in plain) or plain.count(".") > 1:
        raise AmountError("not_a_number")
    if len(plain.partition(".")[2]) > 2:
        raise AmountError("too_many_decimals")
    try:
        minor = int(Decimal(plain) * MINOR_PER_MAJOR)
    except InvalidOperation as error:
        raise AmountError("not_a_number") from error
    if minor >= MAX_MINOR:
        raise AmountError("too_large")
    return minor


def format_yuan(minor: int, *, sign: bool = True) -> str:
    """`￥1,234.50`; a minus stands before the sign; `sign=False` leaves the ￥ out."""
    major, rest = divmod(abs(minor), MINOR_PER_MAJOR)
    return f"{'-' if minor < 0 else ''}{'￥' if sign else ''}{major:,}.{rest:02d}"


def in_words(minor: int) -> str:
    """The amount in financial capitals 大写, as bank forms write it: 12850 is 壹佰贰拾捌元伍角整, 12805 is 壹佰贰拾捌元零伍分."""
    if minor < 0:
        return "负" + in_words(-minor)
    if minor >= MAX_MINOR:
        raise ValueError(f"{minor} is too large to be written in words")
    major, rest = divmod(minor, MINOR_PER_MAJOR)
    jiao, fen = divmod(rest, 10)
    text = f"{_whole_in_words(major)}元" if major else ""
    if not rest:
        return (text or "零元") + "整"
    if jiao:
        text += f"{_NUMERALS[jiao]}角"
    elif text:
        text += "零"
    return text + (f"{_NUMERALS[fen]}分" if fen else "整")


def _whole_in_words(number: int) -> str:
    sections: list[int] = []
    while number:
        number, section = divmod(number, _SECTION)
        sections.append(section)
    text = ""
    for place in range(len(sections) - 1, -1, -1):
        section = sections[place]
        if not section:
            continue
        gap = text and (section < 1000 or sections[place + 1] == 0)
        text += ("零" if gap else "") + _section_in_words(section) + _SECTIONS[place]
    return text


def _section_in_words(section: int) -> str:
    text = ""
    pending_zero = False
    for place in range(3, -1, -1):
        digit = section // 10**place % 10
        if digit == 0:
            pending_zero = bool(text)
            continue
        text += ("零" if pending_zero else "") + _NUMERALS[digit] + _UNITS[place]
        pending_zero = False
    return text
