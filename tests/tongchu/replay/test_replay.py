"""The auditor's tools: hand-written events are replayed, every mistake is named by line and field, schemas describe what is written."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stored_value.rulebook_document import write_rulebook
from tests.stored_value.miniature import BOOK
from tests.sync.miniature import every_kind, journal
from tongchu.cli import app
from tongchu.replay.reading import EventsUnreadable, read_events
from tongchu.replay.replaying import replay
from tongchu.replay.schemas import events_schema, rulebook_schema

TOP_UP = {
    "kind": "topped_up", "id": "t1", "member_id": "m1", "store_id": "S01", "business_date": "2026-03-02", "amount_minor": 100_000,
    "tenders": [{"kind": "cash", "amount_minor": 100_000}],
    "promised": [{"promotion_id": "plan-1000", "bonus_minor": 20_000}, {"promotion_id": "first-50", "bonus_minor": 5_000}],
}  # fmt: skip
REDEEM = {
    "kind": "redeemed", "id": "r1", "member_id": "m1", "store_id": "S02", "business_date": "2026-03-03", "amount_minor": 12_500,
    "lines": [{"line_no": 1, "name": "lunch", "total_minor": 12_500}],
}  # fmt: skip


def lines(*events: dict[str, object]) -> list[str]:
    return [json.dumps(event) for event in events]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    rulebook, events = tmp_path / "rulebook.json", tmp_path / "events.jsonl"
    rulebook.write_bytes(write_rulebook(BOOK))
    events.write_text("// a member of S01 eats at S02\n\n" + "\n".join(lines(TOP_UP, REDEEM)), encoding="utf-8")
    return events, rulebook


def test_json_output_has_one_object_an_event(files: tuple[Path, Path]) -> None:
    ended = CliRunner().invoke(app, ["replay", str(files[0]), "-r", str(files[1]), "--format", "json"])
    assert ended.exit_code == 0, ended.output
    first, second = map(json.loads, ended.stdout.splitlines())
    assert set(first) == {"id", "wallets", "draws", "postings", "findings"}
    assert second["draws"] == [
        {"kind": "principal", "lot_id": "t1/p", "store_id": "S01", "amount_minor": 10_000},
        {"kind": "bonus", "lot_id": "t1/b/first-50", "store_id": "S01", "amount_minor": 2_500},
    ]
    assert sum(row["amount_minor"] for row in second["postings"]) == 0
    assert {"store_id": "S02", "account": "revenue", "amount_minor": -12_500, "detail": ""} in second["postings"]


def test_tables_name_lots_postings_and_balance(files: tuple[Path, Path]) -> None:
    said = CliRunner().invoke(app, ["replay", str(files[0]), "-r", str(files[1])]).stdout
    assert all(word in said for word in ("t1/b/first-50", "clearing", "￥125.00", "principal ￥900.00, bonus ￥225.00"))


def test_findings_end_with_exit_code_1(files: tuple[Path, Path]) -> None:
    files[0].write_text("\n".join(lines(REDEEM)), encoding="utf-8")
    ended = CliRunner().invoke(app, ["replay", str(files[0]), "-r", str(files[1])])
    assert ended.exit_code == 1
    assert "overdraft" in ended.stdout


@pytest.mark.parametrize(
    ("line", "field", "words"),
    [
        ('{"kind": "redeemed"', "", "is not JSON"),
        ("[1]", "", "is not an object"),
        (json.dumps({"kind": "redeem"}), "kind", "did you mean 'redeemed'"),
        (json.dumps(REDEEM | {"member": "m1"}), "member", "did you mean 'member_id'"),
        (json.dumps({key: value for key, value in REDEEM.items() if key != "amount_minor"}), "amount_minor", "missing"),
        (json.dumps({key: value for key, value in REDEEM.items() if key != "id"}), "id", "missing"),
        (json.dumps(REDEEM | {"business_date": "2026-13-01"}), "business_date", "date"),
        (json.dumps(REDEEM | {"amount_minor": 125.5}), "amount_minor", "Expected `int`"),
        (json.dumps(REDEEM | {"evidence": "smile"}), "evidence", "smile"),
        (
            json.dumps(REDEEM | {"lines": [{"line_no": 1, "name": "x", "total_minor": "1"}]}),
            "lines[0].total_minor",
            "Expected `int`",
        ),
        (json.dumps(TOP_UP), "id", "stands in line 1 already"),
        ('{"header": {}, "body": {}}', "header", "missing"),
    ],
)
def test_a_mistake_is_named_by_line_and_field(line: str, field: str, words: str) -> None:
    with pytest.raises(EventsUnreadable) as caught:
        read_events([json.dumps(TOP_UP), line], 1)
    mistake = caught.value.mistakes[0]
    assert (mistake.line, mistake.field) == (2, field)
    assert words in mistake.what


def test_a_journal_entry_is_taken_as_it_lies_in_the_journal() -> None:
    read = read_events([entry.raw.decode() for entry in journal()], 1)
    assert read == every_kind()


def test_an_event_that_pins_an_unknown_rulebook_is_settled_by_the_one_before() -> None:
    event = read_events([json.dumps(TOP_UP | {"rulebook": 7})], 1)
    step = next(iter(replay(event, {1: BOOK})))
    assert [finding.code.value for finding in step.findings] == ["rulebook_unknown"]


def test_the_schemas_name_what_is_written() -> None:
    event = events_schema()["$defs"]["ToppedUp"]
    assert set(TOP_UP) <= set(event["properties"])
    assert {"kind", "id", "member_id", "amount_minor", "tenders"} <= set(event["required"])
    document = rulebook_schema()["$defs"]
    written = json.loads(write_rulebook(BOOK))
    assert set(written) <= set(document["Rulebook"]["properties"])
    for promotion in written["promotions"]:
        kinds = [
            each for each in document.values() if each.get("properties", {}).get("type") == {"const": promotion["type"]}
        ]
        assert set(promotion) <= set(kinds[0]["properties"])


def test_a_rulebook_is_checked_from_the_command_line(files: tuple[Path, Path]) -> None:
    ended = CliRunner().invoke(app, ["rulebook", "check", str(files[1]), "--on", "2026-03-01", "--share", "10"])
    assert ended.exit_code == 1
    assert "promotions[0]" in ended.stdout
