"""The decoder against bytes written by hand from the command reference, and against any bytes at all."""

from hypothesis import given
from hypothesis import strategies as st

from printers.decode import DrawerKick, EscPosParser, PrintedLine, StatusAsked, decode, split_jobs


def test_a_receipt_written_by_hand() -> None:
    out = decode(
        b"\x1b@\x1c&\x1ba\x01\x1bE\x01\x1d!\x11\xd1\xf4\xb9\xe2\n"  # 阳光, large, bold, centred
        b"\x1ba\x00\x1bE\x00\x1d!\x00" + "合计  ￥12.5：".encode("gb18030") + b"   \n"
        b"\x1bp\x01\x19\xfa\x1dVB\x00tail"
    )
    assert out.events[1:] == (
        PrintedLine(text="阳光", justify=1, bold=True, width=2, height=2),
        PrintedLine(text="合计  ￥12.5："),
        DrawerKick(pin=5, on_ms=50, off_ms=500),
        *decode(b"\x1dVB\x00").events,
        PrintedLine(text="tail"),
    )
    assert out.cuts == 1


def test_a_qr_code_is_what_was_stored_before_it_was_printed() -> None:
    stored = b"\x1d(k\x08\x00\x31P0HELLO"
    assert decode(stored + b"\x1d(k\x03\x00\x31Q0").qr_payloads == ("HELLO",)
    assert decode(stored).qr_payloads == ()


def test_an_older_style_of_size_and_bold() -> None:
    assert decode(b"\x1b!\x38big\n").events == (PrintedLine(text="big", bold=True, width=2, height=2),)


def test_unknown_commands_are_kept_and_reading_goes_on() -> None:
    out = decode(b"\x1bZ\x07one\n\x1c?two\n")
    assert out.lines == ("one", "two")
    assert out.unknown == b"\x1bZ\x07\x1c?"


def test_spacing_fonts_and_code_pages_take_their_arguments_with_them() -> None:
    assert decode(b"\x1b3\x20\x1bt\x10\x1dL\x08\x00\x1bM\x00x\n").lines == ("x",)


def test_questions_of_both_kinds_are_seen_between_the_text() -> None:
    events = decode(b"a\x10\x04\x01b\n\x1dr\x01").events
    assert [event for event in events if isinstance(event, StatusAsked)] == [
        StatusAsked(command=b"\x10\x04\x01", in_order=False),
        StatusAsked(command=b"\x1dr\x01", in_order=True),
    ]
    assert decode(b"a\x10\x04\x01b\n").lines == ("ab",)


def test_jobs_are_told_apart_by_their_reset() -> None:
    jobs = split_jobs(decode(b"left over\n\x1b@one\n\x10\x04\x01\x1b@\x1b@two\ncut sho"))
    assert [job.lines for job in jobs] == [("left over",), ("one",), ("two", "cut sho")]


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_a_crash(data: bytes) -> None:
    decode(data)


@given(st.binary(max_size=300), st.lists(st.integers(1, 9), min_size=1, max_size=60))
def test_it_does_not_matter_how_the_bytes_arrive(data: bytes, steps: list[int]) -> None:
    parser, events, at = EscPosParser(), [], 0
    for step in steps:
        events += parser.feed(data[at : at + step])
        at += step
    events += parser.feed(data[at:]) + parser.finish()
    assert tuple(events) == decode(data).events
