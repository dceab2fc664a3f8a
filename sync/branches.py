"""Adopting the losing branch of a forked journal (H6): finding the last entry that both branches have, `POST /v1/branches/{terminal_id}`.

After a person's decision head office's session names a higher incarnation than the till's, and wants its branch. A head office that was restored and forgot the decision hears of
the incarnation from the till, and wants the branch once more. The till shows hashes of its own entries until both know where they part, then
claims the branch; from then on its journal goes on in the new incarnation, and its next push begins behind that entry.
"""

import msgspec

from sync.message_types import prepare
from sync.messages import Message

MARKS_MAX = 500


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """The hash of the till's own entry `seq`."""

    seq: int
    hash: str


class BranchQuery(Message, frozen=True, kw_only=True):
    """`marks` in rising order, at most MARKS_MAX. `claim`: the first mark is the last entry in common, the second the first of the branch; one mark alone claims a branch
    that has no entry yet. `again`: the till had claimed it in this incarnation before, and goes on even where head office's branch is the beginning of its own."""

    epoch: str
    incarnation: int
    marks: tuple[Mark, ...]
    claim: bool = False
    again: bool = False


class BranchReply(Message, frozen=True, kw_only=True):
    """Of the marks: the highest that head office's own branch has too (0: none), and the lowest that it does not (0: none). `held_through` is the end of that branch.
    `claimed`: the new incarnation's journal now ends at `common`."""

    common: int
    other: int
    held_through: int
    claimed: bool = False


prepare(globals())
