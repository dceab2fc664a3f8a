"""Owns the directory of head office's secret keys: makes it once, reads it at every start.

Called by `initialise` and by whoever starts HQ. It refuses what others on the machine could read. What the files do
not protect from: root on this machine, and a backup that holds them beside the database.
The root key itself is never read here: once `certificates.json` is written, `root.key` can be carried away to a safe.
"""

import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_bytes

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hq_server.keys.derived import KEY_BYTES, DerivedKey, derive, scope_key
from sync.errors import SignatureError
from sync.keys import (
    KeyCertificate,
    KeyPurpose,
    KeyRevocation,
    TrustedKeys,
    certify,
    check_certificate,
    check_revocation,
    decode_bytes,
    encode_bytes,
    public_key_text,
)

ROOT_KEY = "root.key"
ROOT_PUBLIC = "root.pub"
CERTIFICATES = "certificates.json"
ANCHOR_KEY = "anchor.key"
RULEBOOK_KEY = "rulebook.key"
REVOCATIONS = "revocations.json"
SEAL_KEY = "seal.key"
SECRETS = ("data.key", "phone-index.key", "tokens.key", "console.key", "scopes.key")
CERTIFIED_DAYS = 3 * 365
_CLOCK_LEEWAY = timedelta(days=1)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeysUnusable(Exception):
    """The key directory cannot be used as it is; says which file, what is wrong and what to do."""

    def __init__(self, path: Path, what: str, remedy: str) -> None:
        super().__init__(f"{path}: {what}. {remedy}")
        self.path = path
        self.what = what
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class SigningKey:
    private: Ed25519PrivateKey
    certificate: KeyCertificate

    @property
    def key_id(self) -> str:
        return self.certificate.key_id


@dataclass(frozen=True, slots=True, kw_only=True)
class HqKeys:
    """Everything secret that a running HQ needs. `phone_index_key` never leaves HQ (L10). `random` gives the secret bytes for nonces and ids."""

    root_public_key: str
    certificates: tuple[KeyCertificate, ...]
    revocations: tuple[KeyRevocation, ...]
    signing_keys: tuple[SigningKey, ...]
    seal: X25519PrivateKey
    data_key: bytes
    phone_index_key: bytes
    token_secret: bytes
    console_secret: bytes
    scope_master: bytes
    random: Callable[[int], bytes] = field(default=token_bytes, repr=False)

    def signing(self, purpose: KeyPurpose, at: datetime) -> SigningKey:
        """The newest key that may sign for the purpose what is dated `at`. Raises `KeysUnusable` when there is none."""
        usable = [each for each in self.signing_keys if each.certificate.purpose is purpose and self.may_sign(each, at)]
        if not usable:
            what = f"no {purpose} key is certified for {at:%Y-%m-%d} and not revoked"
            raise KeysUnusable(Path(CERTIFICATES), what, f"Run: tongchu hq rotate-key {purpose} --at-once")
        return max(usable, key=lambda each: each.certificate.not_before)

    def may_sign(self, key: SigningKey, at: datetime) -> bool:
        certificate = key.certificate
        revoked = any(
            (each.key_id, each.purpose) == (certificate.key_id, certificate.purpose) for each in self.revocations
        )
        return not revoked and certificate.not_before <= at <= certificate.not_after

    @property
    def trusted(self) -> TrustedKeys:
        """What head office itself believes of what it signed."""
        return TrustedKeys(self.root_public_key, self.certificates, self.revocations)

    @property
    def seal_public_key(self) -> str:
        return encode_bytes(self.seal.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def scope_key(self, scope: str, generation: int = 1) -> DerivedKey:
        return scope_key(self.scope_master, scope, generation)

    def staff_pepper(self, store_id: str) -> str:
        """Base64url, as it travels in `Enrolment.staff_pepper`."""
        return encode_bytes(derive(self.scope_master, "staff-pepper", store_id))

    @property
    def phone_tag_key(self) -> bytes:
        """One for the franchise: tags are too short to tell much, and members are known in more than one store (H14)."""
        return derive(self.scope_master, "phone-tag", "franchise")


def init_keys(directory: Path, *, now: datetime, random: Callable[[int], bytes] = token_bytes) -> HqKeys:
    """Makes every key. Refuses a directory that holds any already: keys are never overwritten."""
    if directory.exists() and any(directory.iterdir()):
        held = min(path.name for path in directory.iterdir())
        raise KeysUnusable(directory, f"already holds {held}", "Choose an empty directory, or start HQ with these keys")
    directory.parent.mkdir(parents=True, exist_ok=True)
    making = directory.with_name(directory.name + ".making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    _make(making, now, random)
    # All of them or none: a half-made set would look like a damaged one.
    making.rename(directory)
    return load_keys(directory, random=random)


def _make(directory: Path, now: datetime, random: Callable[[int], bytes]) -> None:
    root = Ed25519PrivateKey.from_private_bytes(random(KEY_BYTES))
    write_key(directory / ROOT_KEY, root.private_bytes_raw())
    certificates = []
    for name, purpose in ((ANCHOR_KEY, KeyPurpose.ANCHOR), (RULEBOOK_KEY, KeyPurpose.RULEBOOK)):
        private = Ed25519PrivateKey.from_private_bytes(random(KEY_BYTES))
        write_key(directory / name, private.private_bytes_raw())
        not_after = now + timedelta(days=CERTIFIED_DAYS)
        certificates.append(certify(root, public_key_text(private), purpose, now - _CLOCK_LEEWAY, not_after))
    for name in (SEAL_KEY, *SECRETS):
        write_key(directory / name, random(KEY_BYTES))
    write_key(directory / ROOT_PUBLIC, decode_bytes(public_key_text(root)))
    _write_text(directory / CERTIFICATES, msgspec.json.format(msgspec.json.encode(certificates)).decode())


def load_keys(directory: Path, *, random: Callable[[int], bytes] = token_bytes) -> HqKeys:
    """Raises `KeysUnusable` for a missing, unreadable or exposed file, or a certificate the root did not sign."""
    if not directory.is_dir():
        raise KeysUnusable(
            directory, "there is no key directory", "Run `tongchu hq init`, or set keys_dir to where it is"
        )
    _refuse_exposed(directory)
    root_public_key = encode_bytes(read_key(directory / ROOT_PUBLIC))
    certificates = _read_certificates(directory / CERTIFICATES, root_public_key)
    data_key, phone_index_key, token_secret, console_secret, scope_master = (
        read_key(directory / name) for name in SECRETS
    )
    return HqKeys(
        root_public_key=root_public_key,
        certificates=certificates,
        revocations=_read_revocations(directory / REVOCATIONS, root_public_key),
        signing_keys=_signing_keys(directory, certificates),
        seal=X25519PrivateKey.from_private_bytes(read_key(directory / SEAL_KEY)),
        data_key=data_key,
        phone_index_key=phone_index_key,
        token_secret=token_secret,
        console_secret=console_secret,
        scope_master=scope_master,
        random=random,
    )


def key_file_of(directory: Path, certificate: KeyCertificate) -> Path:
    """Of a key that was made later than the first of its purpose."""
    return directory / f"{certificate.purpose}-{certificate.key_id}.key"


def _signing_keys(directory: Path, certificates: tuple[KeyCertificate, ...]) -> tuple[SigningKey, ...]:
    """The first keys of each purpose have a file name of their own; a later one's file may have been carried away when its time was over."""
    found = [
        _first_key(directory / name, purpose, certificates)
        for name, purpose in ((ANCHOR_KEY, KeyPurpose.ANCHOR), (RULEBOOK_KEY, KeyPurpose.RULEBOOK))
    ]
    for certificate in certificates:
        path = key_file_of(directory, certificate)
        if path.exists():
            found.append(SigningKey(Ed25519PrivateKey.from_private_bytes(read_key(path)), certificate))
    return tuple(found)


def _first_key(path: Path, purpose: KeyPurpose, certificates: tuple[KeyCertificate, ...]) -> SigningKey:
    private = Ed25519PrivateKey.from_private_bytes(read_key(path))
    public = public_key_text(private)
    for certificate in certificates:
        if certificate.purpose is purpose and certificate.public_key == public:
            return SigningKey(private, certificate)
    raise KeysUnusable(
        path, f"no certificate for {purpose} names this key", "Restore the file that belongs to it from the backup"
    )


def _read_revocations(path: Path, root_public_key: str) -> tuple[KeyRevocation, ...]:
    """None before the first."""
    if not path.exists():
        return ()
    try:
        revocations = msgspec.json.decode(_read_text(path), type=tuple[KeyRevocation, ...])
        for revocation in revocations:
            check_revocation(root_public_key, revocation)
    except (msgspec.DecodeError, SignatureError) as error:
        raise KeysUnusable(path, f"not revocations of this root ({error})", "Restore it from the backup") from error
    return revocations


def _read_certificates(path: Path, root_public_key: str) -> tuple[KeyCertificate, ...]:
    try:
        certificates = msgspec.json.decode(_read_text(path), type=tuple[KeyCertificate, ...])
        for certificate in certificates:
            check_certificate(root_public_key, certificate)
    except (msgspec.DecodeError, SignatureError) as error:
        raise KeysUnusable(path, f"not certificates of this root ({error})", "Restore it from the backup") from error
    return certificates


def write_key(path: Path, value: bytes) -> None:
    """A new file; refuses to overwrite one."""
    _write_text(path, encode_bytes(value) + "\n")


def _write_text(path: Path, text: str) -> None:
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text, encoding="ascii")


def write_text_anew(path: Path, text: str) -> None:
    """Replaces the file in one step."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    _write_text(draft, text)
    draft.replace(path)


def read_key(path: Path) -> bytes:
    """Raises `KeysUnusable`."""
    try:
        value = decode_bytes(_read_text(path).strip())
    except SignatureError as error:
        raise KeysUnusable(path, "is not a key", "Restore it from the backup of the keys") from error
    if len(value) != KEY_BYTES:
        raise KeysUnusable(
            path, f"holds {len(value)} bytes, a key has {KEY_BYTES}", "Restore it from the backup of the keys"
        )
    return value


def _read_text(path: Path) -> str:
    try:
        _refuse_exposed(path)
        return path.read_text(encoding="ascii")
    except FileNotFoundError as error:
        raise KeysUnusable(path, "is missing", "Restore it from the backup of the keys") from error
    except PermissionError as error:
        raise KeysUnusable(path, "cannot be read by this user", "Run HQ as the user who owns the keys") from error
    except UnicodeDecodeError as error:
        raise KeysUnusable(path, "is not a key", "Restore it from the backup of the keys") from error


def _refuse_exposed(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        wanted = "0700" if path.is_dir() else "0600"
        raise KeysUnusable(path, f"is open to others (mode {mode:04o})", f"Run: chmod {wanted} '{path}'")
