"""The demo's franchise as real parts: a head office process, and for each till a cable, a printer, a scanner and a process. Owns their files and ends them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from hq_server import franchise_data
from hq_server.config import load_config
from hq_server.franchise import SampleFranchise
from hq_server.initialise import initialise
from printers.simulated import SimulatedNetworkPrinter, SimulatedPrinter, SimulatedSerialPrinter
from terminal.devices.simulated import SimulatedScanner
from tongchu.demo.cable import Cable
from tongchu.demo.till_process import TillProcess

_HQ_START_TIMEOUT_S = 60.0
_END_TIMEOUT_S = 20.0
_NAP_S = 0.05


class DemoFailed(Exception):
    """A part of the demo did not start or did not do its work; the message says which and where its log lies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TillStand:
    """One till with everything around it. `process` is None while a window of its own runs it."""

    name: str
    store_id: str
    config_path: Path
    data_dir: Path
    cable: Cable
    printer: SimulatedPrinter
    scanner: SimulatedScanner
    process: TillProcess | None

    @property
    def till(self) -> TillProcess:
        assert self.process is not None, f"{self.name} is run by its own window"
        return self.process


@dataclass(frozen=True, slots=True, kw_only=True)
class Franchise:
    url: str
    folder: Path
    sample: SampleFranchise
    stands: dict[str, TillStand]
    opened_on: date


def today() -> date:
    """Where the stores are."""
    return datetime.now(ZoneInfo(franchise_data.ZONE)).date()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_franchise(folder: Path, *, port: int, windows: frozenset[str] = frozenset()) -> Iterator[Franchise]:
    """Head office and enrolled tills, until the block ends. Tills named in `windows` get no process here. Raises `DemoFailed`."""
    with ExitStack() as stack:
        config_path = folder / "hq.toml"
        config_path.write_text(f'data_dir = "hq"\nport = {port}\n', encoding="utf-8")
        report = initialise(load_config(config_path), sample=True, now=datetime.now(UTC))
        assert report.sample is not None
        opened_on = today()
        url = stack.enter_context(_head_office(config_path, port, folder / "hq.log"))
        stands = {
            str(code.terminal_id): _stand(stack, folder, code.terminal_id, port, place)
            for place, code in enumerate(report.sample.codes)
        }
        _enrol(stands, {str(code.terminal_id): code.code for code in report.sample.codes})
        for name in stands.keys() - windows:
            process = TillProcess(name, stands[name].config_path)
            stack.callback(process.close)
            stands[name] = replace(stands[name], process=process)
        for stand in stands.values():
            if stand.process is not None:
                stand.process.wait_until_ready()
        yield Franchise(url=url, folder=folder, sample=report.sample, stands=stands, opened_on=opened_on)


@contextmanager
def _head_office(config_path: Path, port: int, log: Path) -> Iterator[str]:
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tongchu", "hq", "serve", "--config", str(config_path)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C ends the demo first, the demo then ends head office
        )
        try:
            answers = wait_for(lambda: process.poll() is not None or _answers(url), _HQ_START_TIMEOUT_S)
            if not answers or process.poll() is not None:
                raise DemoFailed(f"head office did not start on {url}; see {log}")
            yield url
        finally:
            process.terminate()
            try:
                process.wait(_END_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=1).status_code < 500
    except httpx.TransportError:
        return False


def wait_for(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Looks until the condition holds; False when the time is over."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_NAP_S)
    return True


def _stand(stack: ExitStack, folder: Path, name: str, port: int, place: int) -> TillStand:
    """Printers alternate between the network and a serial line."""
    home = folder / name
    home.mkdir()
    printer = SimulatedNetworkPrinter() if place % 2 == 0 else SimulatedSerialPrinter(home / "printer")
    stack.enter_context(printer)
    scanner = stack.enter_context(SimulatedScanner(home / "scanner"))
    cable = stack.enter_context(Cable("127.0.0.1", port))
    config_path = home / "till.toml"
    config_path.write_text(
        f'data_dir = "data"\nscanner = "{home / "scanner"}"\npoll_interval_s = 0.5\nfullscreen = false\n'
        f'\n[[printers]]\nname = "counter"\ntarget = "{printer.target}"\nprofile = "generic-80"\n',
        encoding="utf-8",
    )
    return TillStand(
        name=name,
        store_id=name.partition("-")[0],
        config_path=config_path,
        data_dir=home / "data",
        cable=cable,
        printer=printer,
        scanner=scanner,
        process=None,
    )


def _enrol(stands: dict[str, TillStand], codes: dict[str, str]) -> None:
    """By the command that a technician types, all at once."""
    running = {
        name: subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tongchu",
                "till",
                "enrol",
                stand.cable.url,
                codes[name],
                "-c",
                str(stand.config_path),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "KIVY_NO_ARGS": "1"},
            text=True,
        )
        for name, stand in stands.items()
    }
    for name, process in running.items():
        said, _ = process.communicate(timeout=120)
        if process.returncode:
            raise DemoFailed(f"till {name} was not enrolled: {said.strip()}")
