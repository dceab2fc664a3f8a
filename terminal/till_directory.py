"""Where a till's files lie: journal, replica, and the secret keys as files for their owner only.

The keys are safe from other accounts of the machine, not from whoever takes its disk.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.errors import SignatureError
from sync.keys import decode_bytes, encode_bytes, private_key_bytes


class KeyFileUnusable(Exception):
    """A key file is missing or is not what it should be; the message names the file and the remedy."""


@dataclass(frozen=True, slots=True)
class TillSecrets:
    """`staff_pepper` is text as `sync.pins` takes it, `phone_tag_key` bytes as `sync.personal` takes it."""

    terminal_key: Ed25519PrivateKey
    staff_pepper: str
    phone_tag_key: bytes


class TillDirectory:
    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def journal(self) -> Path:
        return self.path / "journal.db"

    @property
    def replica(self) -> Path:
        return self.path / "replica.db"

    def download(self, sha256: str) -> Path:
        """The snapshot of that hash on its way; a half one is continued. Half ones of other snapshots are thrown away."""
        wanted = self.path / f"snapshot-{sha256[:16]}.part"
        for path in self.path.glob("snapshot*.part"):
            if path != wanted:
                path.unlink(missing_ok=True)
        return wanted

    def free_bytes(self) -> int:
        """Of the disk that it lies on."""
        return shutil.disk_usage(self.path).free

    def secrets(self) -> TillSecrets:
        """Raises `KeyFileUnusable`."""
        return TillSecrets(
            terminal_key=Ed25519PrivateKey.from_private_bytes(self._read("terminal.key")),
            staff_pepper=encode_bytes(self._read("staff-pepper.key")),
            phone_tag_key=self._read("phone-tag.key"),
        )

    def terminal_key(self, make: Ed25519PrivateKey) -> Ed25519PrivateKey:
        """The key made earlier; else keeps `make`, before anybody is told of it."""
        if not self._key_path("terminal.key").exists():
            self._write("terminal.key", private_key_bytes(make))
        return Ed25519PrivateKey.from_private_bytes(self._read("terminal.key"))

    def keep_shared_secrets(self, staff_pepper: str, phone_tag_key: str) -> None:
        """Both as they travel, base64url."""
        self._write("staff-pepper.key", decode_bytes(staff_pepper))
        self._write("phone-tag.key", decode_bytes(phone_tag_key))

    def _key_path(self, name: str) -> Path:
        return self.path / "keys" / name

    def _write(self, name: str, value: bytes) -> None:
        path = self._key_path(name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "wb") as writing:
            writing.write(encode_bytes(value).encode() + b"\n")
            writing.flush()
            os.fsync(file)
        draft.replace(path)
        _flush_folder(path.parent)
        _flush_folder(path.parent.parent)

    def _read(self, name: str) -> bytes:
        path = self._key_path(name)
        try:
            mode = path.stat().st_mode & 0o777
            text = path.read_text("ascii").strip()
        except FileNotFoundError as error:
            raise KeyFileUnusable(f"{path}: missing; enrol this till with `tongchu till enrol URL CODE`") from error
        except (OSError, UnicodeDecodeError) as error:
            raise KeyFileUnusable(f"{path}: cannot be read ({error}); restore it or enrol anew") from error
        if mode & 0o077:
            raise KeyFileUnusable(f"{path}: others may read it (mode {mode:04o}); run `chmod 600 {path}`")
        try:
            value = decode_bytes(text)
        except SignatureError as error:
            raise KeyFileUnusable(f"{path}: is not a key; restore it or enrol anew") from error
        if len(value) != 32:
            raise KeyFileUnusable(f"{path}: holds {len(value)} bytes, a key has 32; restore it or enrol anew")
        return value


def _flush_folder(folder: Path) -> None:
    """A rename is on disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
