"""Owns the icons of till and head office: one choice of Tabler's, as a small font for each and a table of names.

    python -m scripts.subset_icons

Fetches the icon font that scripts/vendor.lock.json names and writes
  terminal/assets/fonts/tabler-icons-subset.ttf and terminal/assets/icons.json (name -> character), for Kivy;
  hq_server/static/vendor/tabler-icons-subset.ttf and .css (`<i class="ti ti-wifi">`), for pages.
A new icon is a name in ICONS and a run of this script.
"""

import io
import json
import re
import sys
from pathlib import Path
from typing import Final

from fontTools import subset  # type: ignore[import-untyped]  # ships no types

from scripts.vendor import fetched, member, read_lock

ROOT: Final = Path(__file__).parent.parent
PACKAGE: Final = "@tabler/icons-webfont"
TILL_FONT: Final = ROOT / "terminal" / "assets" / "fonts" / "tabler-icons-subset.ttf"
TILL_NAMES: Final = ROOT / "terminal" / "assets" / "icons.json"
PAGES_FONT: Final = ROOT / "hq_server" / "static" / "vendor" / "tabler-icons-subset.ttf"
PAGES_STYLE: Final = ROOT / "hq_server" / "static" / "vendor" / "tabler-icons-subset.css"

ICONS: Final = (
    "wifi", "wifi-off", "cloud", "cloud-off", "cloud-upload", "cloud-check", "plug-connected", "plug-connected-x",
    "printer", "printer-off", "scan", "qrcode", "barcode", "keyboard", "device-desktop", "device-mobile", "usb",
    "clock", "clock-pause", "hourglass", "upload", "download", "refresh", "history", "calendar", "calendar-stats",
    "user", "users", "user-plus", "user-check", "user-off", "user-search", "id-badge-2", "address-book", "phone",
    "cash", "cash-banknote", "cash-register", "wallet", "credit-card", "coin", "coins", "currency-yuan", "pig-money",
    "arrow-back-up", "arrow-left", "arrow-right", "arrow-up", "arrow-down", "arrows-exchange", "arrows-left-right", "transfer",
    "receipt", "receipt-2", "receipt-refund", "file-text", "file-export", "file-invoice", "clipboard-list",
    "lock", "lock-open", "login", "logout", "key", "shield", "shield-check", "shield-lock", "fingerprint",
    "settings", "adjustments", "language", "moon", "sun", "volume", "volume-off",
    "check", "checks", "x", "plus", "minus", "dots", "dots-vertical", "menu-2", "edit", "trash", "copy", "eye", "eye-off",
    "alert-triangle", "alert-circle", "info-circle", "circle", "circle-check", "circle-x", "help-circle", "ban", "flag", "bell",
    "backspace", "search", "filter", "sort-ascending", "sort-descending", "external-link", "link",
    "chevron-left", "chevron-right", "chevron-up", "chevron-down", "chevrons-left", "chevrons-right",
    "gift", "discount", "discount-2", "ticket", "ticket-off", "star", "crown", "award", "confetti",
    "building-store", "building", "building-bank", "home", "home-2", "map-pin", "truck", "shopping-cart", "basket",
    "calculator", "inbox", "archive", "box", "package", "database", "server", "activity",
    "chart-bar", "chart-line", "chart-pie", "trending-up", "trending-down", "percentage", "report", "report-money",
    "list", "list-details", "table", "layout-dashboard", "layout-sidebar", "books", "scale", "git-fork",
    "player-play", "player-pause", "power", "hand-stop", "bolt",
)  # fmt: skip

STYLE_HEAD: Final = """\
/* Tabler Icons, MIT: see tabler-icons.LICENSE. Made by scripts/subset_icons.py; not to be edited. */
@font-face { font-family: "tabler-icons"; font-display: block; src: url("tabler-icons-subset.ttf") format("truetype"); }
.ti {
  font-family: "tabler-icons" !important; font-style: normal; font-weight: normal; font-variant: normal;
  text-transform: none; line-height: 1; -webkit-font-smoothing: antialiased; -moz-osx-font-smoothing: grayscale;
}
"""


def code_points(style: str) -> dict[str, int]:
    """Every icon's code point, from the font's own style sheet."""
    pairs = re.findall(r"\.ti-([a-z0-9-]+):before\s*\{\s*content:\s*\"\\([0-9a-f]+)\"", style)
    return {name: int(code, 16) for name, code in pairs}


def cut(font: bytes, chosen: set[int]) -> bytes:
    """The font with the chosen code points only."""
    options = subset.Options()
    options.hinting = False
    options.layout_features = []
    options.notdef_outline = True
    opened = subset.load_font(io.BytesIO(font), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=chosen)
    subsetter.subset(opened)
    written = io.BytesIO()
    subset.save_font(opened, written, options)
    return written.getvalue()


def main() -> int:
    [package] = [each for each in read_lock() if each.name == PACKAGE]
    with fetched(package) as archive:
        font = member(archive, "dist/fonts/tabler-icons.ttf")
        known = code_points(member(archive, "dist/tabler-icons.css").decode())
    if missing := sorted(set(ICONS) - known.keys()):
        print(f"{PACKAGE} {package.version} has no icon named: {', '.join(missing)}")
        return 1
    chosen = {name: known[name] for name in sorted(ICONS)}
    small = cut(font, set(chosen.values()))
    TILL_FONT.write_bytes(small)
    PAGES_FONT.write_bytes(small)
    TILL_NAMES.write_text(json.dumps({name: chr(code) for name, code in chosen.items()}, indent=1) + "\n", "ascii")
    rules = "".join(f'.ti-{name}::before {{ content: "\\{code:x}"; }}\n' for name, code in chosen.items())
    PAGES_STYLE.write_text(STYLE_HEAD + rules, "utf-8")
    print(f"{len(chosen)} icons, {len(small):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
