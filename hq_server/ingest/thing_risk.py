"""Owns the judgement of the coupons, uses of passes and points that a till's entry takes (H4, H8): what no lease or hold of the till that the entry names kept has no
evidence. `apply` then leaves it with the member, whenever the entry is applied.

Part of `till_risk`, which reads and stores what it counts; must not read or write. Excused is what head office wrote off while the till was silent and what another copy of its
disk may have used of the same reservations, each once and as much as was granted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from hq_server.ingest.understanding import Incoming
from stored_value.events import OrderPaid, PassUsed, PointsRedeemed
from stored_value.findings import Finding, FindingCode
from stored_value.identity import LotId
from stored_value.occasion import EvidenceClass
from stored_value.points import alike
from stored_value.reservation_records import ReservedThing
from stored_value.uncovered import things_told, things_uncovered
from stored_value.wallet import Wallet

decode_things = msgspec.json.Decoder(tuple[ReservedThing, ...]).decode


def takes_things(each: Incoming) -> bool:
    return isinstance(each.event, PassUsed | PointsRedeemed | OrderPaid)


class ThingRisk:
    """One till's, in one unit of work. An entry that is judged again, because its member is done again, counts once."""

    def __init__(self, used: Mapping[str, int]) -> None:
        self._excusing: dict[str, tuple[ReservedThing, ...]] = {}
        self._used = Counter(used)
        self._uses: dict[int, Counter[str]] = {}

    def excuse(self, reservation_id: str, things: Sequence[ReservedThing]) -> None:
        if things:
            self._excusing[reservation_id] = tuple(things)

    def judge(self, each: Incoming, wallet: Wallet, names: Iterable[str]) -> Finding | None:
        """On the wallet as it is before the entry. `names` are those of its reservations that may excuse."""
        self._used.subtract(self._uses.pop(each.seq, ()))
        event = each.event
        if event is None or not takes_things(each) or event.occasion.evidence is EvidenceClass.NONE:
            return None
        assert isinstance(event, PassUsed | PointsRedeemed | OrderPaid)
        left = things_uncovered(wallet, event)
        if left:
            left = self._excused(each.seq, wallet, left, names)
        return Finding(FindingCode.THING_UNCOVERED, things_told(wallet, left)) if left else None

    def used(self) -> dict[str, int]:
        """For the till's row."""
        return dict(+self._used)

    def _excused(self, seq: int, wallet: Wallet, left: Counter[LotId], names: Iterable[str]) -> Counter[LotId]:
        """What is left of it all. What the rest makes refused is counted all the same: the till has used it."""
        use = self._uses[seq] = Counter[str]()
        for name in sorted(self._excusing.keys() & set(names)):
            for thing in self._excusing[name]:
                key, wanted = f"{name}/{thing.thing_id}", alike(wallet, thing.thing_id)
                given = max(0, min(left[wanted], thing.quantity - self._used[key] - use[key]))
                use[key] += given
                left[wanted] -= given
        self._used.update(use)
        return +left
