"""The words: every text is in the catalogue and translated, every code has words, and no template says anything that cannot be translated."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from hq_server.console import words
from hq_server.console.catalogues import DOMAIN, LANGUAGE_COOKIE, LOCALE, Language, catalogue, chosen_language
from hq_server.console.finding_words import FINDINGS
from hq_server.console.rendering import TEMPLATES
from hq_server.database.models import ExceptionState
from hq_server.exceptions.kinds import ExceptionCode, ExceptionKind, Responsible
from stored_value.events import EVENT_TYPES, EvidenceClass, TenderKind
from stored_value.findings import FindingCode
from stored_value.policies import CashOutMethod
from stored_value.postings import Account
from stored_value.rulebook import BonusBearer, DrawOrder
from stored_value.wallet import HoldingKind, ValueKind, WalletStatus

LANGUAGE_NAMES = {"中文", "English"}
"""Each language is called by its own name, in every language."""
SAME_IN_CHINESE = {"CSV"}


def extracted() -> set[str]:
    with (LOCALE / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]  # Babel ships no types for it
    found = extract_from_dir(LOCALE.parent, methods, options, keywords=DEFAULT_KEYWORDS | {"N_": None})
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


def translated() -> Catalog:
    with (LOCALE / "zh_CN" / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale="zh_CN", abort_invalid=True)


def test_every_text_of_the_source_is_translated_and_nothing_else_is() -> None:
    source = extracted()
    assert len(source) > 300
    entries = {str(entry.id): entry for entry in translated() if entry.id}
    assert source - set(entries) == set(), "missing from the catalogue: renew it"
    assert set(entries) - source == set(), "no longer in the source: renew the catalogue"
    assert [text for text, entry in entries.items() if not entry.string or entry.fuzzy] == []


def test_translations_name_the_same_values() -> None:
    for entry in translated():
        if entry.id:
            assert sorted(re.findall(r"%\(\w+\)s", str(entry.id))) == sorted(
                re.findall(r"%\(\w+\)s", str(entry.string))
            )


def test_what_is_translated_is_chinese() -> None:
    for entry in translated():
        if entry.id and entry.id != ", ":
            assert re.search(r"[\u4e00-\u9fff]", str(entry.string)), entry.id


_CODE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_TAG = re.compile(r"<[^>]*>", re.DOTALL)
_SPOKEN = re.compile(r'(?:title|placeholder|aria-label|alt)="([^"]*)"')


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_no_template_speaks_past_the_catalogue(template: Path) -> None:
    markup = _CODE.sub(" ", template.read_text(encoding="utf-8"))
    texts = {text.strip() for text in _TAG.sub("\n", markup).splitlines()} | set(_SPOKEN.findall(markup))
    wordy = {text for text in texts if re.search(r"[A-Za-z\u4e00-\u9fff]{2,}", text)}
    assert wordy - LANGUAGE_NAMES - SAME_IN_CHINESE == set()


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        (words.KINDS, {kind.kind for kind in EVENT_TYPES}),
        (words.TENDERS, set(TenderKind)),
        (words.ACCOUNTS, set(Account)),
        (words.VALUE_KINDS, set(ValueKind)),
        (words.HOLDING_KINDS, set(HoldingKind)),
        (words.CASH_OUT_METHODS, set(CashOutMethod)),
        (words.WALLET_STATUSES, set(WalletStatus)),
        (words.EVIDENCE, set(EvidenceClass)),
        (words.DRAW_ORDERS, set(DrawOrder)),
        (words.BEARERS, set(BonusBearer)),
        (FINDINGS, {*FindingCode, *ExceptionCode}),
        (words.EXCEPTION_KINDS, set(ExceptionKind)),
        (words.RESPONSIBLES, set(Responsible)),
        (words.EXCEPTION_STATES, set(ExceptionState)),
    ],
)
def test_every_code_of_the_rules_has_words(table: dict[str, object], codes: set[str]) -> None:
    assert {str(code) for code in codes} - set(table) == set()


def test_a_code_from_the_future_is_shown_as_it_is() -> None:
    spoken = words.Words(catalogue(Language.ZH_CN))
    assert spoken.kind("aroma_dispensed") == "aroma_dispensed"
    assert spoken.finding("of_tomorrow").what == "本页还没有说明的核查结果"


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        ("", "", Language.ZH_CN),
        ("", "fr-FR, de", Language.ZH_CN),
        ("", "en-GB,en;q=0.9,zh;q=0.8", Language.EN),
        ("", "zh-TW,en", Language.ZH_CN),
        ("en", "zh-CN", Language.EN),
        ("zh_CN", "en", Language.ZH_CN),
        ("klingon", "en", Language.EN),
    ],
)
def test_the_language_is_the_visitors_choice_then_the_browsers(cookie: str, accepted: str, language: Language) -> None:
    assert chosen_language({LANGUAGE_COOKIE: cookie} if cookie else {}, accepted) is language
