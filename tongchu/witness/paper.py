"""What is read off a printed receipt: its number, kind and amounts, from the text that a printer received. Knows the words on paper and nothing of the rules."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from printers.decode import PrinterOutput

_YUAN = re.compile(r"(-?)￥([\d,]+\.\d\d)$")
_NUMBER = re.compile(r"^单号\s+(\S+)$")
_REPRINT = re.compile(r"重打")
KINDS = {
    "会员开卡": "member_enrolled",
    "会员充值": "topped_up",
    "会员消费": "redeemed",
    "消费退款": "purchase_refunded",
    "充值撤销": "top_up_reversed",
    "退款撤销": "refund_reversed",
    "订单": "order_paid",
    "订单退款": "order_refunded",
    "次卡核销": "pass_used",
    "积分兑换": "points_redeemed",
    "退卡申请": "cash_out_requested",
    "退卡付款": "cash_out_paid",
    "退卡申请取消": "cash_out_rejected",
    "退卡付款撤销": "cash_out_reversed",
    "收取押金": "deposit_taken",
    "退还押金": "deposit_returned",
    "扣除押金": "deposit_kept",
    "押金恢复": "deposit_restored",
    "账户状态变更": "status_changed",
    "会员卡挂失": "status_changed",
    "补卡": "card_replaced",
    "支付密码设置": "pin_set",
    "开班": "shift_opened",
    "交班报表 Z": "shift_closed",
}
AMOUNTS = {
    "topped_up": "会员充值",
    "redeemed": "合计",
    "purchase_refunded": "消费退款",
    "top_up_reversed": "充值撤销",
    "refund_reversed": "退款撤销",
    "order_paid": "余额支付",
    "order_refunded": "退回余额",
    "cash_out_requested": "已预留",
    "cash_out_paid": "退卡付款",
    "cash_out_rejected": "退回余额",
    "cash_out_reversed": "退卡付款撤销",
    "deposit_taken": "收取押金",
    "deposit_returned": "退还押金",
    "deposit_kept": "扣除押金",
    "deposit_restored": "押金恢复",
}
"""The row that says what the entry moved."""
BONUS = "赠送"
AWAITING = "待总部核实"
"""Of a refund: what was never taken of the member, so that nothing of it comes back."""
SIGNS = {
    "topped_up": 1,
    "redeemed": -1,
    "purchase_refunded": 1,
    "top_up_reversed": -1,
    "refund_reversed": -1,
    "order_paid": -1,
    "order_refunded": 1,
    "cash_out_requested": -1,
    "cash_out_rejected": 1,
}
"""What is not here leaves the balance as it is: a pass is used, a deposit stands apart, a cash-out took the money when it was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperReceipt:
    """`rows` are the labelled amounts in fen, in the order printed; `kind` is empty for a paper that is no entry's receipt (an X report)."""

    receipt_no: str
    kind: str
    reprint: bool
    provisional: bool
    rows: tuple[tuple[str, int], ...]
    lines: tuple[str, ...] = field(repr=False)

    def amount(self, *labels: str) -> int | None:
        """The first amount whose label is one of these."""
        return next((amount for label, amount in self.rows if label in labels), None)

    @property
    def amount_minor(self) -> int:
        """What the entry moved, as the paper says it; without bonus, without sign."""
        label = AMOUNTS.get(self.kind)
        return (self.amount(label) or 0) if label else 0

    @property
    def bonuses(self) -> list[int]:
        """Of a top-up: what each promotion gives, one row each."""
        return [amount for label, amount in self.rows if label.startswith(f"{BONUS} ") and amount]

    @property
    def bonus_minor(self) -> int:
        """Given with a top-up, or (less than 0) taken back with its reversal."""
        match self.kind:
            case "topped_up":
                return sum(self.bonuses)
            case "top_up_reversed":
                return sum(amount for label, amount in self.rows if label == BONUS and amount < 0)
            case _:
                return 0

    @property
    def value_minor(self) -> int:
        """What the member gained (+) or lost (-), bonus included."""
        awaiting = self.amount(AWAITING) or 0
        return SIGNS.get(self.kind, 0) * (self.amount_minor - awaiting) + self.bonus_minor

    def sum_of(self, prefix: str) -> int:
        return sum(amount for label, amount in self.rows if label.startswith(prefix))


def read_receipt(text: str) -> PaperReceipt:
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    number = next((found[1] for line in lines if (found := _NUMBER.match(line))), "")
    kind = next((KINDS[line] for line in lines if line in KINDS), "")
    return PaperReceipt(
        receipt_no=number,
        kind=kind,
        reprint=any(_REPRINT.search(line) for line in lines),
        provisional=any("未确认" in line and "***" in line for line in lines),
        rows=tuple(row for line in lines if (row := _labelled_amount(line)) is not None),
        lines=lines,
    )


def _labelled_amount(line: str) -> tuple[str, int] | None:
    found = _YUAN.search(line)
    if found is None:
        return None
    fen = int(Decimal(found[2].replace(",", "")) * 100)
    return line[: found.start()].strip(), -fen if found[1] else fen


@dataclass(frozen=True, slots=True)
class Papers:
    """What came out of a till's printer, by receipt number: prints without and with the reprint mark, and drawer kicks."""

    unmarked: Counter[str]
    marked: Counter[str]
    kicks: Counter[str]


def read_papers(jobs: Iterable[PrinterOutput]) -> Papers:
    """A job without its cut is half a receipt: it may open the drawer, but it is no print."""
    papers = Papers(Counter(), Counter(), Counter())
    for job in jobs:
        paper = read_receipt(job.text)
        papers.kicks[paper.receipt_no] += job.drawer_kicks
        if job.cuts:
            (papers.marked if paper.reprint else papers.unmarked)[paper.receipt_no] += 1
    return papers
