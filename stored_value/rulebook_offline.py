"""Reading the offline policy out of a rulebook document. Called by `rulebook_document`."""

from typing import Any

from stored_value.document_reader import Reader
from stored_value.offline_policy import LeasePolicy, OfflinePolicy, RiskAllowance


def read_offline_policy(reader: Reader, value: dict[str, Any], path: str) -> OfflinePolicy:
    usual = OfflinePolicy()
    return OfflinePolicy(
        leases=_read_leases(reader, *reader.part(value, "leases", path)),
        risk=_read_risk(reader, *reader.part(value, "risk", path)),
        top_up_spendable=reader.flag(value, "top_up_spendable", path, usual.top_up_spendable),
        exposure_alert_minor=reader.integer(value, "exposure_alert_minor", path, 0, usual.exposure_alert_minor),
    )


def _read_leases(reader: Reader, value: dict[str, Any], path: str) -> LeasePolicy:
    usual = LeasePolicy()
    share = reader.integer(value, "share_percent", path, 0, usual.share_percent)
    if share > 100:
        reader.problem(f"{path}share_percent", f"is {share}", "write a whole number from 0 to 100")
    return LeasePolicy(
        tills_max=reader.integer(value, "tills_max", path, 0, usual.tills_max),
        amount_minor=reader.integer(value, "amount_minor", path, 0, usual.amount_minor),
        share_percent=share,
        from_minor=reader.integer(value, "from_minor", path, 1, usual.from_minor),
        valid_hours=reader.integer(value, "valid_hours", path, 1, usual.valid_hours),
        coupons=reader.integer(value, "coupons", path, 0, usual.coupons),
        pass_units=reader.integer(value, "pass_units", path, 0, usual.pass_units),
        points=reader.integer(value, "points", path, 0, usual.points),
    )


def _read_risk(reader: Reader, value: dict[str, Any], path: str) -> RiskAllowance:
    usual = RiskAllowance()
    return RiskAllowance(
        payment_minor=reader.integer(value, "payment_minor", path, 0, usual.payment_minor),
        member_minor=reader.integer(value, "member_minor", path, 0, usual.member_minor),
        till_minor=reader.integer(value, "till_minor", path, 0, usual.till_minor),
        hours=reader.integer(value, "hours", path, 0, usual.hours),
    )
