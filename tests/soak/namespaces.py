"""Owns network namespaces: making and removing them, and doing work inside one. Linux and root only; `why_not` says in words where that is not allowed."""

import contextlib
import ctypes
import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")
_NEW_NETWORK: Final = 0x40000000
_SET_INTERFACE: Final = 0x400454CA
_TUN_WITHOUT_HEADER: Final = 0x0001 | 0x1000
_FOLDER: Final = Path("/run/netns")
_MTU: Final = 1400


class NotAllowed(Exception):
    """This machine does not let us have network namespaces; the message says what is missing."""


def why_not() -> str:
    """Empty where everything is allowed: tried, not guessed."""
    if os.geteuid() != 0:
        return "needs root"
    if shutil.which("ip") is None:
        return "needs the command ip (Debian: iproute2)"
    try:
        with namespace("probe") as name:
            os.close(tunnel_end(name, "probe", "10.77.255.1", "10.77.255.2"))
            inside(name, os.getpid)
    except (NotAllowed, OSError) as error:
        return str(error)
    return ""


@contextlib.contextmanager
def namespace(purpose: str) -> Iterator[str]:
    """The name of a new one, with its own loopback. Raises `NotAllowed`."""
    name = f"tongchu-{os.getpid()}-{purpose}"
    _ip("netns", "add", name)
    try:
        _ip("-n", name, "link", "set", "lo", "up")
        yield name
    finally:
        _ip("netns", "delete", name)


def tunnel_end(name: str, device: str, address: str, peer: str) -> int:
    """A descriptor of a TUN device that lies in the namespace: reading it gives the packets that are sent there to `peer`. Raises `NotAllowed`."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        named = f"tc{os.getpid() % 100_000}{device}"[:15]
        fcntl.ioctl(descriptor, _SET_INTERFACE, struct.pack("16sH22s", named.encode(), _TUN_WITHOUT_HEADER, b""))
        _ip("link", "set", named, "netns", name)
        _ip("-n", name, "address", "add", address, "peer", peer, "dev", named)
        _ip("-n", name, "link", "set", named, "mtu", str(_MTU), "up")
    except (OSError, NotAllowed):
        os.close(descriptor)
        raise
    return descriptor


def enter(name: str) -> None:
    """The calling thread lives in the namespace from now on, and what it opens; call it in a child before any other thread starts."""
    with (_FOLDER / name).open("rb") as opened:
        if ctypes.CDLL(None, use_errno=True).setns(opened.fileno(), _NEW_NETWORK):
            raise OSError(ctypes.get_errno(), f"the namespace {name} cannot be entered")


def inside(name: str, work: Callable[[], T]) -> T:
    """Does the work on a thread of its own in the namespace. Sockets opened there stay there, whoever uses them later."""
    with ThreadPoolExecutor(1, f"in {name}", initializer=enter, initargs=(name,)) as pool:
        return pool.submit(work).result()


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotAllowed(f"ip {' '.join(words)}: {done.stderr.strip()}")
