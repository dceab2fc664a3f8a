"""Owns the keys of a running head office: read at the start, and the signing keys anew as soon as their lists on disk have changed, without a restart (H16).

The lists are replaced in one step by `rotation`, after the key they name was written. Must not write. Put together by `app.open_office`; used by whoever signs or verifies.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from secrets import token_bytes

from hq_server.keys.key_files import CERTIFICATES, REVOCATIONS, HqKeys, KeysUnusable, load_keys

logger = logging.getLogger(__name__)
_Stamps = tuple[tuple[int, int, int] | None, ...]


class KeyRing:
    """Thread-safe. Only what the root signs can change: certificates, revocations and the keys that they name; everything else stays as it was at the start."""

    def __init__(self, directory: Path, random: Callable[[int], bytes] = token_bytes) -> None:
        """Raises `KeysUnusable`."""
        self._directory = directory
        self._lock = threading.Lock()
        self._seen = self._stamps()
        self._keys = load_keys(directory, random=random)

    @property
    def keys(self) -> HqKeys:
        """As the directory has them now; those before, with a line in the log, while it cannot be read."""
        stamps = self._stamps()
        if stamps != self._seen:
            with self._lock:
                if stamps != self._seen:
                    self._renew()
                    self._seen = stamps
        return self._keys

    def _renew(self) -> None:
        try:
            found = load_keys(self._directory)
        except (KeysUnusable, OSError) as error:
            logger.error("the signing keys have changed and cannot be read; those before stay in use: %s", error)
            return
        if found.root_public_key != self._keys.root_public_key:
            logger.error("the key directory is of another root now; the keys before stay in use")
            return
        self._keys = replace(
            self._keys,
            certificates=found.certificates,
            revocations=found.revocations,
            signing_keys=found.signing_keys,
        )
        counts = {"certificates": len(found.certificates), "revocations": len(found.revocations)}
        logger.warning("the signing keys have changed", extra=counts)

    def _stamps(self) -> _Stamps:
        return tuple(_stamp(self._directory / name) for name in (CERTIFICATES, REVOCATIONS))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
