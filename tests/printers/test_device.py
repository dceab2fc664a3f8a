"""Real sockets, real pseudo-terminals, real files: what arrives, what the outcome is, and that only PrinterErrors leave."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from printers.decode import decode
from printers.device import Delivery
from printers.errors import (
    PaperOut,
    PrinterConfigurationError,
    PrinterError,
    PrinterNotReady,
    PrinterTimeout,
    PrinterUnreachable,
)
from printers.escpos import encode_job
from printers.layout import lay_out, text_lines
from printers.profile import GENERIC_58, GENERIC_80, PrinterProfile, StatusSupport
from printers.simulated import SimulatedNetworkPrinter, SimulatedPrinter, SimulatedSerialPrinter
from tests.printers.sample_receipts import LINK, device, sale
from tests.waiting import until

IN_ORDER = replace(GENERIC_80, status=StatusSupport.IN_ORDER)
ONE_WAY = replace(GENERIC_80, status=StatusSupport.NONE)


@pytest.fixture(params=["network", "serial"])
def printer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SimulatedPrinter]:
    made = SimulatedNetworkPrinter() if request.param == "network" else SimulatedSerialPrinter(tmp_path / "ttyPRN")
    with made:
        yield made


def deliver(address: str, profile: PrinterProfile = GENERIC_80, *, kick_drawer: bool = False) -> Delivery:
    with device(address, profile).connected() as connection:
        connection.send(encode_job(sale(), profile, kick_drawer=kick_drawer))
        return connection.confirm()


@pytest.mark.parametrize("profile", [GENERIC_80, IN_ORDER, GENERIC_58], ids=["realtime", "in_order", "58mm"])
def test_chinese_arrives_as_it_was_laid_out(printer: SimulatedPrinter, profile: PrinterProfile) -> None:
    assert deliver(printer.target, profile, kick_drawer=True) is Delivery.CONFIRMED
    job = until(lambda: printer.jobs()[:1], what="the job on paper")[0]
    assert job.lines == text_lines(lay_out(sale(), columns=profile.columns))
    assert any(line.endswith("￥12.5：") for line in job.lines)
    assert job.drawer_kicks == 1
    assert (job.qr_payloads == (LINK,)) == profile.native_qr


def test_the_exact_bytes_are_kept(printer: SimulatedPrinter) -> None:
    deliver(printer.target, ONE_WAY)
    sent = encode_job(sale(), ONE_WAY)
    until(lambda: printer.received() == sent, what="the bytes of the job and nothing else")


def test_a_silent_printer_confirms_nothing(printer: SimulatedPrinter) -> None:
    printer.mechanism.fall_silent()
    assert deliver(printer.target) is Delivery.SENT_UNCONFIRMED
    assert deliver(printer.target, ONE_WAY) is Delivery.SENT_UNCONFIRMED


def test_a_printer_that_used_to_answer_gets_nothing_while_it_is_silent(printer: SimulatedPrinter) -> None:
    known = device(printer.target)
    with known.connected() as connection:
        connection.send(encode_job(sale(), GENERIC_80))
        assert connection.confirm() is Delivery.CONFIRMED
    printer.mechanism.fall_silent()
    with pytest.raises(PrinterTimeout, match="no longer answers"), known.connected():
        pass
    assert len(printer.jobs()) == 1


def test_no_paper_and_an_open_cover_are_told_before_anything_is_sent(printer: SimulatedPrinter) -> None:
    printer.mechanism.run_out_of_paper()
    with pytest.raises(PaperOut):
        deliver(printer.target)
    printer.mechanism.load_paper()
    printer.mechanism.go_offline()
    with pytest.raises(PrinterNotReady, match="cover open"):
        deliver(printer.target)
    assert decode(printer.received()).lines == ()


def test_paper_that_ends_within_the_receipt_is_noticed(printer: SimulatedPrinter) -> None:
    printer.mechanism.run_out_of_paper(after_lines=3)
    with pytest.raises(PaperOut):
        deliver(printer.target)
    assert len(printer.jobs()[0].lines) == 3


def test_in_order_confirmation_waits_for_a_slow_printer(printer: SimulatedPrinter) -> None:
    printer.mechanism.print_slowly(lines_per_s=40)
    assert deliver(printer.target, IN_ORDER) is Delivery.CONFIRMED
    assert printer.jobs()[0].cuts == 1


def test_an_unplugged_printer_is_unreachable_and_comes_back(printer: SimulatedPrinter) -> None:
    printer.unplug()
    with pytest.raises(PrinterUnreachable):
        deliver(printer.target)
    printer.plug_in()
    assert deliver(printer.target) is Delivery.CONFIRMED


def test_a_plug_pulled_within_the_job_is_a_printer_error(printer: SimulatedPrinter) -> None:
    printer.unplug_after(120)
    with pytest.raises(PrinterUnreachable):
        deliver(printer.target)
    assert len(printer.received()) == 120


def test_a_serial_printer_behind_a_network_box() -> None:
    with SimulatedNetworkPrinter() as printer:
        assert deliver(f"socket://127.0.0.1:{printer.port}?baud=19200") is Delivery.CONFIRMED
        assert printer.jobs()[0].qr_payloads == (LINK,)
        printer.unplug()
        with pytest.raises(PrinterUnreachable):
            deliver(f"socket://127.0.0.1:{printer.port}")


def test_a_file_only_grows_and_needs_no_confirmation(tmp_path: Path) -> None:
    path = tmp_path / "receipts.bin"
    assert deliver(f"file://{path}") is Delivery.CONFIRMED
    assert deliver(f"file://{path}") is Delivery.CONFIRMED
    assert path.read_bytes() == encode_job(sale(), GENERIC_80) * 2


def test_a_device_file_that_takes_nothing_times_out(tmp_path: Path) -> None:
    pipe = tmp_path / "lp0"
    os.mkfifo(pipe)
    with pytest.raises(PrinterUnreachable):
        deliver(f"file://{pipe}")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert deliver(f"file://{pipe}") is Delivery.SENT_UNCONFIRMED
        with pytest.raises(PrinterTimeout), device(f"file://{pipe}").connected() as connection:
            connection.send(bytes(1_000_000))
    finally:
        os.close(reader)


@contextmanager
def _listener_that_never_reads() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        held: list[socket.socket] = []
        thread = threading.Thread(target=lambda: held.append(listener.accept()[0]))
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)
        for peer in held:
            peer.close()


def test_a_printer_that_takes_no_more_data_times_out() -> None:
    with (
        _listener_that_never_reads() as port,
        pytest.raises(PrinterTimeout, match="takes no data"),
        device(f"tcp://127.0.0.1:{port}", ONE_WAY).connected() as connection,
    ):
        connection.send(bytes(20_000_000))


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("tcp://127.0.0.1:1", PrinterUnreachable),
        ("tcp://" + "a" * 70 + ":9100", PrinterError),
        ("serial:///nowhere/ttyS9", PrinterUnreachable),
        ("serial:///etc/hostname", PrinterUnreachable),
        ("socket://127.0.0.1:1", PrinterUnreachable),
        ("usb://ffff:fffe", PrinterError),
        ("file:///nowhere/receipts.bin", PrinterConfigurationError),
        ("file:///etc", PrinterConfigurationError),
    ],
)
def test_no_lower_error_escapes(address: str, error: type[PrinterError]) -> None:
    with pytest.raises(error):
        deliver(address)


def test_without_libusb_the_package_to_install_is_named() -> None:
    code = (
        "import usb.backend.libusb1 as a, usb.backend.libusb0 as b, usb.backend.openusb as c\n"
        "a.get_backend = b.get_backend = c.get_backend = lambda *args, **more: None\n"
        "from printers.target import UsbTarget\n"
        "from printers.transports import PortTimeouts, UsbPort\n"
        "UsbPort(UsbTarget(vendor=1, product=2), PortTimeouts())\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "PrinterConfigurationError" in ended.stderr
    assert "install libusb-1.0-0" in ended.stderr
