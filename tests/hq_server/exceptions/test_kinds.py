"""Every finding that needs a person has a kind, and every kind somebody who is responsible; the document for people says the same."""

from pathlib import Path

from hq_server.exceptions.kinds import KIND_OF, RESPONSIBLE, ExceptionCode, ExceptionKind, kind_of
from stored_value.findings import INFORMATIVE, FindingCode

DOCUMENT = Path(__file__).parents[3] / "docs" / "EXCEPTIONS.md"


def test_every_finding_that_needs_a_person_has_a_kind() -> None:
    assert {*FindingCode, *ExceptionCode} - INFORMATIVE - set(KIND_OF) == set()


def test_every_kind_has_somebody_responsible_and_can_arise() -> None:
    assert set(RESPONSIBLE) == set(ExceptionKind) == set(KIND_OF.values()) | {ExceptionKind.RULEBOOK}


def test_an_old_rulebook_is_not_taken_for_a_wrong_clock() -> None:
    assert kind_of(FindingCode.OUTSIDE_ANCHORS, {"why": "rulebook"}) is ExceptionKind.RULEBOOK
    assert kind_of(FindingCode.OUTSIDE_ANCHORS, {"why": "time"}) is ExceptionKind.CLOCK


def test_the_document_names_every_kind_and_who_looks_at_it() -> None:
    told = {
        cells[1].strip("` "): cells[3].strip()
        for line in DOCUMENT.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `") and len(cells := line.split("|")) > 4
    }
    assert told == {kind.value: who.value.replace("_", " ") for kind, who in RESPONSIBLE.items()}
