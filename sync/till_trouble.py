"""What a till tells head office of trouble that only it has seen, with its next session. Part of `sync.messages`."""

import msgspec

from sync.message_types import prepare


class TillTrouble(msgspec.Struct, frozen=True, kw_only=True):
    """What ended the till's last cycle, or was not taken by it: a stable code (differs, entry_too_large, not_trusted, refused, storage) and its words for a technician."""

    code: str
    words: str = ""


prepare(globals())
