"""Owns a till for scenario tests: the product's own journal, replica, sync cycle and counter on real files, against head office over real HTTP.

No threads: a cycle runs when the scenario says `sync`, so that what happens in between is the scenario's choice.
"""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec

from stored_value.events import OrderLine, RefundLine, Tender, TenderKind
from stored_value.identity import EventId, MemberId, PromotionId
from stored_value.refusals import Refusal, RefusalCode
from sync.client import HqClient
from sync.errors import SyncError
from sync.messages import FindMember, FoundMembers, HoldReply, HoldRequest
from sync.pins import PinCost
from terminal.clock import Clock
from terminal.counter import Counter
from terminal.counter.link import Equipment, Link, LinkState, TillKeys
from terminal.counter.views import Completed, MemberView
from terminal.devices.scanner_state import ScannerState
from terminal.hq_time import HqTime
from terminal.journal import Journal
from terminal.language import Language
from terminal.leasing import Leasing
from terminal.replica import Replica
from terminal.syncing import SyncCycle, SyncingError
from terminal.syncing.opening import open_session
from terminal.syncing.push import Batches, push_all
from terminal.till_directory import TillDirectory

T = TypeVar("T")
FLOAT_MINOR = 50_000
_QUICK = PinCost(passes=1, memory_kib=8, lanes=1)


class Till:
    """`online` is what the till believes: a cycle that ended well sets it, one that failed or `unplug` clears it."""

    def __init__(
        self,
        data_dir: Path,
        clock: Clock,
        url: str,
        staff: tuple[str, str],
        *,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.clock = clock
        self.staff_name, self.pin = staff
        self.online = False
        self.before_hold: Callable[[], object] = lambda: None
        self.after_hold: Callable[[], object] = lambda: None
        self.takes_payment_pins = False
        self.lose_hold_replies = False
        self.hold_wait_ms = 0
        self.hold_deadline_s = 15.0
        self._open(url, transport)

    def _open(self, url: str, transport: httpx.BaseTransport | None) -> None:
        self.url, self._is_open = url, True
        directory = TillDirectory(self.data_dir)
        secrets = directory.secrets()
        self.journal = Journal.open(directory.journal, reserve_bytes=0)
        self.replica = Replica.open(directory.replica)
        self.client = HqClient(url, transport=transport, timeout_s=5)
        self.hq_time = HqTime(self.clock, self.journal.head_office)
        self.leasing = Leasing(self.journal, self.replica, self.clock)
        self.cycle = SyncCycle(
            self.client,
            self.journal,
            self.replica,
            directory,
            secrets.terminal_key,
            leasing=self.leasing,
            hq_time=self.hq_time,
        )
        self.counter = Counter(
            self.journal,
            self.replica,
            self.clock,
            keys=TillKeys(staff_pepper=secrets.staff_pepper, phone_tag_key=secrets.phone_tag_key),
            link=Link(state=self._link_state, read_member=self._read_member, hold=self._hold),
            equipment=Equipment(
                receipt_printer="counter",
                printers=lambda: (),
                wake_printers=lambda: None,
                scanner=lambda: ScannerState.ABSENT,
            ),
            language=lambda: Language.ZH_CN,
            pin_cost=_QUICK,
        )

    def _link_state(self) -> LinkState:
        return LinkState(
            online=self.online,
            clock_off_by=self.hq_time.off_by(),
            time_at_least=self.hq_time.at_least(),
            takes_payment_pins=self.takes_payment_pins,
        )

    def _read_member(self, wanted: FindMember) -> FoundMembers | None:
        with suppress(SyncError):
            return self.client.find_member(wanted)
        return None

    def _hold(self, wanted: HoldRequest) -> HoldReply | None:
        self.before_hold()
        with suppress(SyncError):
            reply = self.client.hold(
                msgspec.structs.replace(wanted, wait_ms=self.hold_wait_ms), deadline_s=self.hold_deadline_s
            )
            self.after_hold()
            return None if self.lose_hold_replies else reply
        return None

    @property
    def name(self) -> str:
        return self.journal.head_office.identity.terminal_id

    def close(self) -> None:
        """Twice is harmless."""
        if not self._is_open:
            return
        self._is_open = False
        self.client.close()
        self.journal.close()
        self.replica.close()

    def restart(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        """On the same files, perhaps with head office at another address. Nobody is signed in."""
        self.close()
        self.online = False
        self._open(url, transport)

    def cloned(self, data_dir: Path, url: str) -> "Till":
        """A second till on a copy of this one's disk, made while this one stands still."""
        self.close()
        shutil.copytree(self.data_dir, data_dir)
        self._open(self.url, None)
        return Till(data_dir, self.clock, url, (self.staff_name, self.pin))

    def unplug(self) -> None:
        """The till has noticed that nobody answers."""
        self.online = False

    def sync(self) -> None:
        """One cycle, and the next one when there is something left to report; raises what the worker would show."""
        self.online = False
        report = self.cycle.run_once()
        if report.unsent:
            report = self.cycle.run_once()
        self.online, self.takes_payment_pins = True, report.takes_payment_pins

    def push(self) -> None:
        """The first half of a cycle."""
        key = TillDirectory(self.data_dir).secrets().terminal_key
        push_all(self.client, self.journal, key, open_session(self.client, self.journal, key, ""), Batches())

    def sync_fails(self) -> Exception:
        try:
            self.sync()
        except (SyncError, SyncingError) as error:
            return error
        raise AssertionError(f"{self.name}: the cycle ended well")

    def begin_shift(self) -> None:
        tile = next(each for each in self.counter.staff() if each.name == self.staff_name)
        done(self.counter.sign_in(tile.staff_id, self.pin))
        if self.counter.status().shift_opened_at is None:
            done(self.counter.open_shift(FLOAT_MINOR))

    def next_shift(self) -> None:
        """On another day: money is not taken in a shift that goes on too long."""
        done(self.counter.close_shift(FLOAT_MINOR))
        done(self.counter.open_shift(FLOAT_MINOR))

    # --- the verbs of the scenarios

    def top_up(self, member_id: MemberId, amount_minor: int, plan: str | None = None) -> Completed:
        tender = Tender(kind=TenderKind.CASH, amount_minor=amount_minor)
        plan_id = PromotionId(plan) if plan else None
        return done(self.counter.top_up(self.counter.new_action(), member_id, amount_minor, (tender,), plan_id))

    def redeem(self, member_id: MemberId, *amounts_minor: int) -> Completed:
        return done(self.try_to_redeem(member_id, *amounts_minor))

    def try_to_redeem(self, member_id: MemberId, *amounts_minor: int) -> Completed | Refusal:
        return self.counter.redeem(self.counter.new_action(), member_id, lines_of(*amounts_minor), True)

    def refund(self, purchase_id: EventId, line_no: int, amount_minor: int) -> Completed:
        lines = (RefundLine(line_no=line_no, amount_minor=amount_minor),)
        return done(self.counter.refund(self.counter.new_action(), purchase_id, lines, "退货"))

    def enrol(self, name: str, phone: str) -> MemberId:
        member_id = done(self.counter.enrol_member(self.counter.new_action(), name, phone)).member_id
        assert member_id is not None
        return member_id

    def member(self, member_id: MemberId) -> MemberView:
        return done(self.counter.member(member_id))

    def flagged(self) -> dict[str, tuple[str, ...]]:
        """Codes by receipt number, of the own entries that head office had something to say about."""
        return {f"{self.name}-{each.seq:06d}": each.codes for each in self.journal.outcomes.flagged()}


def lines_of(*amounts_minor: int) -> tuple[OrderLine, ...]:
    return tuple(
        OrderLine(line_no=place, name=f"菜品{place}", total_minor=amount)
        for place, amount in enumerate(amounts_minor, 1)
    )


def done(answer: T | Refusal) -> T:
    assert not isinstance(answer, Refusal), answer
    return answer


def refused(answer: object) -> RefusalCode:
    assert isinstance(answer, Refusal), answer
    return answer.code
