"""Profiles: sane numbers, and a remedy for a wrong name."""

import pytest

from printers.errors import PrinterConfigurationError
from printers.profile import GENERIC_80, profile_by_name, profile_names


def test_a_misspelt_profile_names_its_neighbours() -> None:
    with pytest.raises(PrinterConfigurationError, match="generic-80"):
        profile_by_name("generic80")


def test_a_wrong_name_without_neighbours_names_the_usual_ones() -> None:
    with pytest.raises(PrinterConfigurationError, match="generic-80, generic-58"):
        profile_by_name("???")


@pytest.mark.parametrize("name", profile_names())
def test_columns_and_dots_of_every_profile_fit_each_other(name: str) -> None:
    profile = profile_by_name(name)
    assert 9 <= profile.width_dots / profile.columns <= 14


def test_a_wrong_entry_of_the_profile_database_is_not_believed() -> None:
    assert profile_by_name("NT-80-V-UL").columns == GENERIC_80.columns == 48
