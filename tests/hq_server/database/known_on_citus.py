"""What head office sends although Citus refuses it, or does it slowly: by the module that asks and what the lint says of it, what to do on the day that Citus is wanted.

docs/DATABASES.md tells the same to people; a test compares. Whatever is mended must be taken out of both.
"""

from typing import Final

_ONE_BY_ONE: Final = "refused: lock the members one by one, in their order; on PostgreSQL one statement costs less"
_IN_ONE: Final = "slow: upsert the rows in one statement, as `batch_writer` does"
_FEW: Final = "slow, and few: the members enrolled in one push"

KNOWN: Final[dict[tuple[str, str], str]] = {
    ("hq_server/ingest/loading.py", "wallets: FOR UPDATE of several member_id"): _ONE_BY_ONE,
    ("hq_server/wallets/guarded.py", "wallets: FOR UPDATE of several member_id"): _ONE_BY_ONE,
    ("hq_server/own_journal/journal.py", "wallets: FOR UPDATE of several member_id"): _ONE_BY_ONE,
    ("hq_server/feed/sequencer.py", "rollups: sent once for each row"): _IN_ONE,
    ("hq_server/members/personal.py", "members: sent once for each row"): _FEW,
    ("hq_server/members/personal.py", "member_keys: sent once for each row"): _FEW,
}
