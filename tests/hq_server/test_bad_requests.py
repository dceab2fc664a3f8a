"""What no till sends: each malformed request gets a clear 4xx with a code, a message and a support id, and changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
import zstandard

from sync.messages import PROTOCOL_HEADER, PROTOCOL_VERSION, ApiError
from tests.hq_server.furnished import served_copy
from tests.hq_server.served import PushingTill


@pytest.fixture
def till(furnished_sqlite: Path, tmp_path: Path) -> Iterator[PushingTill]:
    """One kind of database is enough for what never reaches it."""
    with served_copy(furnished_sqlite, tmp_path) as hq:
        yield hq.till()


def post(till: PushingTill, content: bytes, **headers: str) -> httpx.Response:
    token = {"Authorization": f"Bearer {till.client.token}"}
    address = f"{till.hq.url}/v1/journals/{till.terminal_id}"
    return httpx.post(address, content=content, headers=token | headers, trust_env=False)


def told(response: httpx.Response) -> ApiError:
    assert response.headers[PROTOCOL_HEADER] == PROTOCOL_VERSION
    error = msgspec.json.decode(response.content, type=ApiError)
    assert error.message
    assert len(error.support_id) == 8
    return error


ZSTD = {"Content-Encoding": "zstd"}


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"", {}, 400, "body_unreadable"),
        (b"{", {}, 400, "body_unreadable"),
        (b"\xff\xfe", {}, 400, "body_unreadable"),
        (b"[]", {}, 400, "body_unreadable"),
        (b'{"epoch":1,"entries":[],"head":{}}', {}, 400, "body_unreadable"),
        (b"not zstd", ZSTD, 400, "body_unreadable"),
        (zstandard.compress(b"{}")[:-3], ZSTD, 400, "body_unreadable"),
        (zstandard.compress(b" " * (65 * 1024 * 1024)), ZSTD, 413, "body_too_large"),
        (b"{}", {"Content-Encoding": "br"}, 415, "encoding_unknown"),
        (b" " * (17 * 1024 * 1024), {}, 413, "body_too_large"),
    ],
)
def test_a_malformed_body_is_named(
    till: PushingTill, content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    response = post(till, content, **headers)
    assert (response.status_code, told(response).code) == (status, code)
    assert till.push([]).accepted_through == 0


def test_a_push_for_another_till_is_not_permitted(till: PushingTill) -> None:
    response = httpx.post(
        f"{till.hq.url}/v1/journals/S09-T9",
        content=msgspec.json.encode(till.message()),
        headers={"Authorization": f"Bearer {till.client.token}"},
        trust_env=False,
    )
    assert (response.status_code, told(response).code) == (403, "not_permitted")


def test_entries_that_are_no_base64_and_too_many_entries_are_named(till: PushingTill) -> None:
    message = msgspec.to_builtins(till.message())
    bad = msgspec.json.encode(message | {"entries": [{"raw": "abc\u00e4="}]})
    assert told(post(till, bad)).code in {"body_unreadable", "journal_broken"}
    many = msgspec.json.encode(message | {"entries": [{"raw": ""}] * 501})
    assert told(post(till, many)).code == "request_invalid"


def test_an_old_epoch_is_named(till: PushingTill) -> None:
    message = msgspec.to_builtins(till.message()) | {"epoch": "before"}
    response = post(till, msgspec.json.encode(message))
    assert (response.status_code, told(response).code) == (410, "epoch_over")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("DELETE", "/v1/enrolments", 405, "method_unknown"),
        ("GET", "/v1/feed/global/epoch/first", 400, "request_invalid"),
        ("GET", "/v1/feed/global/epoch/0", 410, "epoch_over"),
        ("GET", "/v1/scopes/S01/key", 401, "token_missing"),
        ("POST", "/v1/journals/S01-T1", 401, "token_missing"),
    ],
)
def test_an_unknown_address_is_named(till: PushingTill, method: str, path: str, status: int, code: str) -> None:
    response = httpx.request(method, till.hq.url + path, trust_env=False)
    assert (response.status_code, told(response).code) == (status, code)


def test_a_number_that_is_none_is_named_with_its_place(till: PushingTill) -> None:
    asked = {
        "/v1/feed/global/epoch/1.5": "path.page",
        f"/v1/feed/global/epoch/{10**18}": "path.page",
        "/v1/feed/global/epoch/0?after=-1": "query.after",
        "/v1/feed/global/epoch/0?wait_s=soon": "query.wait_s",
        "/v1/feed/global/epoch/0?wait_s=nan": "query.wait_s",
        "/v1/grants?after=": "query.after",
    }
    for address, place in asked.items():
        refused = httpx.get(till.hq.url + address, trust_env=False)
        assert (refused.status_code, told(refused).data) == (400, {"where": place}), address


def test_an_unforeseen_failure_gives_a_support_id_and_is_logged(
    till: PushingTill, caplog: pytest.LogCaptureFixture
) -> None:
    with till.hq.database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE hq_state")
    response = post(till, b"{}")
    error = told(response)
    assert (response.status_code, error.code) == (500, "internal")
    assert error.support_id in {getattr(record, "support_id", "") for record in caplog.records}
