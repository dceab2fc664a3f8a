"""Owns what covered each payment: which part came from leases and holds, and which part nobody had set aside. Read from journal entries and head office's answers alone.

Called by the simulation. Must not import the rules or the protocol.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tongchu.witness.journal import SeenEntry

PAYMENTS: Final = frozenset({"redeemed", "order_paid"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A payment from a balance. `uncovered_minor` is what neither a lease of its till nor a hold gave; `named`: it names one, whatever that gave."""

    seq: int
    event_id: str
    member_id: str
    amount_minor: int
    leased_minor: int
    held_minor: int
    named: bool

    @property
    def uncovered_minor(self) -> int:
        return self.amount_minor - self.leased_minor - self.held_minor


@dataclass(slots=True)
class _Lease:
    left_minor: int
    expires_at: str


@dataclass(slots=True)
class ReservedBook:
    """One till's leases, followed through its journal entry by entry; `holds` are head office's answers by hold, kept by the caller; `named` are
    the reservations that entries used."""

    holds: Mapping[str, int]
    read_through: int = 0
    payments: list[Payment] = field(default_factory=list)
    taken: int = 0
    given_back: int = 0
    named: set[str] = field(default_factory=set)
    _leases: dict[str, _Lease] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def read(self, entry: SeenEntry) -> None:
        """In order, each once."""
        self.read_through = entry.seq
        body = entry.body
        match entry.kind:
            case "lease_accepted":
                self.taken += 1
                self._leases[body["lease_id"]] = _Lease(int(body["amount_minor"]), str(body["expires_at"] or ""))
            case "lease_returned":
                self.given_back += 1
                self._leases.pop(body["lease_id"], None)
            case "topped_up" if body["offline"]:
                kept = body.get("reserved_minor")
                self._leases[entry.event_id] = _Lease(int(body["amount_minor"] if kept is None else kept), "")
            case "refund_reversed":
                self._use(entry)
            case "top_up_reversed":
                self._use(entry)
                self._leases.pop(body["top_up_id"], None)
            case kind if kind in PAYMENTS:
                self._pay(entry)
            case _:
                pass

    def left_minor(self, lease_id: str) -> int | None:
        """None for a lease that the journal has never taken, or gave back."""
        lease = self._leases.get(lease_id)
        return None if lease is None else lease.left_minor

    def _pay(self, entry: SeenEntry) -> None:
        amount = int(entry.header["out_minor"])
        leased, held = self._use(entry)
        if amount:
            self.payments.append(
                Payment(
                    seq=entry.seq,
                    event_id=entry.event_id,
                    member_id=str(entry.header["members"][0]),
                    amount_minor=amount,
                    leased_minor=leased,
                    held_minor=held,
                    named=bool(entry.header["reservations"]),
                )
            )

    def _use(self, entry: SeenEntry) -> tuple[int, int]:
        """What the leases and the holds that the entry names gave."""
        amount = int(entry.header["out_minor"])
        leased = held = 0
        for reservation_id in entry.header["reservations"]:
            self.named.add(reservation_id)
            left = amount - leased - held
            lease = self._leases.get(reservation_id)
            if lease is not None and not _is_over(lease, entry):
                part = min(left, lease.left_minor)
                lease.left_minor -= part
                leased += part
            elif lease is None and reservation_id not in self._used:
                held += min(left, self.holds.get(reservation_id, 0))
                self._used.add(reservation_id)
        return leased, held


def _is_over(lease: _Lease, entry: SeenEntry) -> bool:
    """Both are UTC in the same form."""
    return bool(lease.expires_at) and _second(str(entry.header["occurred_at"])) >= _second(lease.expires_at)


def _second(at: str) -> str:
    return at[:19]
