"""Rows of an open page are read once for all who ask at the same head, and anew as soon as it has moved."""

from hq_server.feed.open_rows import FEEDS_MAX, Address, OpenRows, PageRows


def test_a_page_is_read_again_as_soon_as_its_feed_has_moved() -> None:
    kept, reads = OpenRows(), iter(range(100))

    def ask(feed_id: str, head: int, epoch: str = "e1") -> int:
        return kept.of(Address(feed_id, epoch, 0, head), lambda: PageRows((), next(reads), None)).needs_global

    assert [ask("S01", 1), ask("S01", 1), ask("S02", 1)] == [0, 0, 1]
    assert [ask("S01", 2), ask("S01", 2), ask("S01", 2, "e2")] == [2, 2, 3]


def test_the_feeds_kept_are_bounded_and_the_one_read_last_stays() -> None:
    kept, read = OpenRows(), list[str]()

    def ask(feed_id: str) -> None:
        def rows() -> PageRows:
            read.append(feed_id)
            return PageRows((), 0, None)

        kept.of(Address(feed_id, "e1", 0, 1), rows)

    for number in range(FEEDS_MAX + 1):
        ask(f"S{number:03d}")
    read.clear()
    ask(f"S{FEEDS_MAX:03d}")
    ask("S000")
    assert read == ["S000"]
