"""The HTTP protocol's messages, once, for both sides: JSON bodies as msgspec structs, in the order in which a till meets them. docs/PROTOCOL.md is written from this file.

Amounts are minor units, times aware UTC, keys and signatures base64url without padding, hashes lower-case hex."""

from datetime import date, datetime

import msgspec

from stored_value.identity import EventId, MemberId, PromotionId, StaffId, StoreId, TerminalId
from stored_value.reservation_records import ReservationId, ReservedThing
from sync.entry import AnchorRef
from sync.hole import DeclaredHole
from sync.keys import KeyCertificate, KeyRevocation
from sync.message_types import prepare
from sync.payment_pins import PinVerifier
from sync.signed_hold import SignedHold
from sync.till_trouble import TillStanding, TillTrouble
from sync.versions import CURRENT

PROTOCOL_VERSION = CURRENT
"""Sent as the header `Tongchu-Protocol` by both sides; `sync.versions` says why each one is."""
PROTOCOL_HEADER = "Tongchu-Protocol"
SCOPE_KEY_HEADER = "Tongchu-Scope-Key"
GLOBAL_SCOPE = "global"
PUSH_ENTRIES_MAX = 500
PAGE_ROWS = 256
MEMBER_NO_BLOCK = 10_000


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Unknown fields are ignored, so that an older till reads a newer HQ."""


class ApiError(Message, frozen=True, kw_only=True):
    """Every error body. `support_id` is what a technician reads out to head office."""

    code: str
    message: str
    data: dict[str, int | str] = {}
    support_id: str = ""


# 1. enrolment: `sync.enrolment`; 2. session: POST /v1/challenges, then POST /v1/sessions


class ChallengeRequest(Message, frozen=True, kw_only=True):
    terminal_id: TerminalId


class Challenge(Message, frozen=True, kw_only=True):
    challenge: str


class SessionRequest(Message, frozen=True, kw_only=True):
    """`signature` is by the till's key over `sync.keys.session_statement(challenge)`; `anchor` is the newest one the till holds, so that a restored HQ notices (H1);
    `cursors` the highest that it has shown of each feed in `epoch`, `machine` a hash that tells its machine from another (H6). `till_time` is what its clock shows: HQ tells
    people when it is minutes off, and of `trouble`, which only it has seen; `standing` is shown. `incarnation`: its journal's newest (0: not told), HQ may have forgotten it."""

    terminal_id: TerminalId
    challenge: str
    signature: str
    anchor: AnchorRef | None = None
    epoch: str = ""
    cursors: dict[str, int] = {}
    machine: str = ""
    version: str = ""
    till_time: datetime | None = None
    incarnation: int = 0
    trouble: TillTrouble | None = None
    standing: TillStanding | None = None


class Session(Message, frozen=True, kw_only=True):
    """`journal_head` is the last seq that HQ accepted (0: none) with its hash, of incarnation `incarnation` (0: an older HQ, which does not say); `anchor` is fresh.
    `branch_wanted`: before anything else HQ waits for the till to show where its journal parts from the one before (H6). `requests_closed_through`: requests for holds up to this
    number come too late; a till that has counted less counts on from there: they were of a copy of its disk, or of before it was put back. `takes_payment_pins`: no older HQ."""

    token: str
    expires_in_s: int
    epoch: str
    journal_head: int
    journal_head_hash: str
    anchor: AnchorRef
    scopes: tuple[str, ...]
    certificates: tuple[KeyCertificate, ...]
    revocations: tuple[KeyRevocation, ...] = ()
    incarnation: int = 0
    machine_confirmed: bool = True
    branch_wanted: bool = False
    requests_closed_through: int = 0
    takes_payment_pins: bool = False


# 3. push: POST /v1/journals/{terminal_id}  (body zstd-compressed JSON)


class PushedEntry(Message, frozen=True, kw_only=True):
    """`raw` is the entry's exact bytes, base64; `attachment` the sealed key of a member's personal fields, base64 (H14). `hole` stands for bytes that are lost (H7)."""

    raw: str = ""
    attachment: str = ""
    hole: DeclaredHole | None = None


class SignedHead(Message, frozen=True, kw_only=True):
    """By the till's key over `sync.chain.head_statement`. A report (`is_report`) is of the journal's very head: from one database transaction it also says up to which number the
    till has seen HQ's grants and counted its own requests, and which holds and leases it may still use (H2). Whatever is at or below a watermark and not open is closed when HQ
    holds every entry up to `seq`. A head that is no report closes nothing."""

    terminal_id: TerminalId
    incarnation: int
    seq: int
    hash: str
    signature: str
    grant_watermark: int = 0
    request_watermark: int = 0
    open_reservations: tuple[str, ...] = ()
    is_report: bool = False


class Push(Message, frozen=True, kw_only=True):
    """Entries in order, the first following what HQ has accepted. `last` of the batch need not be the head. `signed_holds`: of an epoch that is over, what the entries
    name of it, at most PUSH_ENTRIES_MAX."""

    epoch: str
    entries: tuple[PushedEntry, ...]
    head: SignedHead
    signed_holds: tuple[SignedHold, ...] = ()


class OutcomeFinding(Message, frozen=True, kw_only=True):
    code: str
    data: dict[str, int | str] = {}


class MemberVersion(Message, frozen=True, kw_only=True):
    member_id: MemberId
    version: int


class Outcome(Message, frozen=True, kw_only=True):
    """`status`: created | exists | set_aside. `versions`: where the event landed in each wallet."""

    seq: int
    status: str
    versions: tuple[MemberVersion, ...] = ()
    findings: tuple[OutcomeFinding, ...] = ()


class Heads(Message, frozen=True, kw_only=True):
    """How far HQ was at `as_of` (None: an older HQ, which does not say): the heads of the till's feeds, and the number of the last grant to it."""

    epoch: str
    heads: dict[str, int]
    grants: int
    as_of: datetime | None = None


class PushReply(Message, frozen=True, kw_only=True):
    """`head_hash` is HQ's hash of its entry `accepted_through`, for the sanity check. `heads` spare the till to ask for what has not moved (None: an older HQ)."""

    epoch: str
    outcomes: tuple[Outcome, ...]
    accepted_through: int
    head_hash: str
    anchor: AnchorRef
    heads: Heads | None = None


# 4. pull: GET /v1/feed/{scope}/{epoch}/{page}


class MemberRow(Message, frozen=True, kw_only=True, omit_defaults=True, tag_field="row", tag="member"):
    """A member's full state as a till may know it; `wallet` is `wallet_codec` JSON, `pin` is left out where no payment PIN is set."""

    member_id: MemberId
    member_no: str
    card_issue: int
    name_masked: str
    phone_last4: str
    phone_tag: int
    home_store_id: StoreId
    version: int
    wallet: msgspec.Raw
    updated_at: datetime
    pin: PinVerifier | None = None


class PurchaseRow(Message, frozen=True, kw_only=True, tag_field="row", tag="purchase"):
    purchase_id: EventId
    member_id: MemberId
    terminal_id: TerminalId
    receipt_no: str
    business_date: date
    version: int
    purchase: msgspec.Raw


class MemberExitRow(Message, frozen=True, kw_only=True, tag_field="row", tag="member_exit"):
    """The member left the scope: the till deletes the row."""

    member_id: MemberId
    version: int


class BlockRow(Message, frozen=True, kw_only=True, tag_field="row", tag="block"):
    """A wallet status every till must know at once, whatever its scope; `active` lifts it."""

    member_id: MemberId
    status: str
    version: int
    updated_at: datetime


class StaffRow(Message, frozen=True, kw_only=True, tag_field="row", tag="staff"):
    """`verifier` is argon2id over the PIN keyed with the store's pepper, for this store only (H15)."""

    staff_id: StaffId
    name: str
    role: str
    verifier: str
    active: bool
    updated_at: datetime


class RulebookRow(Message, frozen=True, kw_only=True, tag_field="row", tag="rulebook"):
    """`document` is the exact JSON text that `signature` covers."""

    version: int
    effective_at: datetime
    document: str
    signature: str
    key_id: str


class StoreRow(Message, frozen=True, kw_only=True, tag_field="row", tag="store"):
    store_id: StoreId
    name: str
    zone: str


class CertificateRow(Message, frozen=True, kw_only=True, tag_field="row", tag="certificate"):
    certificate: KeyCertificate


class RevocationRow(Message, frozen=True, kw_only=True, tag_field="row", tag="revocation"):
    revocation: KeyRevocation


class CampaignRow(Message, frozen=True, kw_only=True, tag_field="row", tag="campaign"):
    """What a promotion with a cap over all members has given in the whole franchise, as head office counted; a till's quotes heed it."""

    promotion_id: PromotionId
    times: int
    bonus_minor: int


class SettledFindingRow(Message, frozen=True, kw_only=True, tag_field="row", tag="settled_finding"):
    """A person at HQ settled what was found in the store's entry of this hash: how, in the words of that person."""

    entry_hash: str
    code: str
    resolution: str
    settled_at: datetime


class UnknownRow(Message, frozen=True, kw_only=True, tag_field="row", tag="unknown"):
    """What a till makes of a row of a newer head office, whose `kind` it does not know: it goes past it. Never sent."""

    kind: str


FeedRow = (
    MemberRow
    | PurchaseRow
    | MemberExitRow
    | BlockRow
    | StaffRow
    | RulebookRow
    | StoreRow
    | CertificateRow
    | RevocationRow
    | CampaignRow
    | SettledFindingRow
    | UnknownRow
)


class FeedEntry(Message, frozen=True, kw_only=True):
    """`seq` is gapless within scope and epoch, from 1."""

    seq: int
    row: FeedRow


class FeedPage(Message, frozen=True, kw_only=True):
    """Page n holds seqs n×PAGE_ROWS+1 … (n+1)×PAGE_ROWS; a sealed one is full and never changes. `needs_global`: the global cursor that the rows presuppose (H9)."""

    scope: str
    epoch: str
    page: int
    sealed: bool
    entries: tuple[FeedEntry, ...]
    head: int
    needs_global: int
    as_of: datetime


class ScopeKey(Message, frozen=True, kw_only=True):
    """GET /v1/scopes/{scope}/key: AES-256-GCM key for sealed pages and snapshots, the one in force or with `?key_id=` an earlier one; pages name theirs in SCOPE_KEY_HEADER."""

    scope: str
    key_id: str
    key: str


# 5. snapshot: GET /v1/snapshots/{scope}/latest, then GET /v1/snapshots/{scope}/{sha256} (Range allowed)


class SnapshotManifest(Message, frozen=True, kw_only=True):
    """The file is a replica.db, zstd-compressed, then encrypted under the scope's key; `sha256` is of the bytes served, `plain_sha256` of the SQLite file."""

    scope: str
    epoch: str
    cursor: int
    global_cursor: int
    sha256: str
    size_bytes: int
    plain_sha256: str
    plain_size_bytes: int
    key_id: str
    as_of: datetime


# 6. reading a member from outside the scope: POST /v1/members/find


class FindMember(Message, frozen=True, kw_only=True):
    """One of the three; the phone in E.164. The member enters the asking store's scope."""

    member_no: str = ""
    phone: str = ""
    member_id: str = ""


class FoundMembers(Message, frozen=True, kw_only=True):
    """Empty when nobody matches; more than one when a phone was enrolled twice offline."""

    epoch: str
    members: tuple[MemberRow, ...]
    as_of: datetime


# 7. a hold for one payment: POST /v1/holds


class HoldRequest(Message, frozen=True, kw_only=True):
    """`hold_id` and `number` (the till's own count) were written down before this was sent (H2): the same id again gives the same answer. `amount_minor` is what is needed
    beyond the till's leases, for `deed` (of `stored_value.standing`); `wait_ms` how long HQ may wait for other tills to give leases back."""

    hold_id: ReservationId
    number: int
    member_id: MemberId
    amount_minor: int = 0
    things: tuple[ReservedThing, ...] = ()
    wait_ms: int = 0
    deed: str = "redeem"


class HoldReply(Message, frozen=True, kw_only=True):
    """`refusal` is empty when the value is held, else a code of `stored_value.refusals` with its data; `member` is the member as HQ knows him now, the hold included.
    `signed`: the till keeps it for a restored HQ (None: nothing is held, or an older HQ)."""

    epoch: str
    as_of: datetime
    member: MemberRow | None = None
    refusal: str = ""
    data: dict[str, int | str] = {}
    signed: SignedHold | None = None


# 8. leases offered to this till: `sync.grants`; 9. the live channel: `sync.live`


prepare(globals())
