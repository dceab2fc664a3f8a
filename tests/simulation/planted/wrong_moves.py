"""Owns what is wrong with value that moves by itself or comes back, one bug each: transfers, merges, sweeps and refunds. Parts of the product replaced by name."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hq_server.own_journal.planning import second_leg
from stored_value.draw import Draw
from stored_value.refund import settle_refund
from stored_value.wallet import ValueKind
from tests.simulation.planted.wrong_reservations import Wrong


def keeps_nothing(*_: Any, **__: Any) -> int:
    """H5: head office moves to another member what a till may spend."""
    return 0


def keeps_no_lot(_wallet: Any) -> dict[Any, int]:
    """H5: the same, of a merge."""
    return {}


def arrives_twofold(*arguments: Any) -> Any:
    """H11: the credit leg is booked for both of two tries."""
    leg = second_leg(*arguments)
    moved = tuple(replace(part, amount_minor=2 * part.amount_minor) for part in leg.moved)
    return replace(leg, moved=moved, amount_minor=2 * leg.amount_minor)


def puts_back_more(wallet: Any, refunded: Any, draws: Sequence[Draw], *rest: Any) -> Any:
    """H10: a refund gives a yuan more than the purchase had drawn."""
    more = [
        draw._replace(amount_minor=draw.amount_minor + 100) if draw.kind is ValueKind.PRINCIPAL else draw
        for draw in draws
    ]
    return settle_refund(wallet, refunded, more, *rest)


def is_never_late(*_: Any) -> bool:
    """L9: what comes for a month whose books are closed is told to nobody."""
    return False


BY_NAME: dict[str, Wrong] = {
    "head office moves what is leased": Wrong(
        (
            ("hq_server.own_journal.transfers.reserved_minor", keeps_nothing),
            ("hq_server.own_journal.transfers.kept_back", keeps_no_lot),
        )
    ),
    "transfer arrives twofold": Wrong((("hq_server.own_journal.runs.second_leg", arrives_twofold),)),
    "closed month not told": Wrong((("hq_server.ingest.keeping.is_prior_period", is_never_late),)),
    "refund puts back more": Wrong((("stored_value.refund.settle_refund", puts_back_more),)),
}
