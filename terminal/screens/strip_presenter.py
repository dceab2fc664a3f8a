"""The status strip: who and where, and what works, each as icon and word; amber with one sentence when head office cannot be reached. Asks the counter once a second."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from printers.spool import Readiness
from stored_value.money import format_yuan
from sync.till_trouble import MirrorFault
from terminal.counter.views import PrinterState, TillStatus
from terminal.devices.scanner_state import ScannerState
from terminal.journal.mirror import MirrorStatus
from terminal.language import Texts, later
from terminal.screens.clock_words import age_text, hours_and_minutes
from terminal.screens.presenter import CounterPresenter
from terminal.screens.stop_words import on_the_strip
from terminal.troubles import Trouble

REFRESH_S: Final = 1.0
_ALARM_INKS: Final = {"": "muted", "offline": "refund_ink", "stopped": "danger_ink"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """`attention` colours it; the icon and the word say the same."""

    icon: str
    word: str
    attention: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StripView:
    """`alarm` is "" (all is well), "offline" (amber) or "stopped" (red); `sentence` says it in words, in `who`'s place, in the colour `alarm_ink`."""

    store: str
    who: str
    chips: tuple[Chip, ...]
    clock: str
    alarm: str
    alarm_ink: str
    sentence: str


class StripPresenter(CounterPresenter[StripView]):
    _status: TillStatus | None = None
    _waiting = False

    def begin(self) -> None:
        self._waiting = False
        self.refresh()

    def refresh(self) -> None:
        """Called by the window's clock; while an answer is under way it asks nothing more."""
        if not self._waiting:
            self._waiting = True
            self.ask("status", self.desk.counter.status, self._show)

    def forget_question(self) -> None:
        """The answer under way will not come."""
        self._waiting = False

    def build(self) -> StripView:
        status, texts = self._status, self.desk.texts
        if status is None:
            return StripView(store="", who="", chips=(), clock="", alarm="", alarm_ink="muted", sentence="")
        alarm, sentence = _alarm(status, texts)
        return StripView(
            store=status.store_name,
            who=_who(status, texts),
            chips=_chips(status, texts, self.desk.now(), beside_a_sentence=bool(alarm)),
            clock=hours_and_minutes(status.local_time),
            alarm=alarm,
            alarm_ink=_ALARM_INKS[alarm],
            sentence=sentence,
        )

    def _show(self, status: TillStatus) -> None:
        self._waiting = False
        self._status = status
        self.publish()


def _chips(status: TillStatus, texts: Texts, now: datetime, *, beside_a_sentence: bool) -> tuple[Chip, ...]:
    """Beside a sentence, where more than the usual ones want room, printer and scanner that are well say nothing."""
    line = (_network(status, texts, now), _pending(status, texts))
    devices: tuple[Chip, ...] = (_printer(status.printers, texts), _scanner(status.scanner, texts))
    more = (*_shift(status, texts), *_clock(status, texts), *_mirror(status.mirror, texts), *_findings(status, texts))
    if beside_a_sentence and more:
        devices = tuple(chip for chip in devices if chip.attention)
    return (*line, *devices, *more)


def _who(status: TillStatus, texts: Texts) -> str:
    staff = status.staff_name or texts.t("Locked")
    shift = texts.t("shift since {time}", time=status.shift_opened_at) if status.shift_opened_at else ""
    return " · ".join(part for part in (status.terminal_id, staff, shift) if part)


def _alarm(status: TillStatus, texts: Texts) -> tuple[str, str]:
    if status.stopped_reason is not None:
        return "stopped", on_the_strip(status.stop_code, status.stopped_reason, texts)
    if status.trouble is not None:
        return "offline", texts.t(_TROUBLES[status.trouble])
    if status.shift_left_s == 0:
        return "offline", texts.t("Close the shift: it takes no money")
    if status.pay_codes_blocked:
        return "offline", texts.t("{clock}: no pay codes", clock=_clock_word(status, texts))
    if not status.online:
        limit = format_yuan(status.offline_member_limit_minor).removesuffix(".00")
        return "offline", _offline_sentence(status, texts, limit)
    return "", ""


_TROUBLES: Final[dict[Trouble, str]] = {
    Trouble.HQ_OLDER: later("Head office is older: update it"),
    Trouble.TILL_OLDER: later("This till is too old: have it updated"),
    Trouble.HQ_RESTORED: later("HQ was restored: call head office"),
    Trouble.DIFFERS: later("Differs from HQ: call head office"),
    Trouble.TOO_LARGE: later("Entry too large: call technician"),
    Trouble.NOT_TRUSTED: later("Unsigned rules: call head office"),
    Trouble.REFUSED: later("Sync refused: call a technician"),
    Trouble.STORAGE: later("Disk stops sync: call technician"),
    Trouble.DEFECT: later("Sync fault: call a technician"),
}


def _offline_sentence(status: TillStatus, texts: Texts, limit: str) -> str:
    if status.offline_member_limit_minor:
        sentence = texts.t("Offline: carry on, up to {amount} a member", amount=limit)
    else:
        sentence = texts.t("Offline: carry on, each member's page says how far")
    return f"{sentence} · {status.staff_name}" if status.staff_name else sentence


def _network(status: TillStatus, texts: Texts, now: datetime) -> Chip:
    """The age is that of the members' balances, not that of the cut: a till that was started again without a line has old ones from the first second."""
    age = age_text(status.replica_as_of, now, texts)
    if status.online:
        return Chip(icon="wifi", word=texts.t("Online") + (f" {age}" if age else ""))
    return Chip(icon="wifi-off", word=texts.t("Offline") + (f" {age}" if age else ""), attention=True)


def _pending(status: TillStatus, texts: Texts) -> Chip:
    if status.pending_entries == 0:
        return Chip(icon="cloud-check", word=texts.t("All sent"))
    return Chip(icon="cloud-upload", word=texts.t("{count} to send", count=status.pending_entries))


_PRINTER_TROUBLE: Final = {
    Readiness.PAPER_OUT: later("Paper out"),
    Readiness.OFFLINE: later("Printer offline"),
    Readiness.STOPPED: later("Printer stopped"),
}


def _printer(printers: tuple[PrinterState, ...], texts: Texts) -> Chip:
    if not printers:
        return Chip(icon="printer-off", word=texts.t("No printer"), attention=True)
    for printer in printers:
        if printer.state in _PRINTER_TROUBLE:
            waiting = texts.t("({count} waiting)", count=printer.queued) if printer.queued else ""
            word = f"{texts.t(_PRINTER_TROUBLE[printer.state])} {waiting}".strip()
            return Chip(icon="printer-off", word=word, attention=True)
    if any(printer.state is Readiness.PRINTING for printer in printers):
        return Chip(icon="printer", word=texts.t("Printing"))
    return Chip(icon="printer", word=texts.t("Printer ready"))


def _scanner(state: ScannerState, texts: Texts) -> Chip:
    match state:
        case ScannerState.READY:
            return Chip(icon="scan", word=texts.t("Scanner"))
        case ScannerState.ABSENT:
            return Chip(icon="scan", word=texts.t("No scanner"), attention=True)
        case ScannerState.ERROR:
            return Chip(icon="scan", word=texts.t("Scanner fault"), attention=True)


def _shift(status: TillStatus, texts: Texts) -> tuple[Chip, ...]:
    if not status.shift_left_s:
        return ()  # nothing to say yet, or the sentence says it
    hours = max(1, status.shift_left_s // 3600)
    return (Chip(icon="calendar", word=texts.t("Close shift: {count} h left", count=hours), attention=True),)


def _clock(status: TillStatus, texts: Texts) -> tuple[Chip, ...]:
    if not status.clock_off_s or (status.pay_codes_blocked and status.trouble is None and not status.stopped_reason):
        return ()  # the sentence says it, or there is nothing to say
    return (Chip(icon="clock", word=_clock_word(status, texts), attention=True),)


def _clock_word(status: TillStatus, texts: Texts) -> str:
    minutes = abs(status.clock_off_s) // 60
    if status.clock_off_s > 0:
        return texts.t("Clock {count} min fast", count=minutes)
    return texts.t("Clock {count} min slow", count=minutes)


_MIRROR_FAULTS: Final[dict[MirrorFault, str]] = {
    MirrorFault.MISSING: later("No mirror"),
    MirrorFault.FULL: later("Mirror full"),
    MirrorFault.FOREIGN: later("Wrong mirror"),
    MirrorFault.FAILED: later("Mirror fault"),
}


def _mirror(mirror: MirrorStatus | None, texts: Texts) -> tuple[Chip, ...]:
    """Nothing while it is level, or nobody has set one up."""
    if mirror is None or (mirror.fault is None and not mirror.lag_entries):
        return ()
    if mirror.fault is None:
        return (Chip(icon="copy", word=texts.t("Mirror {count} behind", count=mirror.lag_entries or 0)),)
    return (Chip(icon="copy", word=texts.t(_MIRROR_FAULTS[mirror.fault]), attention=True),)


def _findings(status: TillStatus, texts: Texts) -> tuple[Chip, ...]:
    if status.findings_open == 0:
        return ()
    return (Chip(icon="flag", word=texts.t("{count} to look at", count=status.findings_open), attention=True),)
