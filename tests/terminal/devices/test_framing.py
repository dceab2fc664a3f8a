"""Framing of serial scanners and keyboard wedges: the laws, and the bytes that no code has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.devices.framing import Frame, Rejected, Rejection, Scanned, SerialFraming, WedgeFraming

codes = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=80)
ends = st.sampled_from([b"\r\n", b"\r", b"\n", b"\r\n\r\n"])


def fed(data: bytes, cuts: list[int]) -> list[Frame]:
    framing = SerialFraming()
    frames: list[Frame] = []
    start = 0
    for cut in [*sorted(cuts), len(data)]:
        frames += framing.feed(data[start:cut])
        start = max(start, cut)
    return frames


@given(st.lists(st.tuples(codes, ends)), st.data())
def test_every_code_arrives_whole_however_the_bytes_are_cut(
    typed: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    line = b"".join(code.encode() + end for code, end in typed)
    cuts = data.draw(st.lists(st.integers(0, len(line))))
    assert fed(line, cuts) == [Scanned(code) for code, _ in typed]


@given(st.binary(max_size=2000), codes)
def test_garbage_never_reaches_a_later_code(garbage: bytes, code: str) -> None:
    framing = SerialFraming()
    framing.feed(garbage)
    framing.feed(b"\r\n")
    assert framing.feed(code.encode() + b"\r\n") == (Scanned(code),)


@given(st.binary(max_size=2000))
def test_only_printable_text_of_bounded_length_comes_out(data: bytes) -> None:
    for frame in SerialFraming().feed(data):
        if isinstance(frame, Scanned):
            assert frame.text.isascii()
            assert frame.text.isprintable()
            assert 0 < len(frame.text) <= 512


@pytest.mark.parametrize(
    ("data", "frames"),
    [
        (b"TCM1\x00\xff23\r\n", (Rejected(Rejection.NOISE),)),
        (b"A" * 513 + b"\r\n", (Rejected(Rejection.TOO_LONG),)),
        (b"A" * 512 + b"\r\n", (Scanned("A" * 512),)),
        (b"\r\n\n\r", ()),
        (b" AB C \r", (Scanned(" AB C "),)),
        ("会员\r".encode(), (Rejected(Rejection.NOISE),)),
    ],
)
def test_what_is_not_a_code_is_reported_once(data: bytes, frames: tuple[Frame, ...]) -> None:
    assert SerialFraming().feed(data) == frames


def test_half_a_code_before_silence_is_not_glued_to_the_next() -> None:
    framing = SerialFraming()
    assert framing.feed(b"TCM100") == ()
    assert framing.silence() == (Rejected(Rejection.UNFINISHED),)
    assert framing.silence() == ()
    assert framing.feed(b"TCM1000\r") == (Scanned("TCM1000"),)


def typed(wedge: WedgeFraming, text: str, gap_s: float) -> Frame | None:
    at_s = 100.0
    for char in text:
        at_s += gap_s
        wedge.typed(char, at_s)
    return wedge.entered(at_s + gap_s)


def test_a_wedge_scanner_is_told_from_a_person_by_speed() -> None:
    assert typed(WedgeFraming(), "TCM1000000000100", 0.008) == Scanned("TCM1000000000100")
    assert typed(WedgeFraming(), "13800138000", 0.12) is None


def test_digits_typed_before_a_scan_do_not_belong_to_it() -> None:
    wedge = WedgeFraming()
    wedge.typed("9", 1.0)
    for place, char in enumerate("TCM100001"):
        wedge.typed(char, 2.0 + place / 100)
    assert wedge.entered(2.1) == Scanned("TCM100001")


def test_a_wedge_through_a_chinese_input_method_is_noise() -> None:
    assert typed(WedgeFraming(), "ＴＣＭ１０００", 0.01) == Rejected(Rejection.NOISE)


def test_a_short_burst_or_a_late_enter_is_a_person() -> None:
    assert typed(WedgeFraming(), "12", 0.01) is None
    wedge = WedgeFraming()
    wedge.typed("TCM1000001", 1.0)
    assert wedge.entered(2.0) is None
