"""Draws every screen of the till and every page of head office again into docs/images/: `make screenshots ARGS="till hq"`. People look at the pictures.

Each part is a program of its own among the tests, because it plays on what tests play on; a window and a browser do not share a process.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
PARTS: Final = {
    "till": "tests.terminal.screens.make_screenshots",
    "hq": "tests.hq_server.console.make_screenshots",
}


def main() -> int:
    arguments = argparse.ArgumentParser(description="Draw the screens and pages again.")
    arguments.add_argument("parts", nargs="*", metavar="PART", help=f"only these: {', '.join(PARTS)}")
    chosen = arguments.parse_args().parts or list(PARTS)
    unknown = set(chosen) - set(PARTS)
    if unknown:
        arguments.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    failed = [
        part for part in chosen if subprocess.run([sys.executable, "-m", PARTS[part]], cwd=ROOT, check=False).returncode
    ]
    for part in failed:
        print(f"screenshots of {part} failed", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
