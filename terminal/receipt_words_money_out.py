"""The words of slips for cash-outs, deposits, cards and entries taken back, in each language: the part of `receipt_words` that
`terminal.receipts_money_out` prints with.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stored_value.policies import CashOutMethod
from stored_value.wallet import Identity, WalletStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyOutWords:
    cash_out_request: str
    cash_out: str
    cash_out_rejection: str
    cash_out_reversal: str
    deposit: str
    deposit_return: str
    deposit_kept: str
    deposit_restored: str
    refund_reversal: str
    status_change: str
    loss_report: str
    card_replacement: str
    identity: str
    pin_set: str
    pin_is_yours: str
    takes_back: str
    taken_back: str
    top_up_of: str
    paid: str
    gift: str
    used: str
    consumed: str
    refundable: str
    method: str
    cooling_off: str
    reserved: str
    forfeited: str
    claw_back: str
    goes_back: str
    request_no: str
    paid_out: str
    taken_again: str
    restored: str
    not_paid_yet: str
    member_signature: str
    item: str
    deposit_no: str
    deposit_left: str
    deposits: str
    waiting: str
    status_before: str
    status_after: str
    card_issue: str
    old_card_void: str
    lines_owe_again: str
    methods: Mapping[CashOutMethod, str]
    statuses: Mapping[WalletStatus, str]
    identities: Mapping[Identity, str]


CHINESE: Final = MoneyOutWords(
    cash_out_request="退卡申请",
    cash_out="退卡付款",
    cash_out_rejection="退卡申请取消",
    cash_out_reversal="退卡付款撤销",
    deposit="收取押金",
    deposit_return="退还押金",
    deposit_kept="扣除押金",
    deposit_restored="押金恢复",
    refund_reversal="退款撤销",
    status_change="账户状态变更",
    loss_report="会员卡挂失",
    card_replacement="补卡",
    identity="证件登记",
    pin_set="支付密码设置",
    pin_is_yours="支付密码请勿告诉他人，店员不会询问",
    takes_back="撤销单号",
    taken_back="撤销",
    top_up_of="充值",
    paid="实付",
    gift="获赠",
    used="已用",
    consumed="折合已用实付",
    refundable="可退",
    method="计算方式",
    cooling_off="七日冷静期，按比例",
    reserved="已预留",
    forfeited="放弃赠送",
    claw_back="扣回赠送",
    goes_back="退回",
    request_no="申请单号",
    paid_out="付出",
    taken_again="收回",
    restored="退回余额",
    not_paid_yet="尚未付款，凭此单领取",
    member_signature="会员签名",
    item="押金项目",
    deposit_no="押金单号",
    deposit_left="押金剩余",
    deposits="押金",
    waiting="退卡待付",
    status_before="原状态",
    status_after="现状态",
    card_issue="卡序号",
    old_card_void="旧卡即日起作废",
    lines_owe_again="下列项目恢复为已消费",
    methods={
        CashOutMethod.PRINCIPAL_ONLY: "退剩余本金",
        CashOutMethod.PROPORTIONAL: "按比例",
        CashOutMethod.UNDISCOUNTED: "已用按原价",
        CashOutMethod.COOLING_OFF: "仅限冷静期",
    },
    statuses={
        WalletStatus.ACTIVE: "正常",
        WalletStatus.FROZEN: "冻结",
        WalletStatus.LOST: "挂失",
        WalletStatus.CLOSED: "注销",
    },
    identities={Identity.BEARER: "不记名", Identity.NAMED: "记名", Identity.VERIFIED: "证件已核对"},
)

ENGLISH: Final = MoneyOutWords(
    cash_out_request="Cash-out asked for",
    cash_out="Cash-out paid",
    cash_out_rejection="Cash-out cancelled",
    cash_out_reversal="Cash-out taken back",
    deposit="Deposit taken",
    deposit_return="Deposit returned",
    deposit_kept="Deposit kept",
    deposit_restored="Deposit restored",
    refund_reversal="Refund taken back",
    status_change="Card status changed",
    loss_report="Card reported lost",
    card_replacement="New card",
    identity="Identity recorded",
    pin_set="Payment PIN set",
    pin_is_yours="Tell nobody your PIN; staff never ask for it",
    takes_back="Takes back",
    taken_back="taken back",
    top_up_of="Top-up of",
    paid="Paid",
    gift="Bonus given",
    used="Used",
    consumed="Counts as used",
    refundable="Refundable",
    method="Reckoned",
    cooling_off="cooling-off days, in proportion",
    reserved="Reserved",
    forfeited="Bonus given up",
    claw_back="Bonus taken back",
    goes_back="Goes back by",
    request_no="Request",
    paid_out="Paid out by",
    taken_again="Taken again by",
    restored="Back to the balance",
    not_paid_yet="Not paid yet: bring this slip",
    member_signature="Member's signature",
    item="Deposit for",
    deposit_no="Deposit's receipt",
    deposit_left="Left of the deposit",
    deposits="Deposits",
    waiting="Cash-out waiting",
    status_before="Before",
    status_after="Now",
    card_issue="Card issue",
    old_card_void="Older cards no longer count",
    lines_owe_again="These lines count as paid again",
    methods={
        CashOutMethod.PRINCIPAL_ONLY: "principal left",
        CashOutMethod.PROPORTIONAL: "in proportion",
        CashOutMethod.UNDISCOUNTED: "use at the full price",
        CashOutMethod.COOLING_OFF: "cooling-off days only",
    },
    statuses={
        WalletStatus.ACTIVE: "active",
        WalletStatus.FROZEN: "frozen",
        WalletStatus.LOST: "reported lost",
        WalletStatus.CLOSED: "closed",
    },
    identities={Identity.BEARER: "bearer", Identity.NAMED: "named", Identity.VERIFIED: "papers seen"},
)
