"""What comes out of a real printer's socket: after the commit, once, marked when again; the drawer for cash alone."""

from collections.abc import Iterator

import pytest

from printers.decode import DrawerKick, PrintedLine, PrintedQr, PrinterOutput
from printers.device import PrinterDevice
from printers.layout import lay_out, text_lines
from printers.profile import GENERIC_80
from printers.simulated import SimulatedNetworkPrinter
from printers.spool import JobState, SpoolWorker
from printers.target import parse_target
from stored_value.refusals import RefusalCode
from sync.cards import receipt_text
from terminal.counter.views import Completed
from terminal.language import Language
from tests.terminal.counter.till import WANG, Till, cash, done, refused, wechat
from tests.waiting import until


class Paper:
    """The printer at the counter and the worker that feeds it."""

    def __init__(self, till: Till) -> None:
        self.till = till
        self.printer = SimulatedNetworkPrinter()
        self.printer.start()
        device = PrinterDevice(parse_target(self.printer.target), GENERIC_80)
        self.worker = SpoolWorker("front", device, till.journal.connect_spool, clock=till.clock.now)
        till.journal.after_commit(self.worker.wake)
        self.worker.start()

    def output(self) -> PrinterOutput:
        return self.printer.mechanism.output()

    def text(self) -> str:
        return "\n".join(event.text for event in self.output().events if isinstance(event, PrintedLine))

    def codes(self) -> list[str]:
        return [event.text for event in self.output().events if isinstance(event, PrintedQr)]

    def kicks(self) -> int:
        return sum(isinstance(event, DrawerKick) for event in self.output().events)

    def shows(self, receipt_no: str, times: int = 1) -> None:
        self.worker.wake()
        code = receipt_text(receipt_no)
        until(lambda: self.codes().count(code) == times, what=f"{times} of {receipt_no} on paper")
        self.settles(int(receipt_no.rpartition("-")[2]))

    def settles(self, seq: int) -> None:
        """The spool knows that it printed; a job under way is not started again."""
        until(lambda: self.state_of(seq) in {JobState.PRINTED, JobState.UNCONFIRMED}, what=f"job {seq} to end")

    def state_of(self, seq: int) -> JobState | None:
        job = self.till.journal.print_job_of(seq)
        return job.state if job else None

    def stop(self) -> None:
        self.worker.stop()
        self.printer.stop()


@pytest.fixture
def paper(open_till: Till) -> Iterator[Paper]:
    paper = Paper(open_till)
    yield paper
    paper.stop()


def test_a_top_up_in_cash_prints_and_opens_the_drawer_once(open_till: Till, paper: Paper) -> None:
    completed = open_till.top_up(100_000, cash(60_000), wechat(40_000))
    paper.shows(completed.receipt_no)
    assert "￥1,000.00" in paper.text()
    assert "充1000送200" in paper.text()
    assert paper.kicks() == 1


def test_what_is_not_cash_leaves_the_drawer_shut(open_till: Till, paper: Paper) -> None:
    open_till.top_up(10_000, wechat(10_000))
    sale = done(open_till.redeem(3_000))
    paper.shows(sale.receipt_no)
    assert paper.kicks() == 0


def test_a_double_tap_prints_and_kicks_once(open_till: Till, paper: Paper) -> None:
    action = open_till.counter.new_action()
    first, again = (done(open_till.counter.top_up(action, WANG, 10_000, (cash(10_000),), None)) for _ in range(2))
    assert again.seq == first.seq
    sale = done(open_till.redeem(3_000))
    paper.shows(sale.receipt_no)
    assert paper.codes().count(receipt_text(first.receipt_no)) == 1
    assert paper.kicks() == 1


def test_a_reprint_is_marked_and_keeps_the_drawer_shut(open_till: Till, paper: Paper) -> None:
    completed = open_till.top_up(10_000)
    paper.shows(completed.receipt_no)
    assert "重打" not in paper.text()
    again = done(open_till.counter.reprint(completed.seq))
    assert (again.opens_drawer, again.printing) == (False, True)
    paper.shows(completed.receipt_no, times=2)
    assert "重打 REPRINT #1" in paper.text()
    assert paper.kicks() == 1


def test_a_receipt_that_the_spool_forgot_is_written_anew_and_marked(open_till: Till, paper: Paper) -> None:
    open_till.printer = None
    open_till.restart()
    open_till.sign_in()
    sale = done(open_till.redeem(3_000))
    assert not sale.printing
    assert open_till.journal.print_job_of(sale.seq) is None
    open_till.printer = "front"
    open_till.restart()
    open_till.sign_in()
    again = done(open_till.counter.reprint(sale.seq))
    assert again.receipt == sale.receipt
    paper.shows(sale.receipt_no)
    assert "重打" in paper.text()


def test_shift_reports_print_and_print_again(open_till: Till, paper: Paper) -> None:
    done(open_till.counter.print_x_report())
    report = done(open_till.counter.close_shift(49_000))
    paper.worker.wake()
    until(lambda: "长短款" in paper.text(), what="the Z report on paper")
    assert "班中小结" in paper.text()
    assert "-￥10.00" in paper.text()
    assert report.seq is not None
    paper.settles(report.seq)
    done(open_till.counter.reprint(report.seq))
    paper.worker.wake()
    until(lambda: paper.text().count("长短款") == 2, what="the Z report again")
    assert paper.kicks() == 0


def test_the_tills_language_is_that_of_the_paper(open_till: Till, paper: Paper) -> None:
    open_till.language = Language.EN
    sale = done(open_till.redeem(3_000))
    paper.shows(sale.receipt_no)
    assert "OFFLINE, NOT CONFIRMED" in paper.text()


def test_nothing_is_printed_and_no_drawer_opens_when_the_disk_is_full(open_till: Till, paper: Paper) -> None:
    """SQLite itself says so: the file may not grow."""
    seq = open_till.journal.head().seq
    counter = open_till.counter
    limit_pages(open_till, 1)
    answers = [counter.top_up(counter.new_action(), WANG, 1_000, (cash(1_000),), None) for _ in range(20)]
    recorded = [answer for answer in answers if isinstance(answer, Completed)]
    assert refused(answers[-1]) is RefusalCode.DISK_FULL
    assert open_till.journal.head().seq == seq + len(recorded)
    limit_pages(open_till, 1_000_000)
    last = open_till.top_up(1_000)
    paper.shows(last.receipt_no)
    assert len(paper.codes()) == paper.kicks() == len(recorded) + 1


def limit_pages(till: Till, pages: int) -> None:
    """At most so many pages, but never fewer than the file has."""
    with till.journal._database.reading() as connection:
        connection.execute(f"PRAGMA max_page_count = {pages}")


def test_the_list_shows_the_newest_first_and_what_can_be_done(open_till: Till) -> None:
    topped_up = open_till.top_up(10_000)
    sale = done(open_till.redeem(3_000))
    rows = open_till.counter.receipts(10)
    assert [row.kind for row in rows] == ["redeemed", "topped_up", "shift_opened"]
    assert [(row.refundable, row.reversible) for row in rows] == [(True, True), (False, False), (False, False)]
    assert [row.amount_minor for row in rows] == [-3_000, 10_000, 50_000]
    assert (rows[0].name_masked, rows[0].staff_name, rows[0].pending) == ("王*丽", "张敏", True)
    assert rows[0].receipt_no == sale.receipt_no
    assert rows[1].receipt_no == topped_up.receipt_no
    done(open_till.counter.take_back(open_till.counter.new_action(), sale.event_id))
    assert [row.reversible for row in open_till.counter.receipts(10)] == [True, False, False, False]
    open_till.settle_and_follow()
    assert not any(row.pending for row in open_till.counter.receipts())


def test_an_unknown_receipt_cannot_be_printed(open_till: Till) -> None:
    assert refused(open_till.counter.reprint(99)) is RefusalCode.RECEIPT_UNKNOWN


def test_the_paper_bears_the_lines_of_the_document(open_till: Till, paper: Paper) -> None:
    """Document, spool, bytes, socket and back."""
    sale = done(open_till.redeem(9_800, 3_005))
    paper.shows(sale.receipt_no)
    entry = open_till.journal.entry(sale.seq)
    assert entry is not None
    assert entry.fragment in paper.text()
    expected = text_lines(lay_out(sale.receipt, columns=GENERIC_80.columns))
    assert [line.strip() for line in paper.text().splitlines()][-len(expected) :] == [line.strip() for line in expected]
