"""Policy data of what tills may do when nobody can be asked: leases, and the risk that head office takes beyond them. Types and defaults; `Rulebook` holds them."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasePolicy:
    """A part of a member's balance goes ahead of need to the tills that the member uses most: to `tills_max` of them, `share_percent` of what is available,
    at most `amount_minor` each, valid `valid_hours`. `tills_max` 0: no leases. Less than `from_minor` is not worth one. The till that is used most gets, with the money,
    so many `coupons`, `pass_units` uses or minutes of each pass, and `points` (H4); 0: they are used online only."""

    tills_max: int = 1
    amount_minor: int = 30_000
    share_percent: int = 50
    from_minor: int = 1_000
    valid_hours: int = 72
    coupons: int = 0
    pass_units: int = 0
    points: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskAllowance:
    """What a till may take offline beyond its leases; 0 is nothing. Caps are for one payment, for a member between two reports, for the till between two reports;
    after `hours` without head office, by its last signed time, nothing more."""

    payment_minor: int = 0
    member_minor: int = 0
    till_minor: int = 0
    hours: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflinePolicy:
    """`top_up_spendable`: the principal of an offline top-up may be spent at once at the till that took it (H3). `exposure_alert_minor`: head office is told when
    the worst case passes it; 0: never."""

    leases: LeasePolicy = field(default_factory=LeasePolicy)
    risk: RiskAllowance = field(default_factory=RiskAllowance)
    top_up_spendable: bool = True
    exposure_alert_minor: int = 500_000
