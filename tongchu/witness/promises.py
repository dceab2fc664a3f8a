"""Owns whether every bonus has its reason: the promise on the till's paper, or a finding that names it. Reads head office's entries, findings and postings.

Called by the simulation. Must not import the rules or the protocol.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tongchu.witness.books import HqBooks, SeenEntry, seen_entry

FIRST: Final = "first-50"
_MISFIT: Final = frozenset({"outside_anchors", "rulebook_unknown"})


@dataclass(frozen=True, slots=True)
class _TopUp:
    entry: SeenEntry
    findings: tuple[dict[str, Any], ...]
    given: Counter[str]

    @property
    def promised(self) -> Counter[str]:
        return Counter({each["promotion_id"]: int(each["bonus_minor"]) for each in self.entry.body["promised"]})

    def found(self, code: str, promotion: str) -> dict[str, Any] | None:
        return next(
            (each["data"] for each in self.findings if each["code"] == code and each["data"]["promotion"] == promotion),
            None,
        )


def unexplained_bonus(books: HqBooks) -> Iterator[str]:
    """A promise is honoured once per promise; what is given beyond it, or kept back of it, head office says; a first top-up's bonus stands once unless a promise repeated it."""
    taken_back = {
        json.loads(bytes(raw))["body"]["top_up_id"]
        for (raw,) in books.rows("SELECT raw FROM journal_entries WHERE kind = 'top_up_reversed'")
    }
    for member_id, top_ups in _by_member(books):
        firsts = 0
        for top_up in top_ups:
            yield from _against_promise(top_up)
            if not top_up.given[FIRST] or top_up.entry.event_id in taken_back:
                continue
            firsts += 1
            if firsts > 1 and top_up.found("first_top_up_repeated", FIRST) is None:
                yield f"member {member_id}: {top_up.entry.event_id} gives {FIRST} again, and nobody says why"


def _against_promise(top_up: _TopUp) -> Iterator[str]:
    promised, given, event_id = top_up.promised, top_up.given, top_up.entry.event_id
    for promotion in sorted(promised.keys() | given.keys()):
        if promised[promotion] == given[promotion]:
            continue
        told = top_up.found("promise_differs", promotion)
        said = told and (told["promised_minor"], told["given_minor"])
        if said != (promised[promotion], given[promotion]):
            yield f"{event_id}: {promotion} promised {promised[promotion]}, gave {given[promotion]}, head office says {said}"
        elif given[promotion] < promised[promotion] and not any(each["code"] in _MISFIT for each in top_up.findings):
            yield f"{event_id}: the promise of {promotion} was not kept, and its rulebook fits"


def _by_member(books: HqBooks) -> Iterator[tuple[str, list[_TopUp]]]:
    given: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for event_id, promotion, minor in books.rows(
        "SELECT event_id, detail, sum(amount_minor) FROM postings"
        " WHERE account = 'promotion_cost' AND kind = 'topped_up' GROUP BY event_id, detail"
    ):
        given[event_id][promotion] = int(minor)
    members: defaultdict[str, list[_TopUp]] = defaultdict(list)
    for member_id, seq, raw, findings in books.rows(
        "SELECT member_id, seq, raw, findings FROM journal_entries WHERE kind = 'topped_up' ORDER BY member_id, version"
    ):
        entry = seen_entry(seq, bytes(raw))
        members[member_id].append(_TopUp(entry, tuple(json.loads(findings)), given[entry.event_id]))
    yield from members.items()
