"""The part of the stand-in counter that answers what head office found."""

from terminal.counter.views_findings import FoundEntry

FOUND = (
    FoundEntry(
        seq=39, receipt_no="S01-T1-000039", kind="redeemed", set_aside=False, codes=("overdraft", "no_evidence")
    ),
    FoundEntry(seq=31, receipt_no="S01-T1-000031", kind="topped_up", set_aside=False, codes=("promise_beyond_cap",)),
    FoundEntry(seq=12, receipt_no="S01-T1-000012", kind="member_enrolled", set_aside=False, codes=("same_phone",)),
    FoundEntry(seq=9, receipt_no="S01-T1-000009", kind="redeemed", set_aside=True, codes=()),
)


class FindingsStandIn:
    found: tuple[FoundEntry, ...] = FOUND

    def findings(self, limit: int = 50) -> tuple[FoundEntry, ...]:
        return self.found[:limit]
