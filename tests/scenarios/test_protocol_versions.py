"""Programs of different age: a till of the version before works on with this head office, byte for byte as it was; a newer one is told so; what is unknown is left alone."""

import json
from typing import Any

import httpx
import msgspec
import pytest
import zstandard

from hq_server.console.tills.reads import till as till_line
from hq_server.enrolment.codes import create_code
from hq_server.reservations.exposure import exposure
from stored_value.identity import StoreId, TerminalId
from stored_value.refusals import RefusalCode
from sync.client import HqClient
from sync.feed import page_of
from sync.keys import encode_bytes, session_statement, sign
from sync.messages import PROTOCOL_HEADER, SessionRequest
from sync.till_trouble import TillStanding
from sync.versions import CURRENT, PREVIOUS, TOO_NEW, VERSIONS
from terminal.config import TillConfig
from terminal.language import Language
from terminal.station import Station, World
from terminal.syncing import SyncWorker
from tests.hq_server.console.franchise_day import add_people
from tests.hq_server.console.visiting import text_of, visit
from tests.hq_server.served import PushingTill
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.till import Till, done, refused

pytestmark = pytest.mark.slow


class OldTill:
    """Speaks the first version by hand: its messages as that version had them, no field more."""

    def __init__(self, till: PushingTill) -> None:
        self.till = till
        self.http = httpx.Client(base_url=till.hq.url, headers={PROTOCOL_HEADER: PREVIOUS}, trust_env=False)

    def post(self, path: str, message: dict[str, Any]) -> Any:
        body = zstandard.compress(json.dumps(message, sort_keys=True, separators=(",", ":")).encode())
        answer = self.http.post(path, content=body, headers={"Content-Encoding": "zstd"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def open_session(self) -> None:
        terminal_id = self.till.terminal_id
        challenge = self.post("/v1/challenges", {"terminal_id": terminal_id})["challenge"]
        session = self.post(
            "/v1/sessions",
            {
                "terminal_id": terminal_id,
                "challenge": challenge,
                "signature": sign(self.till.key, session_statement(challenge)),
                "version": "0.1",
            },
        )
        self.http.headers["Authorization"] = f"Bearer {session['token']}"
        self.till.epoch = session["epoch"]

    def push(self) -> Any:
        head = self.till.head()
        return self.post(
            f"/v1/journals/{self.till.terminal_id}",
            {
                "epoch": self.till.epoch,
                "entries": [
                    {
                        "raw": encode_bytes(each.raw),
                        "attachment": encode_bytes(self.till.attachments.get(each.header.seq, b"")),
                    }
                    for each in self.till.entries
                ],
                "head": {
                    "terminal_id": head.terminal_id,
                    "incarnation": head.incarnation,
                    "seq": head.seq,
                    "hash": head.hash,
                    "signature": head.signature,
                },
            },
        )

    def open_page(self, scope: str) -> Any:
        answer = self.http.get(f"/v1/feed/{scope}/{self.till.epoch}/{page_of(1)}")
        assert answer.status_code == 200, answer.text
        return json.loads(zstandard.decompress(answer.content, max_output_size=1 << 24))


class Speaking(httpx.BaseTransport):
    """A program of another protocol than today's."""

    def __init__(self, protocol: str) -> None:
        self._protocol = protocol
        self._wire = httpx.HTTPTransport(verify=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.headers[PROTOCOL_HEADER] = self._protocol
        return self._wire.handle_request(request)

    def close(self) -> None:
        self._wire.close()


@pytest.fixture
def till_of_tomorrow(franchise: Franchise) -> Till:
    till = franchise.till("S01-T1")
    till.restart(franchise.hq.url, Speaking("2999-01-01"))
    till.begin_shift()
    return till


def enrolled(franchise: Franchise, protocol: str = CURRENT) -> PushingTill:
    """By a program of that version, and nothing more."""
    with franchise.hq.database.write() as session:
        code = create_code(session, StoreId("S01"), now=franchise.hq.clock.at).code
    with HqClient(franchise.hq.url, transport=Speaking(protocol)) as program:
        till = PushingTill(franchise.hq, code, program)
    franchise.hq.clients.enter_context(till.client)
    return till


def test_h8_who_once_spoke_todays_protocol_is_judged_by_it_whatever_he_claims(franchise: Franchise) -> None:
    """A stolen till says the version before, which reserves nothing and reports nothing."""
    till = franchise.hq.till("S01")
    old = OldTill(till)
    with old.http:
        old.open_session()
        member = till.enrol_member("王小丽", "+8613900001234")
        till.top_up(member, 30_000, first_50=5_000)
        till.redeem(member, 25_000)
        found = [[each["code"] for each in outcome["findings"]] for outcome in old.push()["outcomes"]]
    assert found == [[], [], ["risk_exceeded"]]
    assert franchise.books.balances()[member] == 35_000


def test_h8_who_was_enrolled_by_todays_program_is_no_older_than_it(franchise: Franchise) -> None:
    """It claims the version before from its first session on."""
    till = enrolled(franchise)
    old = OldTill(till)
    with old.http:
        old.open_session()
        member = till.enrol_member("王小丽", "+8613900001234")
        till.top_up(member, 30_000, first_50=5_000)
        till.redeem(member, 25_000)
        found = [[each["code"] for each in outcome["findings"]] for outcome in old.push()["outcomes"]]
    assert found == [[], [], ["risk_exceeded"]]
    with franchise.hq.database.read() as session:
        said = exposure(session, franchise.hq.office.rulebooks.all(session), franchise.hq.clock.at)
    assert not any(each.unjudged for each in said.tills)


def test_exposure_names_the_tills_whose_payments_nobody_can_judge(franchise: Franchise) -> None:
    hq, till = franchise.hq, enrolled(franchise, PREVIOUS)
    old = OldTill(till)

    def unjudged() -> list[str]:
        with hq.database.read() as session:
            found = exposure(session, hq.office.rulebooks.all(session), hq.clock.at)
        return [each.terminal_id for each in found.tills if each.unjudged]

    assert unjudged() == [], "it has not spoken yet"
    with old.http:
        old.open_session()
        assert unjudged() == [till.terminal_id]
    add_people(hq)
    boss = visit(hq.url, "boss")
    assert "old program, not bounded" in text_of(boss.page("/exposure"))
    assert [each["unjudged"] for each in boss.get("/exposure.json").json()["tills"]].count(True) == 1
    till.open_session()
    assert unjudged() == []


def test_a_till_of_the_version_before_pushes_and_pulls(franchise: Franchise) -> None:
    till = enrolled(franchise, PREVIOUS)
    old = OldTill(till)
    with old.http:
        old.open_session()
        member = till.enrol_member("王小丽", "+8613900001234")
        till.top_up(member, 30_000, first_50=5_000)
        till.redeem(member, 25_000)
        reply = old.push()
        assert [each["status"] for each in reply["outcomes"]] == ["created"] * 3
        assert [each["findings"] for each in reply["outcomes"]] == [[]] * 3, (
            "its version knows no holds: nothing is asked of it"
        )
        assert reply["accepted_through"] == 3
        franchise.hq.sequenced()
        assert PREVIOUS != CURRENT
        page = old.open_page(till.store_id)
        assert member in {each["row"].get("member_id") for each in page["entries"]}
        assert [each["status"] for each in old.push()["outcomes"]] == ["exists"] * 3
        till.open_session()
        till.accepted = 3
        till.redeem(member, 25_000)
        ((found,),) = [each.findings for each in till.push().outcomes]
        assert found.code == "risk_exceeded", "by the version of today it is asked what covers the payment"


def test_a_newer_till_is_told_and_goes_on_offline(franchise: Franchise, till_of_tomorrow: Till) -> None:
    till = till_of_tomorrow
    till.top_up(member_of("S01"), 10_000)
    worker = SyncWorker(till.cycle.run_once, till.clock)
    worker.step()
    assert worker.status().code == TOO_NEW
    assert till.journal.head_office.stopped_reason is None, "it sells on"
    till.restart(franchise.hq.url)
    till.begin_shift()
    till.sync()
    assert franchise.books.balances()[member_of("S01")] == 15_000, "nothing was lost meanwhile"


class OlderHeadOffice(Speaking):
    """Its sessions say what they said before there were payment PINs."""

    def __init__(self) -> None:
        super().__init__(CURRENT)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        if request.url.path != "/v1/sessions":
            return response
        said = json.loads(response.read())
        del said["takes_payment_pins"]
        return httpx.Response(response.status_code, json=said)


def refusal_of_a_pin(till: Till, transport: httpx.BaseTransport | None = None) -> str:
    """As the till's whole program says it before the member types anything; its last cycle is a moment old."""
    station = Station(
        TillConfig(data_dir=till.data_dir, hq_url=till.url),
        till.clock,
        on_scanned=lambda _: None,
        on_scan_rejected=lambda _: None,
        language=lambda: Language.EN,
        world=World(transport=transport, machine=lambda: ""),
    )
    try:
        station.sync_once()
        tile = next(each for each in station.counter.staff() if each.name == till.staff_name)
        done(station.counter.sign_in(tile.staff_id, till.pin))
        refusal = station.counter.refuse_setting_pin(member_of("S01"), static_card=True)
        return "" if refusal is None else refusal.code
    finally:
        station.close()


def test_no_pin_is_set_while_head_office_does_not_know_them(franchise: Franchise) -> None:
    """It would set the entry aside, and the member would leave with a PIN that counts nowhere."""
    till, member = franchise.till("S01-T1"), member_of("S01")
    till.restart(franchise.hq.url, OlderHeadOffice())
    till.begin_shift()
    till.sync()
    answer = till.counter.set_pin(till.counter.new_action(), member, "483920", static_card=True)
    assert refused(answer) is RefusalCode.HEAD_OFFICE_OLDER
    till.top_up(member, 1_000)
    till.redeem(member, 1_000)
    till.sync()
    assert till.flagged() == {}, "all else goes on"
    till.close()
    assert refusal_of_a_pin(till, OlderHeadOffice()) == RefusalCode.HEAD_OFFICE_OLDER
    assert refusal_of_a_pin(till) == ""


def test_a_head_office_that_does_not_know_a_field_of_a_session_leaves_it_alone() -> None:
    """A till tells how it stands; a head office of the version before reads the same bytes without it."""

    class OldSessionRequest(msgspec.Struct, frozen=True, kw_only=True):
        terminal_id: str
        challenge: str
        signature: str
        version: str = ""

    told = TillStanding(journal_head=7, printer="paper_out", print_jobs=1)
    till = TerminalId("S01-T1")
    request = SessionRequest(terminal_id=till, challenge="c", signature="s", version="0.1", standing=told)
    read = msgspec.json.decode(msgspec.json.encode(request), type=OldSessionRequest)
    assert (read.terminal_id, read.version) == ("S01-T1", "0.1")


def test_what_a_till_of_the_version_before_does_not_tell_is_not_made_up(franchise: Franchise) -> None:
    old = OldTill(franchise.hq.till("S01"))
    with old.http:
        old.open_session()
    with franchise.hq.database.read() as session:
        line = till_line(session, old.till.terminal_id, now=franchise.hq.clock.at)
    assert line is not None
    assert (line.waiting, line.printer, line.clock_off_s) == (None, "", None)


def test_each_version_has_a_name_that_follows_the_one_before_and_a_reason() -> None:
    names = [each.name for each in VERSIONS]
    assert names == sorted(set(names))
    assert all(each.reason for each in VERSIONS)
