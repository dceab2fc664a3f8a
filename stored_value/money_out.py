"""The part of `apply` for events of money that leaves and of a wallet's life: one arm a kind, each a rule of its own module."""

from typing import assert_never

from stored_value.cash_out_settlement import apply_payment, apply_payment_reversal, apply_rejection, apply_request
from stored_value.deposits import (
    apply_deposit_kept,
    apply_deposit_restored,
    apply_deposit_returned,
    apply_deposit_taken,
)
from stored_value.draw import Draw
from stored_value.events_money_out import (
    CardReplaced,
    CashOutPaid,
    CashOutRejected,
    CashOutRequested,
    CashOutReversed,
    DepositKept,
    DepositRestored,
    DepositReturned,
    DepositTaken,
    IdentityRecorded,
    LotExpired,
    MoneyOutEvent,
    PinCleared,
    PinSet,
    RefundReversed,
    StatusChanged,
    SuspenseDecided,
    TransferredIn,
    TransferredOut,
)
from stored_value.expiry import apply_expiry
from stored_value.findings import Finding
from stored_value.payment_pin import apply_pin, apply_pin_clearing
from stored_value.postings import Posting
from stored_value.refund_reversal import apply_refund_reversal
from stored_value.rulebook import Rulebook
from stored_value.standing import apply_card, apply_identity, apply_status
from stored_value.suspense import apply_decision
from stored_value.transfer import apply_transfer_in, apply_transfer_out
from stored_value.wallet import Wallet

Outcome = tuple[Wallet, list[Posting], tuple[Draw, ...], list[Finding]]


def apply_money_out(wallet: Wallet, event: MoneyOutEvent, rulebook: Rulebook) -> Outcome:
    match event:
        case StatusChanged():
            after, findings = apply_status(wallet, event)
            return after, [], (), findings
        case CardReplaced():
            after, findings = apply_card(wallet, event)
            return after, [], (), findings
        case IdentityRecorded():
            after, findings = apply_identity(wallet, event)
            return after, [], (), findings
        case PinSet():
            after, findings = apply_pin(wallet, event)
            return after, [], (), findings
        case PinCleared():
            after, findings = apply_pin_clearing(wallet, event)
            return after, [], (), findings
        case RefundReversed():
            return apply_refund_reversal(wallet, event, rulebook)
        case _:
            after, postings, findings = _settled(wallet, event, rulebook)
            return after, postings, (), findings


def _settled(
    wallet: Wallet,
    event: CashOutRequested
    | CashOutPaid
    | CashOutRejected
    | CashOutReversed
    | DepositTaken
    | DepositReturned
    | DepositKept
    | DepositRestored
    | TransferredOut
    | TransferredIn
    | LotExpired
    | SuspenseDecided,
    rulebook: Rulebook,
) -> tuple[Wallet, list[Posting], list[Finding]]:
    match event:
        case CashOutRequested():
            return apply_request(wallet, event, rulebook)
        case CashOutPaid():
            return apply_payment(wallet, event, rulebook)
        case CashOutRejected():
            return apply_rejection(wallet, event)
        case CashOutReversed():
            return apply_payment_reversal(wallet, event, rulebook)
        case DepositTaken():
            return apply_deposit_taken(wallet, event)
        case DepositReturned():
            return apply_deposit_returned(wallet, event)
        case DepositKept():
            return apply_deposit_kept(wallet, event)
        case DepositRestored():
            return apply_deposit_restored(wallet, event)
        case TransferredOut():
            return apply_transfer_out(wallet, event)
        case TransferredIn():
            return apply_transfer_in(wallet, event, rulebook)
        case LotExpired():
            return apply_expiry(wallet, event)
        case SuspenseDecided():
            return apply_decision(wallet, event, rulebook)
        case _:
            assert_never(event)
