"""The list of members as CSV: masked names only, balances in yuan."""

from collections.abc import Iterable

from hq_server.console.catalogues import N_
from hq_server.console.csv_files import text_cell, yuan_cell
from hq_server.console.members.search import MemberLine
from hq_server.console.words import Words


def member_rows(members: Iterable[MemberLine], words: Words) -> Iterable[list[str]]:
    head = (
        N_("Member number"),
        N_("Name"),
        N_("Phone"),
        N_("Home store"),
        N_("Tier"),
        N_("Status"),
        N_("Principal"),
        N_("Bonus"),
        N_("Owes"),
        N_("Balance"),
        N_("Member id"),
    )
    yield [words.text(text) for text in head]
    for each in members:
        names = (each.member_no, each.name_masked, each.phone_last4, each.home_store_id, each.tier_id, each.status)
        balance_minor = each.principal_minor + each.bonus_minor - each.receivable_minor
        amounts = (each.principal_minor, each.bonus_minor, each.receivable_minor, balance_minor)
        yield [*map(text_cell, names), *map(yuan_cell, amounts), each.member_id]
