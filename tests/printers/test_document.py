"""Documents survive their storage and refuse what they do not understand."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printers.document import (
    Align,
    Block,
    Cell,
    Columns,
    Cut,
    Feed,
    Mark,
    Qr,
    Receipt,
    Row,
    Rule,
    RuleStyle,
    Size,
    Text,
    Title,
    as_reprint,
    decode_document,
    encode_document,
)
from printers.errors import DocumentUnprintable
from tests.printers.sample_receipts import sale

TEXTS = st.text(max_size=40)
CELLS = st.builds(Cell, text=TEXTS, weight=st.integers(1, 9), align=st.sampled_from(Align))
BLOCKS: st.SearchStrategy[Block] = st.one_of(
    st.builds(Title, text=TEXTS),
    st.builds(Text, text=TEXTS, align=st.sampled_from(Align), bold=st.booleans(), size=st.sampled_from(Size)),
    st.builds(Row, left=TEXTS, right=TEXTS, bold=st.booleans(), size=st.sampled_from(Size)),
    st.builds(Columns, cells=st.lists(CELLS, max_size=5).map(tuple), bold=st.booleans()),
    st.builds(Rule, style=st.sampled_from(RuleStyle)),
    st.builds(Qr, data=st.text(alphabet="ABCab01:/?=", min_size=1, max_size=60), caption=TEXTS),
    st.builds(Mark, text=TEXTS),
    st.builds(Feed, lines=st.integers(1, 9)),
    st.builds(Cut),
)
RECEIPTS = st.builds(Receipt, blocks=st.lists(BLOCKS, max_size=8).map(tuple))


@given(RECEIPTS)
def test_a_stored_document_comes_back_equal(document: Receipt) -> None:
    assert decode_document(encode_document(document)) == document


def test_version_1_of_the_stored_form_is_readable_for_ever() -> None:
    stored = (
        '{"v":1,"blocks":[{"kind":"title","text":"阳光便利店"},{"kind":"row","left":"合计","right":"￥12.50","bold":true,'
        '"size":"large"},{"kind":"columns","cells":[{"text":"水","weight":2,"align":"left"},{"text":"4.00"}]},'
        '{"kind":"rule","style":"double"},{"kind":"qr","data":"TCR1S01","caption":""},{"kind":"feed","lines":2},'
        '{"kind":"mark","text":"离线·未确认"},{"kind":"text","text":"谢谢","align":"center"},{"kind":"cut"}]}'
    )
    assert decode_document(stored) == Receipt(
        blocks=(
            Title(text="阳光便利店"),
            Row(left="合计", right="￥12.50", bold=True, size=Size.LARGE),
            Columns(cells=(Cell(text="水", weight=2), Cell(text="4.00"))),
            Rule(style=RuleStyle.DOUBLE),
            Qr(data="TCR1S01"),
            Feed(lines=2),
            Mark(text="离线·未确认"),
            Text(text="谢谢", align=Align.CENTER),
            Cut(),
        )
    )


@pytest.mark.parametrize(
    ("stored", "names"),
    [
        ("", "not JSON"),
        ('{"v":1,"blocks":[{"kind":"ti', "not JSON"),
        ("[]", "version None"),
        ('{"v":2,"blocks":[]}', "version 2"),
        ('{"v":1,"blocks":{}}', "version 1"),
        ('{"v":1,"blocks":[7]}', r"blocks\[0\]: expected an object"),
        ('{"v":1,"blocks":[{"kind":"cut"},{"kind":"hologram"}]}', r"blocks\[1\]: unknown block kind 'hologram'"),
        ('{"v":1,"blocks":[{"kind":["cut"]}]}', "unknown block kind"),
        ('{"v":1,"blocks":[{"kind":"title","text":5}]}', r"blocks\[0\].text: 5 is not str"),
        ('{"v":1,"blocks":[{"kind":"title"}]}', "text"),
        ('{"v":1,"blocks":[{"kind":"cut","deep":true}]}', "unknown field 'deep'"),
        ('{"v":1,"blocks":[{"kind":"text","text":"x","align":"up"}]}', "'up' is not Align"),
        ('{"v":1,"blocks":[{"kind":"feed","lines":true}]}', "True is not int"),
        ('{"v":1,"blocks":[{"kind":"columns","cells":[{"text":"x"},3]}]}', r"cells\[1\].text: 3 is not str"),
    ],
)
def test_a_document_that_cannot_be_read_says_where(stored: str, names: str) -> None:
    with pytest.raises(DocumentUnprintable, match=names):
        decode_document(stored)


def test_a_reprint_says_so_first_and_changes_nothing_else() -> None:
    marked = as_reprint(sale(), 2)
    assert marked.blocks[0] == Mark(text="重打 REPRINT #2")
    assert marked.blocks[1:] == sale().blocks


def test_the_stored_form_is_readable_by_people() -> None:
    assert "阳光便利店" in encode_document(sale())
    assert json.loads(encode_document(sale()))["v"] == 1
