"""The ports themselves: each class owns one open connection, its timeouts and its errors, and carries bytes both
ways. It knows nothing of receipts or of what the bytes mean. Every lower error leaves as a PrinterError.

A connection lives for one print job: opening it anew each time is the reconnect, and network printers serve one
peer at a time, so holding it would lock the other tills out. No modem line is required: half of the adapters sold
do not wire them.
"""

import errno
import os
import select
import socket
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, assert_never

import serial
import usb.core
import usb.util

from printers.errors import PrinterConfigurationError, PrinterError, PrinterTimeout, PrinterUnreachable
from printers.target import FileTarget, PrinterTarget, SerialTarget, TcpTarget, UsbTarget

_CHUNK = 512
_LINGER_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class PortTimeouts:
    connect_s: float = 3.0
    write_s: float = 15.0  # for one job, beside the time that its bytes need on a serial line
    answer_s: float = 1.0


class PrinterPort(Protocol):
    """An open connection to one printer."""

    keeps: bool  # what was written is safe where it went: a regular file needs no confirmation

    def write(self, data: bytes) -> None:
        """All of it, or PrinterTimeout / PrinterUnreachable: then any part of it may have arrived."""
        ...

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, waiting for the first byte; empty when nothing did."""
        ...

    def line_time_s(self, size: int) -> float:
        """How long `size` bytes are under way after `write` has returned."""
        ...

    def close(self) -> None: ...


def open_port(target: PrinterTarget, timeouts: PortTimeouts) -> PrinterPort:
    match target:
        case TcpTarget():
            return TcpPort(target, timeouts)
        case SerialTarget():
            return SerialPort(target, timeouts)
        case UsbTarget():
            return UsbPort(target, timeouts)
        case FileTarget():
            return FilePort(target, timeouts)
        case _:
            assert_never(target)


class TcpPort:
    keeps = False

    def __init__(self, target: TcpTarget, timeouts: PortTimeouts) -> None:
        self._where = f"tcp://{target.host}:{target.port}"
        self._timeouts = timeouts
        self._line_baud = target.line_baud
        try:
            self._socket = socket.create_connection((target.host, target.port), timeouts.connect_s)
        except TimeoutError as error:
            raise PrinterUnreachable(f"{self._where}: no answer in {timeouts.connect_s:g} s") from error
        except OSError as error:
            raise PrinterUnreachable(f"{self._where}: {error.strerror or error}") from error
        except UnicodeError as error:  # a host name that cannot be one, found only by the resolver
            raise PrinterConfigurationError(f"{self._where}: {error}") from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def write(self, data: bytes) -> None:
        self._socket.settimeout(self._timeouts.write_s)
        try:
            self._socket.sendall(data)
        except TimeoutError as error:
            raise PrinterTimeout(f"{self._where}: takes no data for {self._timeouts.write_s:g} s") from error
        except OSError as error:
            raise PrinterUnreachable(f"{self._where}: {error.strerror or error}") from error

    def read(self, timeout_s: float) -> bytes:
        self._socket.settimeout(max(timeout_s, 0.001))  # 0 would mean non-blocking
        try:
            data = self._socket.recv(256)
        except TimeoutError:
            return b""
        except OSError as error:
            raise PrinterUnreachable(f"{self._where}: {error.strerror or error}") from error
        if not data:
            raise PrinterUnreachable(f"{self._where}: the printer closed the connection")
        return data

    def line_time_s(self, size: int) -> float:
        return 0.0 if self._line_baud is None else size * 10 / self._line_baud

    def close(self) -> None:
        """Says goodbye first: closing over unread status bytes resets the connection, and some printers then drop
        what they have not printed yet."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            self._socket.settimeout(_LINGER_S)
            deadline = time.monotonic() + _LINGER_S
            while self._socket.recv(256) and time.monotonic() < deadline:
                pass
        self._socket.close()


class SerialPort:
    keeps = False

    def __init__(self, target: SerialTarget, timeouts: PortTimeouts) -> None:
        self._where = target.path
        self._timeouts = timeouts
        self._baud = target.baud
        try:
            self._port = serial.Serial(
                target.path, baudrate=target.baud, xonxoff=target.xonxoff, rtscts=False, dsrdtr=False, timeout=0
            )
        except serial.SerialException as error:
            raise self._opening(error) from error
        except (OSError, ValueError) as error:
            raise PrinterConfigurationError(f"{self._where}: {error}") from error

    def _opening(self, error: serial.SerialException) -> PrinterError:
        if error.errno in (errno.EACCES, errno.EPERM):
            return PrinterConfigurationError(f"{self._where}: no permission; add the till's user to the group dialout")
        return PrinterUnreachable(f"{self._where}: {error}")

    def write(self, data: bytes) -> None:
        # Small pieces: each write returns when its bytes are in the port's buffer, so a dead printer is seen early.
        deadline = time.monotonic() + self._timeouts.write_s + self.line_time_s(len(data))
        try:
            for at in range(0, len(data), _CHUNK):
                self._port.write_timeout = max(deadline - time.monotonic(), 0.001)
                self._port.write(data[at : at + _CHUNK])
        except serial.SerialTimeoutException as error:
            raise PrinterTimeout(f"{self._where}: takes no data") from error
        except (serial.SerialException, OSError) as error:
            raise PrinterUnreachable(f"{self._where}: {error}") from error

    def read(self, timeout_s: float) -> bytes:
        try:
            self._port.timeout = timeout_s
            first = self._port.read(1)
            self._port.timeout = 0
            return bytes(first + self._port.read(255)) if first else b""
        except (serial.SerialException, OSError) as error:
            raise PrinterUnreachable(f"{self._where}: {error}") from error

    def line_time_s(self, size: int) -> float:
        return size * 10 / self._baud

    def close(self) -> None:
        with suppress(serial.SerialException, OSError):
            self._port.close()


class UsbPort:
    """A printer of the USB printer class, by libusb; the endpoints are found, not guessed."""

    keeps = False

    def __init__(self, target: UsbTarget, timeouts: PortTimeouts) -> None:
        self._where = f"usb://{target.vendor:04x}:{target.product:04x}"
        self._timeouts = timeouts
        try:
            self._device = usb.core.find(idVendor=target.vendor, idProduct=target.product)
            if self._device is None:
                raise PrinterUnreachable(f"{self._where}: not plugged in, or switched off")
            self._claim()
        except usb.core.NoBackendError as error:
            raise PrinterConfigurationError(f"{self._where}: libusb is missing; install libusb-1.0-0") from error
        except usb.core.USBError as error:
            if error.errno == errno.EACCES:
                raise PrinterConfigurationError(f"{self._where}: no permission; add a udev rule for it") from error
            raise PrinterUnreachable(f"{self._where}: {error}") from error

    def _claim(self) -> None:
        for interface in self._device.get_active_configuration():
            out = usb.util.find_descriptor(interface, custom_match=_bulk(usb.util.ENDPOINT_OUT))
            if interface.bInterfaceClass in (0x07, 0xFF) and out is not None:
                self._out = out
                self._in = usb.util.find_descriptor(interface, custom_match=_bulk(usb.util.ENDPOINT_IN))
                with suppress(NotImplementedError):  # only Linux binds a driver that must let go
                    if self._device.is_kernel_driver_active(interface.bInterfaceNumber):
                        self._device.detach_kernel_driver(interface.bInterfaceNumber)
                usb.util.claim_interface(self._device, interface.bInterfaceNumber)
                return
        raise PrinterConfigurationError(f"{self._where}: this USB device is not a printer")

    def write(self, data: bytes) -> None:
        try:
            written = self._out.write(data, int(self._timeouts.write_s * 1000))
        except usb.core.USBTimeoutError as error:
            raise PrinterTimeout(f"{self._where}: takes no data for {self._timeouts.write_s:g} s") from error
        except usb.core.USBError as error:
            raise PrinterUnreachable(f"{self._where}: {error}") from error
        if written != len(data):
            raise PrinterTimeout(f"{self._where}: took {written} of {len(data)} bytes")

    def read(self, timeout_s: float) -> bytes:
        if self._in is None:
            return b""
        try:
            return bytes(self._in.read(64, max(int(timeout_s * 1000), 1)))
        except usb.core.USBTimeoutError:
            return b""
        except usb.core.USBError as error:
            raise PrinterUnreachable(f"{self._where}: {error}") from error

    def line_time_s(self, size: int) -> float:  # noqa: ARG002 - the write returns when the printer has the bytes
        return 0.0

    def close(self) -> None:
        with suppress(usb.core.USBError):
            usb.util.dispose_resources(self._device)


def _bulk(direction: int) -> "_EndpointTest":
    return _EndpointTest(direction)


@dataclass(frozen=True, slots=True)
class _EndpointTest:
    direction: int

    def __call__(self, endpoint: usb.core.Endpoint) -> bool:
        is_bulk = usb.util.endpoint_type(endpoint.bmAttributes) == usb.util.ENDPOINT_TYPE_BULK
        return bool(is_bulk and usb.util.endpoint_direction(endpoint.bEndpointAddress) == self.direction)


class FilePort:
    """A file that only grows, or a kernel printer device; never blocks for ever on the latter."""

    def __init__(self, target: FileTarget, timeouts: PortTimeouts) -> None:
        self._where = target.path
        self._timeouts = timeouts
        try:
            self._file = os.open(target.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o600)
            self.keeps = stat.S_ISREG(os.fstat(self._file).st_mode)
        except OSError as error:
            if error.errno in (errno.ENODEV, errno.ENXIO, errno.EBUSY):
                raise PrinterUnreachable(f"{self._where}: {error.strerror}") from error
            raise PrinterConfigurationError(f"{self._where}: {error.strerror}; the directory must exist") from error

    def write(self, data: bytes) -> None:
        deadline = time.monotonic() + self._timeouts.write_s
        rest = memoryview(data)
        try:
            while rest:
                _, writable, _ = select.select([], [self._file], [], max(deadline - time.monotonic(), 0))
                if not writable:
                    raise PrinterTimeout(f"{self._where}: takes no data for {self._timeouts.write_s:g} s")
                rest = rest[os.write(self._file, rest[:_CHUNK]) :]
            if self.keeps:
                os.fsync(self._file)
        except OSError as error:
            raise PrinterUnreachable(f"{self._where}: {error.strerror}") from error

    def read(self, timeout_s: float) -> bytes:  # noqa: ARG002 - a file has nothing to say
        return b""

    def line_time_s(self, size: int) -> float:  # noqa: ARG002 - a file takes no time
        return 0.0

    def close(self) -> None:
        os.close(self._file)
