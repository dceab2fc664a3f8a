"""Reads of published rulebooks for pages: the names of tiers, promotions, passes and coupons. Writes nothing."""

from datetime import datetime

from sqlalchemy import select

from hq_server.database.engine import ReadSession
from hq_server.database.models import RulebookVersion
from stored_value.rulebook import Words
from stored_value.rulebook_document import parse_rulebook


def tier_names(session: ReadSession, *, now: datetime) -> dict[str, Words]:
    """By tier, of the version in force; a tier that only an older version had is missing."""
    document = session.scalar(
        select(RulebookVersion.document)
        .where(RulebookVersion.effective_at <= now)
        .order_by(RulebookVersion.version.desc())
        .limit(1)
    )
    return {} if document is None else {str(tier.tier_id): tier.name for tier in parse_rulebook(document).tiers}


def promotion_names(session: ReadSession) -> dict[str, Words]:
    """By promotion, as its newest version calls it."""
    names: dict[str, Words] = {}
    for document in session.scalars(select(RulebookVersion.document).order_by(RulebookVersion.version)):
        names |= {str(each.promotion_id): each.name for each in parse_rulebook(document).promotions}
    return names


def item_names(session: ReadSession) -> dict[str, Words]:
    """By pass and coupon type, as its newest version calls it."""
    names: dict[str, Words] = {}
    for document in session.scalars(select(RulebookVersion.document).order_by(RulebookVersion.version)):
        book = parse_rulebook(document)
        names |= {each.coupon_id: each.name for each in book.coupons} | {
            each.pass_id: each.name for each in book.passes
        }
    return names
