"""Owns the documents and printers that the tests of this folder share."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from printers.device import PrinterDevice
from printers.document import Align, Cell, Columns, Cut, Mark, Qr, Receipt, Row, Rule, Size, Text, Title
from printers.profile import GENERIC_80, PrinterProfile
from printers.spool import PrintJob, RetryPolicy, SpoolWorker, create_print_jobs, enqueue
from printers.target import parse_target
from printers.transports import PortTimeouts

MORNING = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
SHORT_WAITS = PortTimeouts(connect_s=1.0, write_s=2.0, answer_s=0.25)
LINK = "https://m.example.test/r/T03-000417?s=abc"


def sale(number: str = "S01-T1-417") -> Receipt:
    return Receipt(
        blocks=(
            Title(text="阳光便利店"),
            Text(text=f"小票号: {number}\n收银员: 王芳  会员: 赵*喆"),
            Rule(),
            Columns(
                cells=(
                    Cell(text="农夫山泉550ml", weight=6),
                    Cell(text="2", align=Align.RIGHT),
                    Cell(text="4.00", weight=2, align=Align.RIGHT),
                )
            ),
            Row(left="合计", right="￥12.5：", bold=True, size=Size.LARGE),
            Row(left="储值余额", right="￥1,234.56"),
            Mark(text="离线·未确认"),
            Qr(data=LINK, caption="扫码查看余额"),
            Text(text="谢谢惠顾，欢迎再来！", align=Align.CENTER),
            Cut(),
        )
    )


def device(address: str, profile: PrinterProfile = GENERIC_80) -> PrinterDevice:
    return PrinterDevice(parse_target(address), profile, SHORT_WAITS)


class Journal:
    """A database file with the table of print jobs, opened as a till opens its journal."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self) -> "Journal":
        with self.connect() as conn:
            create_print_jobs(conn)
        conn.close()
        return self

    def connect(self) -> sqlite3.Connection:
        conn = sqlite3.connect(self.path, timeout=5.0)
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA synchronous = FULL")
        return conn

    def enqueue(self, *numbers: str, printer: str = "front", kick_drawer: bool = False) -> None:
        conn = self.connect()
        with conn:
            for at, number in enumerate(numbers):
                job = PrintJob(
                    job_id=number,
                    kind="redeem_receipt",
                    printer=printer,
                    document=sale(number),
                    created_at=MORNING + timedelta(milliseconds=at),
                    entry_seq=at,
                    kick_drawer=kick_drawer,
                )
                enqueue(conn, job)
        conn.close()

    def states(self) -> dict[str, str]:
        conn = self.connect()
        rows = dict(conn.execute("SELECT job_id, state FROM print_jobs").fetchall())
        conn.close()
        return rows

    def worker(self, printer: str, address: str, profile: PrinterProfile = GENERIC_80) -> SpoolWorker:
        return SpoolWorker(
            printer,
            device(address, profile),
            self.connect,
            clock=lambda: MORNING + timedelta(seconds=5),
            retry=RetryPolicy(first_s=0.05, most_s=0.2),
        )
