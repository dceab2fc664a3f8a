"""The words that receipts are printed with, in each language of the product; one typed table a language, so that none can
lack a word. Used by `terminal.receipts` and `terminal.shift_reports`; screens have their own translations.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stored_value.events import TenderKind
from stored_value.rulebook import Words
from terminal import receipt_words_money_out as money_out_words
from terminal.language import Language
from terminal.receipt_words_money_out import MoneyOutWords
from terminal.receipt_words_order import CHINESE as ORDER_CHINESE
from terminal.receipt_words_order import ENGLISH as ORDER_ENGLISH
from terminal.receipt_words_order import OrderWords


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptWords:
    language: Language
    enrolment: str
    top_up: str
    redemption: str
    refund: str
    reversal: str
    x_report: str
    z_report: str
    shift_opening: str
    receipt_no: str
    time: str
    cashier: str
    member: str
    member_no: str
    phone_ends: str
    amount: str
    in_words: str
    bonus: str
    later_bonus: str
    gift: str
    points: str
    tender: str
    tender_back: str
    total: str
    from_principal: str
    from_bonus: str
    refund_of: str
    reversal_of: str
    reason: str
    back_to_principal: str
    back_to_bonus: str
    balance: str
    principal: str
    bonus_balance: str
    provisional_bonus: str
    leased_elsewhere: str
    held_elsewhere: str
    owed: str
    awaiting: str
    as_of: str
    as_of_here: str
    provisional: str
    evidence: str
    keep: str
    card: str
    business_date: str
    opened: str
    printed: str
    closed: str
    float_: str
    topped_up: str
    redeemed: str
    refunded: str
    signature: str
    expected: str
    counted: str
    difference: str
    tenders: Mapping[TenderKind, str]
    order: OrderWords
    money_out: MoneyOutWords

    def name(self, words: Words) -> str:
        """A text that head office wrote in both languages."""
        return words.zh if self.language is Language.ZH_CN else words.en


CHINESE: Final = ReceiptWords(
    language=Language.ZH_CN,
    enrolment="会员开卡",
    top_up="会员充值",
    redemption="会员消费",
    refund="消费退款",
    reversal="充值撤销",
    x_report="班中小结 X",
    z_report="交班报表 Z",
    shift_opening="开班",
    receipt_no="单号",
    time="时间",
    cashier="收银员",
    member="会员",
    member_no="会员号",
    phone_ends="尾号",
    amount="金额",
    in_words="大写",
    bonus="赠送",
    later_bonus="分期赠送",
    gift="另赠",
    points="积分",
    tender="收款",
    tender_back="退回",
    total="合计",
    from_principal="本金支付",
    from_bonus="赠送支付",
    refund_of="原单号",
    reversal_of="撤销单号",
    reason="原因",
    back_to_principal="退回本金",
    back_to_bonus="退回赠送",
    balance="余额",
    principal="本金",
    bonus_balance="赠送",
    provisional_bonus="待确认赠送",
    leased_elsewhere="其中他机离线额度",
    held_elsewhere="其中他机付款预占",
    owed="欠款",
    awaiting="待总部核实",
    as_of="总部数据截至",
    as_of_here="本机数据，未经总部确认",
    provisional="离线·未确认",
    evidence="凭证",
    keep="请保留小票，退款时出示",
    card="会员身份码，结账时出示",
    business_date="营业日",
    opened="开班",
    printed="打印",
    closed="交班",
    float_="备用金",
    topped_up="充值",
    redeemed="消费",
    refunded="退款",
    signature="签名",
    expected="应有现金",
    counted="实点现金",
    difference="长短款",
    tenders={
        TenderKind.CASH: "现金",
        TenderKind.WECHAT: "微信",
        TenderKind.ALIPAY: "支付宝",
        TenderKind.CARD: "银行卡",
        TenderKind.TRANSFER: "转账",
    },
    order=ORDER_CHINESE,
    money_out=money_out_words.CHINESE,
)

ENGLISH: Final = ReceiptWords(
    language=Language.EN,
    enrolment="New member",
    top_up="Top-up",
    redemption="Purchase",
    refund="Refund",
    reversal="Top-up reversed",
    x_report="Shift so far (X)",
    z_report="Shift closed (Z)",
    shift_opening="Shift opened",
    receipt_no="Receipt",
    time="Time",
    cashier="Cashier",
    member="Member",
    member_no="Member no.",
    phone_ends="phone ends",
    amount="Amount",
    in_words="In words",
    bonus="Bonus",
    later_bonus="Bonus in instalments",
    gift="Also given",
    points="Points",
    tender="Paid by",
    tender_back="Returned by",
    total="Total",
    from_principal="From principal",
    from_bonus="From bonus",
    refund_of="Refund of",
    reversal_of="Reverses",
    reason="Reason",
    back_to_principal="Back to principal",
    back_to_bonus="Back to bonus",
    balance="Balance",
    principal="Principal",
    bonus_balance="Bonus",
    provisional_bonus="Bonus to be confirmed",
    leased_elsewhere="of which leased elsewhere",
    held_elsewhere="of which held elsewhere",
    owed="Owed",
    awaiting="Awaiting head office",
    as_of="Head office data of",
    as_of_here="Known at this till only",
    provisional="OFFLINE, NOT CONFIRMED",
    evidence="Evidence",
    keep="Keep this receipt for refunds",
    card="Member's identity code: show it when paying",
    business_date="Business date",
    opened="Opened",
    printed="Printed",
    closed="Closed",
    float_="Float",
    topped_up="Top-ups",
    redeemed="Purchases",
    refunded="Refunds",
    signature="Signature",
    expected="Cash expected",
    counted="Cash counted",
    difference="Difference",
    tenders={
        TenderKind.CASH: "Cash",
        TenderKind.WECHAT: "WeChat Pay",
        TenderKind.ALIPAY: "Alipay",
        TenderKind.CARD: "Bank card",
        TenderKind.TRANSFER: "Transfer",
    },
    order=ORDER_ENGLISH,
    money_out=money_out_words.ENGLISH,
)

BY_LANGUAGE: Final[Mapping[Language, ReceiptWords]] = {Language.ZH_CN: CHINESE, Language.EN: ENGLISH}
