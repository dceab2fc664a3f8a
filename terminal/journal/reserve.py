"""Space kept for the day the disk is full: a file that is given up then, so that outcomes, print states and recovery can still be written while new entries are refused."""

import errno
import os
from contextlib import suppress
from pathlib import Path


class Reserve:
    """`released` means that new entries wait until the space could be taken again."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        self._path = path
        self._size_bytes = size_bytes
        self.released = False

    def hold(self) -> bool:
        """Takes the space (again). False when the disk does not have it; raises `OSError` when the disk is at fault."""
        if self.is_there() and self._path.stat().st_size == self._size_bytes:
            self.released = False
            return True
        self.released = True
        try:
            self._take()
            self.released = False
        except OSError as error:
            self.release()
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
        return not self.released

    def hold_if_possible(self) -> None:
        """At the start: a fault of the disk is for the first entry to find."""
        with suppress(OSError):
            self.hold()

    def is_there(self) -> bool:
        return self._path.exists()

    def release(self) -> None:
        """A file that cannot even be deleted stays, and is found held at the next look."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        self.released = True

    def _take(self) -> None:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if self._size_bytes:
                os.posix_fallocate(file, 0, self._size_bytes)
        finally:
            os.close(file)
