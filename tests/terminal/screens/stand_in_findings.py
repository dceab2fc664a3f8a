"""The part of the stand-in counter that answers what head office found."""

from datetime import date

from terminal.counter.views_findings import FoundThing, Settled

FOUND = (
    FoundThing(seq=39, receipt_no="S01-T1-000039", kind="redeemed", code="overdraft"),
    FoundThing(seq=39, receipt_no="S01-T1-000039", kind="redeemed", code="no_evidence"),
    FoundThing(seq=31, receipt_no="S01-T1-000031", kind="topped_up", code="promise_beyond_cap"),
    FoundThing(seq=9, receipt_no="S01-T1-000009", kind="redeemed", code=""),
    FoundThing(
        seq=12,
        receipt_no="S01-T1-000012",
        kind="member_enrolled",
        code="same_phone",
        settled=Settled(on=date(2026, 11, 20), resolution="已与会员核对：两张卡合并，旧卡已收回，余额在新卡上。"),
    ),
)


class FindingsStandIn:
    found: tuple[FoundThing, ...] = FOUND

    def findings(self, limit: int = 50) -> tuple[FoundThing, ...]:
        return self.found[:limit]
