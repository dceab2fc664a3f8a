"""What tells this machine from another one: a hash over the marks that operating system and board carry. A disk that was moved or copied into another machine shows by it (H6).

Reads the usual places and needs none of them; knows nothing of journals. It detects an honest copy, and no forger: whoever has root writes these marks himself.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

USUAL_PLACES: Final = (
    Path("/etc/machine-id"),
    Path("/sys/class/dmi/id/product_uuid"),
    Path("/sys/class/dmi/id/board_serial"),
    Path("/proc/device-tree/serial-number"),
)


def machine_mark(places: Sequence[Path] = USUAL_PLACES) -> str:
    """Empty when no place can be read: such a machine is not told from another."""
    found = [text for place in places if (text := _read(place))]
    if not found:
        return ""
    return hashlib.sha256("\0".join(("tongchu/machine/1", *found)).encode()).hexdigest()


def _read(place: Path) -> str:
    try:
        return place.read_text("utf-8", errors="replace").strip("\0 \n")
    except OSError:
        return ""
