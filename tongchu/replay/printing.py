"""Shows a replay: one JSON object an event for programs, tables for people."""

from collections.abc import Iterable

import msgspec
from rich.console import Console
from rich.table import Table

from stored_value.events import ShiftClosed, ShiftOpened
from stored_value.money import format_yuan
from stored_value.wallet import ValueKind, Wallet
from tongchu.replay.replaying import Replayed

_encode = msgspec.json.Encoder(order="sorted").encode


def as_json(step: Replayed) -> str:
    """`{id, wallets, draws, postings, findings}`, canonical; the whole wallet, its lots and purchases included."""
    return _encode(
        {
            "id": step.event.occasion.event_id,
            "wallets": [] if step.wallet is None else [step.wallet],
            "draws": [draw._asdict() for draw in step.draws],
            "postings": [row._asdict() for row in step.postings],
            "findings": [{"code": finding.code, "data": finding.data} for finding in step.findings],
        }
    ).decode()


def print_tables(console: Console, steps: Iterable[Replayed]) -> int:
    """Returns how many findings there were."""
    found = 0
    for step in steps:
        found += len(step.findings)
        _print_step(console, step)
    return found


def _print_step(console: Console, step: Replayed) -> None:
    event = step.event
    place = event.occasion
    member = "" if isinstance(event, ShiftOpened | ShiftClosed) else f"  {event.member_id}"
    console.print(f"[bold]{place.event_id}[/bold]  {event.kind}{member}  {place.store_id}  {place.business_date}")
    if step.draws:
        table = _table("drawn from", "kind", "taken at", "amount")
        for draw in step.draws:
            table.add_row(draw.lot_id or "–", draw.kind.value, draw.store_id, format_yuan(draw.amount_minor))
        console.print(table)
    if step.postings:
        table = _table("store", "account", "detail", "debit", "credit")
        for row in step.postings:
            debit = format_yuan(row.amount_minor) if row.amount_minor > 0 else ""
            credit = format_yuan(-row.amount_minor) if row.amount_minor < 0 else ""
            table.add_row(row.store_id, row.account.value, row.detail, debit, credit)
        console.print(table)
    if step.wallet is not None:
        console.print(f"  {_balances(step.wallet)}")
    for finding in step.findings:
        data = ", ".join(f"{key} {value}" for key, value in finding.data.items())
        console.print(f"  [yellow]finding[/yellow] {finding.code.value}  {data}")
    console.print()


def _balances(wallet: Wallet) -> str:
    kinds = [
        kind
        for kind in (ValueKind.PRINCIPAL, ValueKind.BONUS)
        if wallet.balance_minor(kind) or kind is ValueKind.PRINCIPAL
    ]
    parts = [f"{kind.value} {format_yuan(wallet.balance_minor(kind))}" for kind in kinds]
    if wallet.owed_minor:
        parts.append(f"owed {format_yuan(wallet.owed_minor)}")
    parts += [
        f"{held.kind.value} {held.item_id} {held.remaining}".replace("  ", " ")
        for held in wallet.holdings
        if held.remaining
    ]
    return f"{wallet.member_id}: {', '.join(parts)}, tier {wallet.tier_id}, {wallet.status.value}"


def _table(*heads: str) -> Table:
    table = Table(box=None, pad_edge=True, header_style="dim")
    amounts = ("amount", "debit", "credit")
    for head in heads:
        table.add_column(head, justify="right" if head in amounts else "left")
    return table
