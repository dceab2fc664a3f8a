"""Owns how a crash test tells the spread of its kills: past pytest's capture, so that it is seen when all is well."""

from collections.abc import Callable

import pytest

Tell = Callable[[str], None]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    def told(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}")  # noqa: T201 - the spread is part of the proof

    return told
