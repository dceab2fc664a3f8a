"""The case tables of promotions, tiers and points: each row's amounts were worked out by hand from the rule that it names."""

import pytest

from stored_value.apply import apply
from stored_value.eligibility import ReasonCode
from stored_value.explanations import explain, explain_quote
from stored_value.rulebook import Rulebook
from tests.stored_value.loyalty_cases import Table, asked, event_of, load, seen_of_event, seen_of_quote, wallet_after

FILES = ("promotions.toml", "promises.toml", "instalments.toml", "tiers.toml", "points.toml", "bearing.toml")
ROWS = [(file, case, book) for file in FILES for case, book in load(file)]


@pytest.mark.parametrize(("file", "case", "book"), ROWS, ids=[f"{file}:{case['name']}" for file, case, _ in ROWS])
def test_the_rule_gives_what_was_worked_out_by_hand(file: str, case: Table, book: Rulebook) -> None:
    wallet = wallet_after(case, book)
    wanted, when = case["then"], case["when"]
    if when.get("ask") == "quote":
        quoted = asked(when, wallet, book)
        seen = seen_of_quote(quoted)
        words = {reason.promotion_id: explain(reason, book) for reason in quoted.reasons}
        for language in ("zh", "en"):
            for promotion_id, said in wanted.get(language, {}).items():
                assert getattr(words[promotion_id], language) == said
        assert len(explain_quote(quoted, book)) == len(book.promotions)
    else:
        seen = seen_of_event(apply(wallet, event_of(when), book))
    stated = {key: sorted(value) if key in ("findings", "postings") else value for key, value in wanted.items()}
    stated = {key: value for key, value in stated.items() if key not in ("zh", "en")}
    assert stated, "the row states nothing"
    for key, value in stated.items():
        if isinstance(value, dict) and key in ("reasons", "data"):
            assert {name: seen[key][name] for name in value} == value
        else:
            assert seen[key] == value, key


def test_every_reason_stands_in_a_row_with_its_words_in_both_languages() -> None:
    shown: set[str] = set()
    read_out: set[str] = set()
    for _, case, _ in ROWS:
        reasons = case["then"].get("reasons", {})
        shown |= set(reasons.values())
        read_out |= {
            code
            for name, code in reasons.items()
            if name in case["then"].get("zh", {}) and name in case["then"].get("en", {})
        }
    assert shown == {code.value for code in ReasonCode}
    assert read_out == {code.value for code in ReasonCode}


def test_there_are_enough_rows() -> None:
    assert len(ROWS) >= 80
    assert len({case["name"] for _, case, _ in ROWS}) == len(ROWS)
