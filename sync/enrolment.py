"""Enrolling a till, `POST /v1/enrolments`: the first messages of the protocol, once for both sides, as `sync.messages` has the rest."""

from stored_value.identity import StoreId, TerminalId
from sync.keys import KeyCertificate
from sync.messages import Message


class EnrolmentRequest(Message, frozen=True, kw_only=True):
    """A one-time code and the key that the till made; `machine` is a word for the technician, never used for identity. `terminal_id` is named by a till that has a journal
    already and that HQ, restored from a backup, has forgotten (H1): it takes no other name."""

    code: str
    public_key: str
    machine: str = ""
    terminal_id: str = ""


class Enrolment(Message, frozen=True, kw_only=True):
    """What a till keeps for good: who it is, the pinned root key, and where its own block of MEMBER_NO_BLOCK member numbers starts, so that it enrols without asking."""

    terminal_id: TerminalId
    incarnation: int
    store_id: StoreId
    store_name: str
    zone: str
    epoch: str
    root_public_key: str
    certificates: tuple[KeyCertificate, ...]
    seal_public_key: str
    staff_pepper: str
    phone_tag_key: str
    member_no_from: int = 0
