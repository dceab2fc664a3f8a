"""Addresses: what is meant, and what to write instead of what is not."""

import pytest

from printers.errors import PrinterConfigurationError
from printers.target import FileTarget, PrinterTarget, SerialTarget, TcpTarget, UsbTarget, parse_target


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("tcp://192.168.1.50:9100", TcpTarget(host="192.168.1.50", port=9100)),
        ("tcp://front-printer", TcpTarget(host="front-printer", port=9100)),
        ("tcp://[fe80::1]:9101/", TcpTarget(host="fe80::1", port=9101)),
        (" serial:///dev/pts/3?baud=19200 ", SerialTarget(path="/dev/pts/3", baud=19200)),
        ("serial:///dev/ttyS0?flow=xonxoff", SerialTarget(path="/dev/ttyS0", xonxoff=True)),
        ("socket://10.0.0.9:4001?baud=19200", TcpTarget(host="10.0.0.9", port=4001, line_baud=19200)),
        ("usb://04b8:0E15", UsbTarget(vendor=0x04B8, product=0x0E15)),
        ("file:///var/tmp/receipts.bin", FileTarget(path="/var/tmp/receipts.bin")),
    ],
)
def test_an_address_is_understood(text: str, target: PrinterTarget) -> None:
    assert parse_target(text) == target


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("", "tcp://HOST:9100, serial:///"),
        ("192.168.1.50:9100", "tcp://HOST:9100"),
        ("http://printer/", "tcp://HOST:9100"),
        ("tcp://", "write tcp://HOST:9100"),
        ("tcp://host:70000", "write one of tcp://HOST:9100"),
        ("tcp://host:0", "write tcp://HOST:9100"),
        ("tcp://host/queue", "write tcp://HOST:9100"),
        ("tcp://[::1", "write one of"),
        ("serial://dev/ttyUSB0", "three slashes"),
        ("serial:///dev/ttyUSB0?baud=fast", "baud= one of 2400"),
        ("serial:///dev/ttyUSB0?flow=rtscts", "flow=none or flow=xonxoff"),
        ("serial:///dev/ttyUSB0?speed=9600", "not speed="),
        ("socket://host", "write socket://HOST:PORT"),
        ("usb://4b8:202", "four hexadecimal digits"),
        ("usb://04b8", "four hexadecimal digits"),
        ("file://receipts.bin", "three slashes"),
        ("file:///tmp/", "three slashes"),
    ],
)
def test_a_wrong_address_says_what_to_write(text: str, remedy: str) -> None:
    with pytest.raises(PrinterConfigurationError) as caught:
        parse_target(text)
    assert remedy in str(caught.value)
    assert repr(text) in str(caught.value)
