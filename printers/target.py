"""Where a printer is: one line of configuration, parsed into one small value a kind of connection. Pure.

tcp://192.168.1.50:9100            network printer (the port may be left out)
serial:///dev/ttyUSB0?baud=9600    serial port; flow=xonxoff when the printer is set to it
socket://192.168.1.9:4001?baud=9600    serial printer behind a serial-to-network box
usb://04b8:0202                    USB vendor and product number, as `lsusb` shows them
file:///var/tmp/receipts.bin       a file that only grows, or a device such as /dev/usb/lp0
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from printers.errors import PrinterConfigurationError

RAW_PORT: Final = 9100
_BAUDS: Final = (2400, 4800, 9600, 19200, 38400, 57600, 115200)
_FORMS: Final = "tcp://HOST:9100, serial:///dev/ttyUSB0?baud=9600, socket://HOST:PORT, usb://04b8:0202 or file:///PATH"


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpTarget:
    host: str
    port: int = RAW_PORT
    line_baud: int | None = None  # of the serial line behind a network box


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialTarget:
    path: str
    baud: int = 9600
    xonxoff: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UsbTarget:
    vendor: int
    product: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTarget:
    path: str


PrinterTarget = TcpTarget | SerialTarget | UsbTarget | FileTarget


def parse_target(text: str) -> PrinterTarget:
    """Raises PrinterConfigurationError that says what to write instead."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port if parts.scheme in ("tcp", "socket") else None
    except ValueError as error:
        raise PrinterConfigurationError(f"printer address {text!r}: {error}; write one of {_FORMS}") from error
    match parts.scheme:
        case "tcp":
            if not parts.hostname or parts.path.strip("/") or parts.query or port == 0:
                raise _wrong(text, f"tcp://HOST:{RAW_PORT}")
            return TcpTarget(host=parts.hostname, port=port or RAW_PORT)
        case "serial":
            return _serial(text, parts)
        case "socket":
            if not parts.hostname or not port or parts.path.strip("/"):
                raise _wrong(text, "socket://HOST:PORT?baud=9600")
            options = _options(text, parts, "baud")
            return TcpTarget(host=parts.hostname, port=port, line_baud=_baud(text, options))
        case "usb":
            return _usb(text, parts)
        case "file":
            if parts.netloc or not parts.path.startswith("/") or parts.path.endswith("/"):
                raise _wrong(text, "file:///PATH (three slashes)")
            return FileTarget(path=parts.path)
        case _:
            raise _wrong(text, _FORMS)


def _serial(text: str, parts: SplitResult) -> SerialTarget:
    if parts.netloc or not parts.path.startswith("/"):
        raise _wrong(text, "serial:///dev/ttyUSB0?baud=9600 (three slashes)")
    options = _options(text, parts, "baud", "flow")
    flow = options.get("flow", "none")
    if flow not in ("none", "xonxoff"):
        raise _wrong(text, "flow=none or flow=xonxoff")
    return SerialTarget(path=parts.path, baud=_baud(text, options), xonxoff=flow == "xonxoff")


def _options(text: str, parts: SplitResult, *known: str) -> dict[str, str]:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = options.keys() - set(known)
    if unknown:
        raise _wrong(text, f"only {' and '.join(f'{name}=' for name in known)} behind the ?, not {min(unknown)}=")
    return options


def _baud(text: str, options: dict[str, str]) -> int:
    baud = options.get("baud", "9600")
    if baud not in map(str, _BAUDS):
        raise _wrong(text, f"baud= one of {', '.join(map(str, _BAUDS))}")
    return int(baud)


def _usb(text: str, parts: SplitResult) -> UsbTarget:
    vendor, _, product = parts.netloc.partition(":")
    digits = frozenset("0123456789abcdefABCDEF")
    if not all(len(part) == 4 and digits.issuperset(part) for part in (vendor, product)):
        raise _wrong(text, "usb://04b8:0202 (vendor:product, four hexadecimal digits each, as lsusb shows them)")
    return UsbTarget(vendor=int(vendor, 16), product=int(product, 16))


def _wrong(text: str, remedy: str) -> PrinterConfigurationError:
    return PrinterConfigurationError(f"printer address {text!r} cannot be used; write {remedy}")
