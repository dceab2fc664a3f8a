"""If-None-Match as caches on the way really send it."""

import pytest

from hq_server.etags import is_held

ETAG = '"abc"'


@pytest.mark.parametrize(
    ("header", "held"),
    [
        (None, False),
        ("", False),
        ('"abc"', True),
        ('W/"abc"', True),
        ("*", True),
        (' "x", W/"abc"', True),
        ('"x,y","abc"', True),
        ('"x", "y"', False),
        ("abc", False),
        ('"x*"', False),
        ('"ABC"', False),
        ('"a', False),
        ('"x"abc"', False),
    ],
)
def test_a_tag_is_held_by_any_form_of_the_same(header: str | None, held: bool) -> None:
    assert is_held(header, ETAG) is held
