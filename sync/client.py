"""Head office as a till sees it: one method a message of the protocol, every lower-layer error mapped to the tree in `sync.errors`.

Knows no journal and keeps no state but the token.
"""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

import httpx
import msgspec

from sync.branches import BranchQuery, BranchReply
from sync.compression import compressed
from sync.enrolment import Enrolment, EnrolmentRequest
from sync.errors import HqBusy, HqRefused, HqUnreachable, PageError, TokenExpired
from sync.feed import KNOWN_KINDS, open_page, read_page
from sync.grants import Grants
from sync.keys import decode_bytes
from sync.lines import DEADLINE, Lines
from sync.live import LiveRequest, News
from sync.messages import (
    PROTOCOL_HEADER,
    PROTOCOL_VERSION,
    SCOPE_KEY_HEADER,
    ApiError,
    Challenge,
    ChallengeRequest,
    FeedPage,
    FindMember,
    FoundMembers,
    HoldReply,
    HoldRequest,
    Push,
    PushReply,
    ScopeKey,
    Session,
    SessionRequest,
    SnapshotManifest,
)
from sync.recovery import Recovery, RecoveryAsk, RecoveryAsked, RecoveryReply
from sync.remembered import Remembered, RememberedReply

T = TypeVar("T")
REPLY_BYTES_MAX = 64 * 1024 * 1024
IDLE_LINE_S = 5.0
"""A till closes a line on which it asked nothing for so long. Head office keeps it longer: if it closed first, a request just sent would be lost with it."""
OPEN_LINE_S = 60.0
"""The same for the line on which it asks before a payment, which is to stand open."""
KEPT_LINE_S = 90
"""So long does head office keep either."""
SEALED_PAGE_TYPE = "application/vnd.tongchu.sealed-page"
_encode = msgspec.json.Encoder(order="sorted").encode


_TIMED_OUT: Final = 408


class HqClient:
    """`timeout_s` bounds each read and write, the `deadline_s` of a question the whole of it; `transport` lets a simulation stand in for the network.
    Use from one thread, but for `keep_line`."""

    def __init__(
        self,
        base_url: str,
        *,
        timeout_s: float = 10.0,
        idle_line_s: float = IDLE_LINE_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._lines = transport or Lines(idle_s=idle_line_s)
        self._http = httpx.Client(
            base_url=base_url,
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, 3.0)),
            transport=self._lines,
            headers={PROTOCOL_HEADER: PROTOCOL_VERSION},
            trust_env=False,
        )
        self._base = str(self._http.base_url).removesuffix("/")
        self._headers = list(self._http.headers.items())
        self._patience = self._http.timeout.as_dict()
        self.token = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def enrol(self, request: EnrolmentRequest) -> Enrolment:
        return self._post("/v1/enrolments", request, Enrolment)

    def challenge(self, request: ChallengeRequest) -> Challenge:
        return self._post("/v1/challenges", request, Challenge)

    def open_session(self, request: SessionRequest) -> Session:
        """Keeps the token for the calls that follow."""
        session = self._post("/v1/sessions", request, Session)
        self.token = session.token
        return session

    def push(self, terminal_id: str, push: Push) -> PushReply:
        """`HqUnreachable` means that the outcome is unknown: HQ may have applied all of it."""
        return self._post(f"/v1/journals/{terminal_id}", push, PushReply)

    def branch(self, terminal_id: str, query: BranchQuery) -> BranchReply:
        """The same claim again gets the same answer."""
        return self._post(f"/v1/branches/{terminal_id}", query, BranchReply)

    def recover(self, terminal_id: str, recovery: Recovery) -> RecoveryReply:
        """Idempotent, like a push."""
        return self._post(f"/v1/recoveries/{terminal_id}", recovery, RecoveryReply)

    @property
    def known_kinds(self) -> frozenset[str]:
        """Of the rows that its pages bring; those of other kinds come as `UnknownRow`."""
        return KNOWN_KINDS

    def feed_page(
        self,
        scope: str,
        epoch: str,
        page: int,
        key_of: Callable[[str], bytes],
        *,
        wait_s: float = 0.0,
        after: int | None = None,
    ) -> FeedPage:
        """The page; a sealed one is opened with the scope's key that `key_of` gives for its id (empty from an older head office).
        `wait_s` asks HQ to hold the answer that long, until the feed has more than
        `after` (the till's cursor; None: than when the request came)."""
        response = self._send(
            "GET",
            f"/v1/feed/{scope}/{epoch}/{page}",
            params=_waiting(wait_s, after),
            timeout_s=wait_s + 10.0 if wait_s else None,
        )
        if response.headers.get("content-type", "").startswith(SEALED_PAGE_TYPE):
            key = key_of(response.headers.get(SCOPE_KEY_HEADER, ""))
            return open_page(key, response.content, scope, epoch, page)
        return read_page(response.content)

    def scope_key(self, scope: str, key_id: str = "") -> ScopeKey:
        """The one in force, unless another is named."""
        params = {"key_id": key_id} if key_id else None
        return self._read(self._send("GET", f"/v1/scopes/{scope}/key", params=params), ScopeKey)

    def snapshot_manifest(self, scope: str) -> SnapshotManifest:
        return self._read(self._send("GET", f"/v1/snapshots/{scope}/latest"), SnapshotManifest)

    def download_snapshot(self, manifest: SnapshotManifest, target: Path) -> None:
        """Into `target`, going on from the bytes that are already there; the caller verifies and unpacks."""
        have = target.stat().st_size if target.exists() else 0
        if have > manifest.size_bytes:
            target.unlink()
            have = 0
        if have == manifest.size_bytes:
            return
        headers = {"Range": f"bytes={have}-"} if have else {}
        path = f"/v1/snapshots/{manifest.scope}/{manifest.sha256}"
        with self._mapped(), self._http.stream("GET", path, headers=headers | self._authorization()) as response:
            if response.status_code not in (200, 206):
                response.read()
                self._raise_refusal(response)
            mode = "ab" if response.status_code == 206 else "wb"
            with target.open(mode) as file:
                for chunk in response.iter_bytes():
                    file.write(chunk)

    def find_member(self, wanted: FindMember, *, deadline_s: float | None = None) -> FoundMembers:
        response = self._send("POST", "/v1/members/find", content=_encode(wanted), deadline_s=deadline_s)
        return self._read(response, FoundMembers)

    def hold(self, wanted: HoldRequest, *, deadline_s: float | None = None) -> HoldReply:
        """An answer that comes too late is none. `HqUnreachable` means that the value may be held: the till's next report releases it, or its entry takes it."""
        response = self._send("POST", "/v1/holds", content=_encode(wanted), deadline_s=deadline_s)
        return self._read(response, HoldReply)

    def keep_line(self) -> None:
        """Asks nothing, on a line that stays open for the next question. From any thread."""
        self._send("GET", "/v1/line")

    def grants(self, after: int) -> Grants:
        return self._read(self._send("GET", "/v1/grants", params={"after": str(after)}), Grants)

    def live(self, known: LiveRequest) -> News:
        """Held by HQ up to `known.wait_s`."""
        response = self._send("POST", "/v1/live", content=_encode(known), timeout_s=known.wait_s + 10.0)
        return self._read(response, News)

    def remembered(self, told: Remembered) -> RememberedReply:
        """Idempotent. A head office of before this call refuses it as not found."""
        return self._post("/v1/remembered", told, RememberedReply)

    def ask_recovery(self, terminal_id: str, ask: RecoveryAsk) -> RecoveryAsked:
        return self._post(f"/v1/recoveries/{terminal_id}/asks", ask, RecoveryAsked)

    def _post(self, path: str, message: object, answer: type[T]) -> T:
        return self._read(self._send("POST", path, content=_encode(message)), answer)

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _send(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        params: dict[str, str] | None = None,
        timeout_s: float | None = None,
        deadline_s: float | None = None,
    ) -> httpx.Response:
        headers = [*self._headers, *self._authorization().items()]
        if content is not None:
            headers.append(("Content-Type", "application/json"))
            if len(content) > 1024:
                content = compressed(content)
                headers.append(("Content-Encoding", "zstd"))
        bound_s = deadline_s or timeout_s
        patience = self._patience if bound_s is None else httpx.Timeout(bound_s).as_dict()
        with self._mapped():
            response = self._asked(
                httpx.Request(
                    method,
                    httpx.URL(self._base + path, params=params),
                    headers=headers,
                    content=content,
                    extensions={"timeout": patience, DEADLINE: deadline_s},
                )
            )
        if response.status_code >= 400:
            self._raise_refusal(response)
        return response

    def _asked(self, request: httpx.Request) -> httpx.Response:
        """Past httpx's client, which looks for cookies, redirects and passwords at every answer: there are none here, and it takes as long as the rest of a request."""
        response = self._lines.handle_request(request)
        with contextlib.closing(response):
            response.read()
        return response

    @contextlib.contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise HqUnreachable(f"head office does not answer: {type(error).__name__}") from error

    @staticmethod
    def _read(response: httpx.Response, answer: type[T]) -> T:
        try:
            return msgspec.json.decode(response.content, type=answer)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise PageError(f"head office's answer cannot be read: {error}") from error

    @staticmethod
    def _raise_refusal(response: httpx.Response) -> None:
        try:
            told = msgspec.json.decode(response.content, type=ApiError)
        except (msgspec.DecodeError, UnicodeDecodeError):
            told = ApiError(code="http_error", message=f"head office answered {response.status_code}")
        if response.status_code in (429, 503):
            wait = response.headers.get("retry-after", "")
            raise HqBusy(told.message, response.status_code, float(wait) if wait.isdigit() else 5.0)
        if response.status_code == _TIMED_OUT:
            raise HqUnreachable(f"what was sent did not arrive in time: {told.code}")
        if response.status_code == 401 and told.code == "token_expired":
            raise TokenExpired(told.code, told.message, response.status_code, told.data)
        raise HqRefused(told.code, told.message, response.status_code, told.data)


def _waiting(wait_s: float, after: int | None) -> dict[str, str] | None:
    if not wait_s:
        return None
    return {"wait_s": f"{wait_s:g}"} | ({} if after is None else {"after": str(after)})


def scope_key_bytes(key: ScopeKey) -> bytes:
    return decode_bytes(key.key)
