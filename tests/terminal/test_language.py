"""Nothing is left untranslated: catalogues are compared with the source, in both directions, and with what was compiled from them."""

import io
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from stored_value.rulebook import Words
from terminal.language import Language, Texts

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "terminal" / "locale" / "zh_CN" / "LC_MESSAGES"
KEYWORDS = {"t": None, "later": None, "n": (1, 2)}
SAME_IN_BOTH: set[str] = set()


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with (FOLDER / "till.po").open("rb") as file:
        return read_po(file, locale="zh_CN")


@pytest.fixture(scope="module")
def in_the_source() -> set[str]:
    found: set[str] = set()
    for _file, _line, message, _comments, _context in extract_from_dir(
        ROOT / "terminal" / "screens", keywords=KEYWORDS
    ):
        found |= {message} if isinstance(message, str) else {part for part in message if part}
    return found


def test_every_message_of_the_source_has_chinese_words(catalogue: Catalog, in_the_source: set[str]) -> None:
    assert len(in_the_source) > 200, "the walk over the source found next to nothing"
    translated = {part for message in catalogue if message.string for part in _ids(message.id)}
    assert in_the_source - translated == set(), "run pybabel extract, translate, then pybabel compile"


def test_no_translation_outlived_its_message(catalogue: Catalog, in_the_source: set[str]) -> None:
    known = {part for message in catalogue for part in _ids(message.id) if part}
    assert known - in_the_source == set()


def test_chinese_words_are_chinese(catalogue: Catalog) -> None:
    latin = {
        part
        for message in catalogue
        for part in _ids(message.id)
        if part
        and not re.search(r"[\u4e00-\u9fff]", str(message.string))
        and re.search("[a-z]{3}", str(message.string))
    }
    names_only = {part for part in latin if not re.sub(r"{\w+}", "", part).strip(" ·/")}
    assert latin - names_only - SAME_IN_BOTH == set()


def test_translations_name_the_same_figures(catalogue: Catalog) -> None:
    for message in catalogue:
        wanted = {figure for part in _ids(message.id) for figure in re.findall(r"{(\w+)}", part)}
        strings = _ids(message.string or "")
        for string in strings:
            assert set(re.findall(r"{(\w+)}", string)) == wanted, message.id


def test_what_is_compiled_is_what_is_translated(catalogue: Catalog) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    assert compiled.getvalue() == (FOLDER / "till.mo").read_bytes(), "run pybabel compile -d terminal/locale -D till"


def test_the_language_is_switched_live() -> None:
    texts = Texts()
    assert texts.t("Redeem") == "扣款"
    texts.use(Language.EN)
    assert texts.t("Redeem") == "Redeem"
    assert (
        texts.n("{count} more try before a pause.", "{count} more tries before a pause.", 1)
        == "1 more try before a pause."
    )
    texts.use(Language.ZH_CN)
    assert texts.t("up to {amount} now", amount="￥5.00") == "现在最多 ￥5.00"


@pytest.mark.parametrize(("language", "name"), [(Language.ZH_CN, "金卡"), (Language.EN, "Gold")])
def test_head_offices_own_words_come_in_the_chosen_language(language: Language, name: str) -> None:
    assert Texts(language).words(Words(zh="金卡", en="Gold")) == name


def _ids(message_id: str | Sequence[str]) -> tuple[str, ...]:
    return (message_id,) if isinstance(message_id, str) else tuple(message_id)
