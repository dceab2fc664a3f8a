"""What head office is told of a till's troubles: each once, what lasts again and again, none forgotten behind another."""

from sync.till_trouble import TillTrouble
from terminal.syncing.telling import Telling

STOP = TillTrouble(code="stopped_here", reason="put_back")
MIRROR = TillTrouble(code="mirror_fault", reason="mirror_full")


def told(telling: Telling, *lasting: TillTrouble) -> str:
    trouble = telling.next(lasting)
    telling.was_told(trouble)
    return "" if trouble is None else trouble.code


def test_what_happened_is_told_once_and_the_newest_words_count() -> None:
    telling = Telling()
    telling.add("refused", "first")
    telling.add("refused", "second")
    trouble = telling.next(())
    assert trouble is not None
    assert trouble.words == "second"
    telling.add("refused", "while it was under way")
    telling.was_told(trouble)
    assert not telling.is_done(())
    assert [told(telling), told(telling)] == ["refused", ""]
    assert telling.is_done(())


def test_what_lasts_is_told_in_every_session_in_turn_and_what_is_new_first() -> None:
    telling = Telling()
    assert [told(telling, STOP, MIRROR) for _ in range(4)] == ["stopped_here", "mirror_fault"] * 2
    assert telling.is_done((STOP, MIRROR))
    telling.add("storage", "x")
    assert told(telling, STOP, MIRROR) == "storage"
    other = TillTrouble(code="mirror_fault", reason="mirror_missing")
    assert not telling.is_done((STOP, other)), "for another reason"
    assert told(telling, STOP, other) == "mirror_fault"


def test_what_is_over_and_comes_back_is_told_anew() -> None:
    telling = Telling()
    assert told(telling, MIRROR) == "mirror_fault"
    assert telling.is_done(())
    assert not telling.is_done((MIRROR,))
