"""Owns whether every bonus has its reason: the promise on the till's paper, or a finding that names it. Reads head office's entries, findings and postings.

Called by the simulation. Must not import the rules or the protocol.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

from tongchu.witness.booked import Booked, booked_entries
from tongchu.witness.books import HqBooks

FIRST: Final = "first-50"
_MISFIT: Final = frozenset({"outside_anchors", "rulebook_unknown"})


def unexplained_bonus(books: HqBooks) -> Iterator[str]:
    """A promise is honoured once per promise; what is given beyond it, or kept back of it, head office says; a first top-up's bonus stands once unless a promise repeated it."""
    booked = sorted(booked_entries(books).values(), key=lambda each: each.version)
    taken_back = {each.entry.body["top_up_id"] for each in booked if each.entry.kind == "top_up_reversed"}
    members: defaultdict[str, list[Booked]] = defaultdict(list)
    for each in booked:
        if each.entry.kind == "topped_up":
            members[each.member_id].append(each)
    for member_id, top_ups in sorted(members.items()):
        for top_up in top_ups:
            yield from _against_promise(top_up)
        yield from _firsts(member_id, [each for each in top_ups if each.entry.event_id not in taken_back])


def _firsts(member_id: str, standing: Iterable[Booked]) -> Iterator[str]:
    firsts = [each for each in standing if each.given[FIRST]]
    for again in firsts[1:]:
        if _found(again, "first_top_up_repeated", FIRST) is None:
            yield f"member {member_id}: {again.entry.event_id} gives {FIRST} again, and nobody says why"


def _against_promise(top_up: Booked) -> Iterator[str]:
    given, event_id = top_up.given, top_up.entry.event_id
    for promotion in sorted({each["promotion_id"] for each in top_up.entry.body["promised"]} | given.keys()):
        promised, _ = top_up.promised(promotion)
        if promised == given[promotion]:
            continue
        told = _found(top_up, "promise_differs", promotion)
        said = told and (told["promised_minor"], told["given_minor"])
        if said != (promised, given[promotion]):
            yield f"{event_id}: {promotion} promised {promised}, gave {given[promotion]}, head office says {said}"
        elif given[promotion] < promised and not any(each["code"] in _MISFIT for each in top_up.findings):
            yield f"{event_id}: the promise of {promotion} was not kept, and its rulebook fits"


def _found(booked: Booked, code: str, promotion: str) -> dict[str, Any] | None:
    return next(
        (each["data"] for each in booked.findings if each["code"] == code and each["data"]["promotion"] == promotion),
        None,
    )
