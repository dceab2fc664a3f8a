"""The source keeps its own rules (tests/tidy.py), and each rule is able to fail."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

from tests import tidy
from tests.tidy import Offence, Rule, Source

ROOT = Path(__file__).parent.parent
FOLDERS = (*tidy.LIBRARIES, "tongchu", "tests", "benchmarks", "scripts")
PICTURES_AND_FONTS = {".png", ".otf", ".ttf", ".woff2", ".mo", ".db", ".ico", ".gz", ".zst", ".bin"}

GLOSSARY_MUST_HAVE = (
    "member", "wallet", "lot", "principal", "bonus", "points", "pass", "coupon", "deposit", "top-up",
    "redemption", "refund", "cash-out", "reversal", "hold", "lease", "posting", "receipt", "tender", "drawer",
    "shift", "closing", "settlement", "statement", "reconciliation", "journal", "replica", "feed", "cursor",
    "terminal", "store", "hq",
)  # fmt: skip


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    return [Source.parse(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in paths]


def refuse(offences: Iterator[Offence] | list[Offence]) -> None:
    found = [str(offence) for offence in offences]
    assert not found, f"{len(found)} to put right:\n" + "\n".join(found)


@pytest.mark.parametrize("rule", tidy.RULES, ids=lambda rule: str(rule.__name__))
def test_the_source_keeps(rule: Rule, sources: list[Source]) -> None:
    assert len(sources) > 20, "the walk over the source found next to nothing"
    refuse(offence for source in sources for offence in rule(source))


def test_every_last_resort_is_still_there() -> None:
    assert [path for path in tidy.LAST_RESORTS if not (ROOT / path).is_file()] == []


def test_no_committed_text_bears_traces_of_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    texts = [
        path
        for path in listed.split("\0")
        if path and Path(path).suffix not in PICTURES_AND_FONTS and "/vendor/" not in path and (ROOT / path).is_file()
    ]
    assert texts
    refuse(
        offence
        for path in texts
        for offence in tidy.leaves_no_trace_of_a_machine(path, (ROOT / path).read_text("utf-8"))
    )


def test_the_glossary_has_every_word_of_the_trade() -> None:
    terms = tidy.glossary_terms((ROOT / "docs" / "GLOSSARY.md").read_text("utf-8"))
    missing = [term for term in GLOSSARY_MUST_HAVE if term not in terms]
    assert not missing, f"docs/GLOSSARY.md lacks a row 'term | 中文 | …' for: {', '.join(missing)}"


def test_no_presenter_reaches_kivy_through_another_module() -> None:
    graph = grimp.build_graph(
        "terminal", "printers", "sync", "stored_value", include_external_packages=True, cache_dir=None
    )
    if "kivy" not in graph.modules:
        return
    for module in sorted(graph.modules):
        if module.endswith("_presenter"):
            chain = graph.find_shortest_chain(module, "kivy")
            assert chain is None, f"{' -> '.join(chain or ())}: cut it; a presenter must run where no Kivy is installed"


BAD = [
    (tidy.module_is_short, "sync/feed.py", '"""Owns."""\n' + "x = 1\n" * 400),
    (tidy.functions_are_short, "sync/feed.py", "def f() -> None:\n" + "    x = 1\n" * 70),
    (tidy.module_name_says_something, "sync/money_utils.py", ""),
    (tidy.module_name_says_something, "terminal/common/feed.py", ""),
    (tidy.module_name_says_something, "sync/feed_v2.py", ""),
    (tidy.module_says_what_it_owns, "sync/feed.py", "x = 1\n"),
    (tidy.names_what_it_catches, "sync/feed.py", "try:\n    f()\nexcept:\n    pass\n"),
    (tidy.names_what_it_catches, "sync/feed.py", "try:\n    f()\nexcept Exception as e:\n    log(e)\n"),
    (
        tidy.names_what_it_catches,
        "sync/feed.py",
        "try:\n    f()\nexcept (KeyError, Exception):\n    raise X from None\n",
    ),
    (tidy.money_is_never_a_float, "hq_server/pages.py", "x = float(row.amount_minor)\n"),
    (tidy.money_is_never_a_float, "hq_server/pages.py", "x = balance_minor / 100\n"),
    (tidy.money_is_never_a_float, "hq_server/pages.py", "x = amount * 0.5\n"),
    (tidy.money_is_never_a_float, "hq_server/pages.py", "def f(fee_minor: float) -> None: ...\n"),
    (tidy.money_is_never_a_float, "stored_value/rules.py", "rate = 0.5\n"),
    (tidy.money_is_never_a_float, "stored_value/rules.py", "half = whole / 2\n"),
    (tidy.never_sleeps_for_luck, "tests/sync/test_feed.py", "import time\ntime.sleep(1)\n"),
    (tidy.never_sleeps_for_luck, "tests/sync/test_feed.py", "from time import sleep\n"),
    (tidy.only_the_command_line_prints, "sync/feed.py", "print('x')\n"),
    (tidy.presenters_know_no_window, "terminal/screens/redeem_presenter.py", "from kivy.clock import Clock\n"),
    (tidy.rules_of_money_are_pure, "stored_value/wallet.py", "import random\n"),
    (tidy.rules_of_money_are_pure, "stored_value/wallet.py", "import msgspec\n"),
    (tidy.rules_of_money_are_pure, "stored_value/wallet.py", "from sync.events import Event\n"),
    (tidy.rules_of_money_are_pure, "stored_value/wallet.py", "import datetime\nx = datetime.datetime.now()\n"),
    (tidy.rules_of_money_are_pure, "stored_value/wallet.py", "from uuid import uuid4\nx = uuid4()\n"),
    (tidy.rules_of_money_are_pure, "stored_value/wallet.py", "x = open('file')\n"),
    (tidy.says_which_transaction, "sync/feed.py", "class Transaction: ...\n"),
    (tidy.says_why_a_check_is_off, "sync/feed.py", "x = f()  # noqa: S608\n"),
    (tidy.says_why_a_check_is_off, "sync/feed.py", "x = f()  # type: ignore[arg-type, misc]\n"),
    (tidy.says_why_a_check_is_off, "sync/feed.py", "x = f()  # noqa\n"),
]

GOOD = [
    (tidy.module_is_short, "sync/feed.py", '"""Owns."""\n' + "x = 1\n" * 399),
    (tidy.functions_are_short, "sync/feed.py", "def f() -> None:\n" + "    x = 1\n" * 69),
    (
        tidy.functions_are_short,
        "sync/migrations/versions/1.py",
        "def upgrade() -> None:\n" + "    x = 1\n" * 99,
    ),
    (tidy.module_name_says_something, "sync/base45.py", ""),
    (tidy.module_says_what_it_owns, "tests/__init__.py", ""),
    (tidy.names_what_it_catches, "sync/feed.py", "try:\n    f()\nexcept Exception:\n    undo()\n    raise\n"),
    (tidy.money_is_never_a_float, "hq_server/pages.py", 'path = refund_folder / "receipt.png"\n'),
    (tidy.money_is_never_a_float, "terminal/theme.py", "opacity: float = 0.5\n"),
    (tidy.money_is_never_a_float, "stored_value/money.py", "half = whole // 2\n"),
    (tidy.never_sleeps_for_luck, "tests/waiting.py", "import time\ntime.sleep(1)\n"),
    (tidy.only_the_command_line_prints, "tongchu/cli.py", "print('x')\n"),
    (tidy.presenters_know_no_window, "terminal/screens/redeem_screen.py", "from kivy.clock import Clock\n"),
    (tidy.rules_of_money_are_pure, "stored_value/wallet.py", "from datetime import datetime\nimport json\n"),
    (tidy.rules_of_money_are_pure, "sync/clock.py", "import random\n"),
    (tidy.says_which_transaction, "sync/feed.py", "class TransactionTooLong: ...\n"),
]


@pytest.mark.parametrize(("rule", "path", "text"), BAD)
def test_a_bad_file_is_found_where_it_is_bad(rule: Rule, path: str, text: str) -> None:
    offences = list(rule(Source.parse(path, text)))
    assert offences
    assert str(offences[0]).startswith(f"{path}:{offences[0].line}: ")
    assert offences[0].remedy


@pytest.mark.parametrize(("rule", "path", "text"), GOOD)
def test_a_good_file_is_left_alone(rule: Rule, path: str, text: str) -> None:
    refuse(rule(Source.parse(path, text)))


@pytest.mark.parametrize(
    "trace", ["cd /" + "work/main", "'/" + "root/.cache'", "/" + "home/li/x", "py" + "pi.org/simple"]
)
def test_a_trace_of_a_machine_is_found(trace: str) -> None:
    [offence] = tidy.leaves_no_trace_of_a_machine("docs/x.md", f"first line\n{trace}\n")
    assert offence.line == 2


def test_the_glossary_is_read_from_its_tables() -> None:
    text = "# G\n\n| term | 中文 | meaning |\n|---|---|---|\n| **top-up** | 充值 | in |\n| hold / captured | 冻结 |\n"
    assert tidy.glossary_terms(text) == {"term": "中文", "top-up": "充值", "hold": "冻结", "captured": "冻结"}
