"""Owns what the console calls each figure of a shift's totals. `words` looks the texts up in the visitor's language."""

from typing import Final

from hq_server.console.catalogues import N_

MEASURES: Final = {
    "float_minor": N_("Float"),
    "expected_minor": N_("Cash expected in the drawer"),
    "topped_up_minor": N_("Topped up"),
    "bonus_minor": N_("Bonus given"),
    "redeemed_minor": N_("Redeemed"),
    "refunded_minor": N_("Refunded"),
    "reversed_minor": N_("Reversed"),
    "ordered_minor": N_("Orders"),
    "ordered_balance_minor": N_("Orders, from balances"),
    "order_refunded_minor": N_("Order refunds"),
    "order_refunded_balance_minor": N_("Order refunds, to balances"),
    "cashed_out_minor": N_("Cashed out"),
    "deposits_taken_minor": N_("Deposits taken"),
    "deposits_returned_minor": N_("Deposits returned"),
    "deposits_kept_minor": N_("Deposits kept"),
    "too_long": N_("Too long to be added up"),
}
"""By field of `ShiftTotals` and of the closing; of its mappings the tender's or the event's own word is shown."""
