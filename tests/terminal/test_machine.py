"""The mark of a machine: steady on the same one, another on another, and content with whatever can be read."""

from pathlib import Path

from terminal.machine import machine_mark


def places(folder: Path, *texts: str) -> list[Path]:
    folder.mkdir()
    made = []
    for number, text in enumerate(texts):
        made.append(folder / str(number))
        made[-1].write_text(text, encoding="utf-8")
    return made


def test_a_moved_disk_shows_by_the_board_and_a_restart_does_not(tmp_path: Path) -> None:
    here = places(tmp_path / "here", "id-of-the-system\n", "board-1\n")
    there = places(tmp_path / "there", "id-of-the-system\n", "board-2\n")
    assert machine_mark(here) == machine_mark(here) != machine_mark(there)
    assert "board" not in machine_mark(here)


def test_places_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    (only,) = places(tmp_path / "here", "id\0\n")
    assert machine_mark([only, tmp_path / "nothing", tmp_path]) == machine_mark([only]) != ""
    assert machine_mark([tmp_path / "nothing"]) == ""
