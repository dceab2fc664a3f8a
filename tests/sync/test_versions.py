"""Which versions can speak, and that the document for people lists the same."""

from pathlib import Path

import pytest

from sync.versions import CURRENT, PREVIOUS, VERSIONS, Standing, standing_of

DOCUMENT = Path(__file__).parents[2] / "docs" / "PROTOCOL.md"


@pytest.mark.parametrize(
    ("name", "standing"),
    [
        (CURRENT, Standing.SPOKEN),
        (PREVIOUS, Standing.SPOKEN),
        ("", Standing.SPOKEN),
        (CURRENT + "0", Standing.TOO_NEW),
        ("2031-02-03", Standing.TOO_NEW),
        ("2020-02-03", Standing.TOO_OLD),
    ],
)
def test_the_present_version_and_the_one_before_are_spoken(name: str, standing: Standing) -> None:
    assert standing_of(name) is standing


def test_the_document_lists_every_version_with_its_reason() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for each in VERSIONS:
        assert f"| {each.name} | {each.reason} |" in text
