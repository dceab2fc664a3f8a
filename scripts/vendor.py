"""Owns third-party files that the programs ship: fetched by name and version, proved by hash, committed.

    python -m scripts.vendor            fetch what scripts/vendor.lock.json names, and write it
    python -m scripts.vendor --check    prove that the committed files are those of the lock; needs no network

To change a version, edit it in the lock, clear its `integrity`, and run the first form: it fills in what it found.
Needs npm only to fetch. It must not run when the project is installed or started.
"""

import argparse
import base64
import contextlib
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

ROOT: Final = Path(__file__).parent.parent
LOCK: Final = Path(__file__).with_name("vendor.lock.json")


class VendorError(Exception):
    """A file or package is not what the lock says."""


@dataclass(kw_only=True, slots=True)
class VendoredFile:
    """One file of a package: where it is in there, where it goes here, and what it must be."""

    source: str
    target: str
    sha256: str = ""


@dataclass(kw_only=True, slots=True)
class Package:
    """One npm package. `integrity` is the registry's sha512 of the archive."""

    name: str
    version: str
    license: str
    integrity: str = ""
    files: list[VendoredFile] = field(default_factory=list)


def read_lock() -> list[Package]:
    """The packages, in the order in which they are fetched."""
    return msgspec.json.decode(LOCK.read_bytes(), type=list[Package], strict=True)


def write_lock(packages: list[Package]) -> None:
    LOCK.write_text(json.dumps(msgspec.to_builtins(packages), indent=2, ensure_ascii=False) + "\n", "utf-8")


@contextlib.contextmanager
def fetched(package: Package) -> Iterator[tarfile.TarFile]:
    """The package's archive, proved against its integrity; an empty integrity is filled in."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"{package.name}@{package.version}", "--pack-destination", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        [archive] = Path(folder).glob("*.tgz")
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        found = f"sha512-{digest}"
        if package.integrity not in {"", found}:
            raise VendorError(f"{package.name}@{package.version} is {found}, the lock says {package.integrity}")
        package.integrity = found
        with tarfile.open(archive) as opened:
            yield opened


def member(archive: tarfile.TarFile, path: str) -> bytes:
    """One file of an npm archive, by its path inside the package."""
    opened = archive.extractfile(f"package/{path}")
    if opened is None:
        raise VendorError(f"no file {path} in the package")
    return opened.read()


def fetch(packages: list[Package]) -> None:
    """Writes every file of every package and puts its hash into the lock."""
    for package in packages:
        with fetched(package) as archive:
            declared = json.loads(member(archive, "package.json")).get("license")
            if declared not in {package.license, None}:  # None: the package says it in its LICENSE alone
                raise VendorError(f"{package.name} is now licensed {declared}, the lock says {package.license}")
            for file in package.files:
                content = member(archive, file.source)
                target = ROOT / file.target
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
                file.sha256 = hashlib.sha256(content).hexdigest()
                print(f"{file.target}  {len(content):,} bytes")
    write_lock(packages)


def differences(packages: list[Package]) -> list[str]:
    """The committed files that are missing or not those of the lock."""
    found = []
    for file in (file for package in packages for file in package.files):
        target = ROOT / file.target
        if not target.is_file():
            found.append(f"{file.target} is missing")
        elif hashlib.sha256(target.read_bytes()).hexdigest() != file.sha256:
            found.append(f"{file.target} is not the file of the lock")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Fetch or check the vendored files.")
    parser.add_argument("--check", action="store_true", help="only compare the committed files with the lock")
    packages = read_lock()
    if not parser.parse_args().check:
        fetch(packages)
        return 0
    found = differences(packages)
    print("\n".join(found) or "every vendored file is the lock's")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
