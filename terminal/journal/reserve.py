"""Space kept for the day the disk is full: a file that is given up then, so that outcomes, print states and recovery can still be written while new entries are refused."""

import errno
import os
from pathlib import Path


class Reserve:
    """`released` means that new entries wait until the space could be taken again."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        self._path = path
        self._size_bytes = size_bytes
        self.released = False

    def hold(self) -> bool:
        """Takes the space (again). False when the disk does not have it."""
        if self._path.exists() and self._path.stat().st_size == self._size_bytes:
            self.released = False
            return True
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if self._size_bytes:
                os.posix_fallocate(file, 0, self._size_bytes)
            self.released = False
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            self._path.unlink()
            self.released = True
        finally:
            os.close(file)
        return not self.released

    def release(self) -> None:
        self._path.unlink(missing_ok=True)
        self.released = True
