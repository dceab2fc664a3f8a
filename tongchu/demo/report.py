"""What the demo shows at its beginning and end: addresses and sample logins, the settlement table, and the witness's comparison."""

from rich.console import Console
from rich.table import Table

from hq_server import franchise_data
from stored_value.identity import MemberId
from terminal.counter.views import MemberView
from tongchu.demo.franchise import DemoFailed, Franchise, TillStand, today
from tongchu.demo.hq_console import HEAD_OFFICE_USER, ConsoleUnusable, HqConsole
from tongchu.demo.witness import HqEvidence, TillEvidence, Verdict, compare

FIGURES = ("collected", "bonus", "redeemed", "refunded")


def print_welcome(console: Console, franchise: Franchise) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row("[bold]总部 console[/bold]", f"{franchise.url}/console")
    for user in franchise.sample.console_users:
        table.add_row("", f"{user.login} / {user.password}   {user.name}")
    for name, stand in franchise.stands.items():
        people = "   ".join(
            f"{person.name} {person.pin}{' 店长' if person.manager else ''}"
            for person in franchise_data.STAFF
            if person.store_id == stand.store_id
        )
        table.add_row(f"[bold]{name}[/bold]", f"{people}   打印机 {stand.printer.target}")
    console.print(table)
    console.print("These logins and PINs are invented and belong to the demo only.\n", style="dim")


def _console_of(franchise: Franchise) -> HqConsole:
    user = next(user for user in franchise.sample.console_users if user.login == HEAD_OFFICE_USER)
    return HqConsole(franchise.url, user.login, user.password)


def print_settlement(console: Console, franchise: Franchise) -> None:
    """The table as head office serves it, of this day; of both when midnight has passed."""
    visit, days = _console_of(franchise), (franchise.opened_on, today())
    try:
        rows = visit.settlement(*days)
    except ConsoleUnusable as error:
        raise DemoFailed(str(error)) from error
    finally:
        visit.close()
    table = Table(title=f"结算 Settlement {' – '.join(dict.fromkeys(map(str, days)))}, yuan", title_justify="left")
    table.add_column("")
    for row in rows:
        table.add_column(f"{row['Store']}\n{row['Store name']}".strip(), justify="right")
    for head in [head for head in rows[0] if head not in ("Store", "Store name")]:
        table.add_row(head, *(row[head] for row in rows))
    console.print(table)


def witness(franchise: Franchise) -> Verdict:
    visit, days = _console_of(franchise), (franchise.opened_on, today())
    try:
        hq = HqEvidence(
            settlement=visit.settlement(*days),
            receipts={figure: visit.receipts(figure, *days) for figure in FIGURES},
            members=visit.members(),
        )
    except ConsoleUnusable as error:
        raise DemoFailed(str(error)) from error
    finally:
        visit.close()
    touched = [row["Member id"] for row in hq.members if row["Balance"] not in ("0.00", "")]
    tills = [_evidence(stand, touched) for stand in franchise.stands.values() if stand.process is not None]
    return compare(tills, hq)


def _evidence(stand: TillStand, members: list[str]) -> TillEvidence:
    shown: dict[str, int] = {}
    for member_id in members:
        view = stand.till.counter.member(MemberId(member_id))
        if isinstance(view, MemberView):
            shown[member_id] = view.balance_minor
    return TillEvidence(
        name=stand.name,
        store_id=stand.store_id,
        journal=stand.data_dir / "journal.db",
        printed=stand.printer.jobs(),
        shown_minor=shown,
    )
