"""Owns a rulebook under which the printed card pays so much a day and nothing else stands in the way, and tills that follow it."""

from dataclasses import replace

from hq_server.franchise_data import rulebook
from hq_server.rulebooks.publishing import publish_rulebook
from stored_value.offline_policy import LeasePolicy, OfflinePolicy
from stored_value.rulebook_document import write_rulebook
from tests.hq_server.served import ANY_RISK, PushingTill, ServedHq


def limit(hq: ServedHq, limit_minor: int) -> None:
    """Published and in force from now on: without promotions, leases, and with any risk."""
    with hq.database.write() as session:
        book = rulebook(hq.clock.at)
        book = replace(
            book,
            version=hq.office.rulebooks.all(session).newest + 1,
            promotions=(),
            offline=OfflinePolicy(leases=LeasePolicy(tills_max=0), risk=ANY_RISK),
            limits=replace(book.limits, static_card_day_minor=limit_minor),
        )
        publish_rulebook(session, hq.office.keys, write_rulebook(book), by="test", now=hq.clock.at)


def till_of(hq: ServedHq, store_id: str) -> PushingTill:
    till = hq.till(store_id)
    with hq.database.read() as session:
        till.rulebook = hq.office.rulebooks.all(session).newest
    return till
