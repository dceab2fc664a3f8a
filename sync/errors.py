"""Errors of what crosses between machines.

SyncError
├── EntryError              the bytes of one entry
│   ├── EntryUnreadable         not JSON, or the header is not what the schema says
│   └── BodyUnreadable          the header is good, the body is not: settled by its header (H7)
├── ChainError              one entry against the one before
│   ├── ChainGap                seq is not the next one
│   ├── ChainBroken             `prev` is not the hash of the entry before
│   └── ChainForked             the same seq with other bytes
├── SignatureError          a signature, seal or certificate does not hold
│   └── KeyUnknown              signed with a key of which nobody has shown a certificate: a new session may
├── PageError               a feed page or snapshot is not what its address says
├── HqUnreachable           no answer: the outcome of what was sent is unknown
└── HqRefused               HQ answered with an error; carries `code`, `message`, `http_status`
    ├── HqBusy                  try again after `retry_after_s`
    └── TokenExpired            open a new session and try again
"""


class SyncError(Exception):
    """Root of this tree; nothing else leaves the package."""


class EntryError(SyncError):
    pass


class EntryUnreadable(EntryError):
    pass


class BodyUnreadable(EntryError):
    pass


class ChainError(SyncError):
    def __init__(self, message: str, seq: int) -> None:
        super().__init__(message)
        self.seq = seq


class ChainGap(ChainError):
    pass


class ChainBroken(ChainError):
    pass


class ChainForked(ChainError):
    pass


class SignatureError(SyncError):
    pass


class KeyUnknown(SignatureError):
    pass


class PageError(SyncError):
    pass


class HqUnreachable(SyncError):
    pass


class HqRefused(SyncError):
    def __init__(self, code: str, message: str, http_status: int, data: dict[str, int | str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.http_status = http_status
        self.data = data or {}


class HqBusy(HqRefused):
    def __init__(self, message: str, http_status: int, retry_after_s: float) -> None:
        super().__init__("busy", message, http_status)
        self.retry_after_s = retry_after_s


class TokenExpired(HqRefused):
    pass
