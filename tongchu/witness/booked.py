"""Owns what head office booked of each entry, and which findings of the same entry say, in fen, why that is not what the paper says.

A difference is explained by a finding that names its amount or its cause; by nothing else. Called by the simulation and the soak. Must not import the rules or the protocol.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tongchu.witness.books import HqBooks
from tongchu.witness.journal import SeenEntry, seen_entry

_BALANCE: Final = "('principal_liability', 'bonus_liability', 'overdraft_receivable')"
_PAYMENTS: Final = frozenset({"redeemed", "order_paid"})
_REFUNDS: Final = {"purchase_refunded": 1, "refund_reversed": -1}


@dataclass(frozen=True, slots=True)
class Booked:
    """`moved_minor` is what the member's balance gained by head office's postings; `given` what each promotion gave at once; `suspense_minor` what of a refund went back to where
    its payment lay in suspense, by the postings of both."""

    entry: SeenEntry
    member_id: str
    version: int
    moved_minor: int
    findings: tuple[dict[str, Any], ...]
    given: Counter[str] = field(default_factory=Counter)
    suspense_minor: int = 0

    def explained_minor(self, paper_minor: int, bonus_minor: int = 0) -> int:
        """What the findings say of the difference: head office's figure less the paper's. `bonus_minor` is the paper's bonus, with its sign."""
        told = sum(
            _EXPLAINED[found["code"]](self, found["data"], paper_minor, bonus_minor)
            for found in self.findings
            if found["code"] in _EXPLAINED
        )
        return told + self._suspense_minor()

    def _suspense_minor(self) -> int:
        """Of a refund (or one taken back): what lay in suspense beyond what its till knew."""
        sign = _REFUNDS.get(self.entry.kind, 0)
        return (
            sign * (self.entry.awaiting_minor - self.suspense_minor) if self.moved_minor or self.suspense_minor else 0
        )

    @property
    def gifts_minor(self) -> tuple[int, ...]:
        """Of a top-up: what each promotion gave beyond its promise, or (less than 0) kept back of it, where head office says so."""
        return tuple(_gift(self, found["data"], 0, 0) for found in self.findings if found["code"] == "promise_differs")

    def promised(self, promotion: str) -> tuple[int, int]:
        """At once, and at once and later together; by the entry."""
        of_it = [each for each in self.entry.body["promised"] if each["promotion_id"] == promotion]
        now = sum(int(each["bonus_minor"]) for each in of_it)
        return now, now + sum(int(each["later_minor"]) for each in of_it)


def booked_entries(books: HqBooks, *, member_id: str | None = None, through: int | None = None) -> dict[str, Booked]:
    """By event, of one member up to a version or of all."""
    with books.at_one_moment():
        return _booked_entries(books, member_id, through)


def _booked_entries(books: HqBooks, member_id: str | None, through: int | None) -> dict[str, Booked]:
    where = "member_id IS NOT NULL" if member_id is None else f"member_id = '{member_id}'"
    if through is not None:
        where += f" AND version <= {through}"
    rows = books.rows(
        f"SELECT event_id, member_id, version, seq, raw, findings FROM journal_entries WHERE {where} ORDER BY version"
    )
    chosen = "" if member_id is None else f" AND member_id = '{member_id}'"
    moved = {
        str(event_id): -int(minor)
        for event_id, minor in books.rows(
            f"SELECT event_id, sum(amount_minor) FROM postings WHERE account IN {_BALANCE}{chosen} GROUP BY event_id"
        )
    }
    suspended = {
        str(event_id): int(minor)
        for event_id, minor in books.rows(
            f"SELECT event_id, sum(amount_minor) FROM postings WHERE account = 'suspense'{chosen} GROUP BY event_id"
        )
    }
    given: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for event_id, promotion, minor in books.rows(
        "SELECT event_id, detail, sum(amount_minor) FROM postings"
        f" WHERE account = 'promotion_cost'{chosen} GROUP BY event_id, detail"
    ):
        given[event_id][promotion] = int(minor)
    booked: dict[str, Booked] = {}
    for event_id, member, version, seq, raw, findings in rows:
        told = tuple(json.loads(findings))
        if event_id in booked and any(each["code"] == "event_repeated" for each in told):
            continue  # another branch of a forked journal brings it once more: it was booked once
        entry = seen_entry(seq, bytes(raw))
        booked[event_id] = Booked(
            entry=entry,
            member_id=member,
            version=int(version or 0),
            moved_minor=moved.get(event_id, 0),
            findings=told,
            given=given[event_id],
            suspense_minor=_suspense_minor(entry, suspended),
        )
    return booked


def _suspense_minor(entry: SeenEntry, suspended: Mapping[str, int]) -> int:
    """Never more than the payment itself put there, which a finding of its own says."""
    if entry.kind not in _REFUNDS:
        return 0
    most = suspended.get(str(entry.body.get("purchase_id")), 0)
    return min(most, -_REFUNDS[entry.kind] * suspended.get(entry.event_id, 0))


Reason = Callable[[Booked, Mapping[str, Any], int, int], int]
"""From the booked entry, the finding's data, the paper's value and the paper's bonus."""


def _gift(booked: Booked, data: Mapping[str, Any], _paper: int, _bonus: int) -> int:
    """Named by promotion, promise and amount: a finding whose promise is not the entry's, or whose gift the books do not show, explains nothing."""
    now, whole = booked.promised(data["promotion"])
    given = booked.given[data["promotion"]]
    return given - now if data["promised_minor"] == whole and data["given_minor"] >= given else 0


def _cash_out(booked: Booked, data: Mapping[str, Any], _paper: int, _bonus: int) -> int:
    """A request reserved other than the till showed, a rejection gave back other than it said, or a payment (or its reversal) of what was not reserved is owed (or no more)."""
    match booked.entry.kind:
        case "cash_out_requested":
            return int(data["shown_reserved_minor"]) - int(data["reserved_minor"])
        case "cash_out_rejected":
            return int(data["reckoned_minor"]) - int(data["shown_minor"])
        case _:
            return -int(data.get("owed_minor", 0))


def _undone(_booked: Booked, _data: Mapping[str, Any], paper_minor: int, _bonus: int) -> int:
    """Head office does not know what the entry speaks of, and moved nothing."""
    return -paper_minor


def _refund(_booked: Booked, data: Mapping[str, Any], _paper: int, _bonus: int) -> int:
    return int(data["expected_balance_minor"]) - int(data["balance_minor"])


def _without_evidence(booked: Booked, data: Mapping[str, Any], _paper: int, _bonus: int) -> int:
    """The payment is the store's suspense, not the member's (H8)."""
    return int(data["amount_minor"]) if booked.entry.kind in _PAYMENTS else 0


def _revived(booked: Booked, data: Mapping[str, Any], _paper: int, _bonus: int) -> int:
    """A late payment took what had expired; a refund into an expired lot moves what its paper says."""
    return int(data["amount_minor"]) if booked.entry.kind in _PAYMENTS else 0


_EXPLAINED: Final[dict[str, Reason]] = {
    "promise_differs": _gift,
    "cash_out_differs": _cash_out,
    "not_a_tills_kind": _undone,
    "another_tills_entry": _undone,
    "original_unknown": _undone,
    "not_reversible": _undone,
    "cash_out_uncovered": _undone,
    "cash_out_unknown": _undone,
    "cash_out_not_waiting": _undone,
    "purchase_unknown": _undone,
    "cash_out_reckoned_again": lambda _booked, data, _paper, _bonus: -int(data["forfeited_minor"]),
    "bonus_forfeited": lambda _booked, data, _paper, _bonus: -int(data["bonus_minor"]),
    "refund_exceeds_purchase": lambda _booked, data, _paper, _bonus: (
        int(data["returned_minor"]) - int(data["amount_minor"])
    ),
    "refund_differs": _refund,
    "taken_back_short": lambda _booked, data, _paper, _bonus: int(data["amount_minor"]) - int(data["taken_minor"]),
    "top_up_unknown": lambda _booked, _data, _paper, bonus: -bonus,
    "top_up_already_spent": lambda _booked, data, _paper, _bonus: int(data["bonus_minor"]),
    "no_evidence": _without_evidence,
    "risk_exceeded": lambda _booked, data, _paper, _bonus: int(data["amount_minor"]),
    "card_exceeded": lambda _booked, data, _paper, _bonus: int(data["amount_minor"]),
    "lot_revived": _revived,
    "transfer_short": lambda _booked, data, _paper, _bonus: int(data["missing_minor"]),
}
"""What each finding says of the difference between books and paper. A new finding under which money moves otherwise than on paper belongs here, with its amount."""
