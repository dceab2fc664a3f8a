"""What a wallet remembers beside value, so that promotions and tiers need no history: uses of capped promotions, bonus instalments to come, tiers given, days in a rolling window.

Values only; `quote`, `rewards`, `instalments` and `tiers` read and change them.
"""

from dataclasses import dataclass
from datetime import date

from stored_value.identity import EventId, PromotionId, StoreId, TierId


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionUse:
    """How often a promotion with a cap gave, and how much bonus in all; the `day_` figures are of `day`, the last day on which it gave."""

    promotion_id: PromotionId
    times: int
    bonus_minor: int
    day: date
    day_times: int
    day_bonus_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingInstalment:
    """A part of a bonus that is due on a later day. `rulebook` is the version under which it was given, and under which it is released."""

    top_up_id: EventId
    promotion_id: PromotionId
    store_id: StoreId
    number: int
    due_on: date
    amount_minor: int
    rulebook: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TierGrant:
    """A tier that the event `source_id` gave; `until` is the last day, none for ever."""

    tier_id: TierId
    source_id: EventId
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveDay:
    """What a member topped up and spent on one business date, net of what was taken back; kept only where a tier looks at a rolling window."""

    on: date
    topped_up_minor: int = 0
    spent_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loyalty:
    """`tier_review_on` is the first day on which the tier may fall; none where tiers follow the figures at once."""

    uses: tuple[PromotionUse, ...] = ()
    pending: tuple[PendingInstalment, ...] = ()
    tier_grants: tuple[TierGrant, ...] = ()
    tier_since: date | None = None
    tier_review_on: date | None = None
    active_days: tuple[ActiveDay, ...] = ()

    def use(self, promotion_id: PromotionId) -> PromotionUse | None:
        return next((used for used in self.uses if used.promotion_id == promotion_id), None)


NO_LOYALTY = Loyalty()
