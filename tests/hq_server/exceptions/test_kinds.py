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
    told = {kind: who for kind, _, who in rows_of("Kinds, and who is responsible until somebody is named")}
    assert told == {kind.value: who.value.replace("_", " ") for kind, who in RESPONSIBLE.items()}


def test_the_document_names_every_code_with_its_kind() -> None:
    rows = rows_of("Codes")
    told = {code: kind for code, kind, _ in rows}
    assert told == {str(code): kind.value for code, kind in KIND_OF.items()}
    assert len(told) == len(rows)


def rows_of(section: str) -> list[tuple[str, ...]]:
    """Of the table in a section of the document, three cells each."""
    _, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(f"## {section}\n")
    text, _, _ = rest.partition("\n## ")
    rows = [tuple(cell.strip("` ") for cell in line.split("|")[1:-1]) for line in text.splitlines()]
    return [row for row in rows if len(row) == 3 and "-" not in row[0] and row[0] not in {"kind", "code"}]
