"""Members at the counter: who stands here (card, receipt, number, phone), what he has, and enrolling a new one, online or
not. Never asks head office under the journal's lock.
"""

from stored_value.apply import new_wallet
from stored_value.events import EvidenceClass, MemberEnrolled, OrderPaid, PassUsed, Redeemed, ShiftClosed, ShiftOpened
from stored_value.identity import MEMBER_NO_DIGITS, EventId, MemberId, is_member_no, member_no
from stored_value.refusals import Refusal, RefusalCode
from sync.cards import FIRST_CARD_ISSUE, read_card, read_receipt
from sync.event_codec import event_of
from sync.messages import MEMBER_NO_BLOCK, FindMember
from sync.personal import NAME_CHARS_MAX, Personal, PhoneInvalid, e164, last4, mask_name, phone_tag, seal_personal
from terminal import steps
from terminal.clock import new_id
from terminal.counter.completion import done_before, finish
from terminal.counter.member_view import member_view
from terminal.counter.online_read import read_online
from terminal.counter.refund import own_entry, purchase_by_receipt
from terminal.counter.views import Completed, MemberView, PurchaseView
from terminal.counter.workplace import AtWork, Workplace
from terminal.journal import LocalMember
from terminal.members import MemberOnFile
from terminal.view import WalletView


def identify(place: Workplace, scanned: str) -> MemberView | PurchaseView | Refusal:
    receipt_no = read_receipt(scanned)
    if receipt_no is not None:
        return _from_receipt(place, receipt_no)
    card = read_card(scanned)
    number = card.member_no if card else scanned.strip()
    if not is_member_no(number):
        return Refusal(RefusalCode.CODE_UNKNOWN)
    those = _by_number(place, number)
    if isinstance(those, Refusal):
        return those
    if len(those) > 1:
        return Refusal(RefusalCode.NUMBER_OF_TWO_MEMBERS, {"member_no": number, "remedy": "phone"})
    (found,) = those
    if card is not None and card.issue < found.card_issue:
        return Refusal(RefusalCode.CARD_REPLACED, {"issue": card.issue, "newest_issue": found.card_issue})
    steps.reached(steps.MEMBER_IDENTIFIED)
    standing = place.standing()
    return standing if isinstance(standing, Refusal) else member_view(place, found, standing)


def find_member(place: Workplace, text: str) -> tuple[MemberView, ...] | Refusal:
    """By phone, or by member number when it has the right check digit. Nobody: head office knows none either."""
    standing = place.standing()
    if isinstance(standing, Refusal):
        return standing
    plain = text.strip()
    if len(plain) == MEMBER_NO_DIGITS and plain.isdigit():
        found = _by_number(place, plain)
        return found if isinstance(found, Refusal) else tuple(member_view(place, each, standing) for each in found)
    try:
        phone = e164(plain)
    except PhoneInvalid:
        return Refusal(RefusalCode.PHONE_INVALID)
    asked = read_online(place, FindMember(phone=phone))
    tag = phone_tag(place.keys.phone_tag_key, phone)
    candidates = place.members.find_by_phone(tag, last4(phone))
    if not candidates and not asked:
        return Refusal(RefusalCode.MEMBER_UNKNOWN, {"asked_head_office": 0})
    return tuple(member_view(place, each, standing) for each in candidates)


def member(place: Workplace, member_id: MemberId) -> MemberView | Refusal:
    standing = place.standing()
    if isinstance(standing, Refusal):
        return standing
    found = place.members.find(member_id)
    return Refusal(RefusalCode.MEMBER_UNKNOWN) if found is None else member_view(place, found, standing)


def enrol_member(
    place: Workplace, action: EventId, name: str, phone: str, birthday_month: int | None = None
) -> Completed | Refusal:
    """The same phone may be enrolled twice offline: both stand, head office flags the later."""
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work
    plain_name = " ".join(name.split())
    if not plain_name or len(plain_name) > NAME_CHARS_MAX or not plain_name.isprintable():
        return Refusal(RefusalCode.NAME_INVALID, {"chars_max": NAME_CHARS_MAX})
    try:
        personal = Personal(name=plain_name, phone=e164(phone))
    except PhoneInvalid:
        return Refusal(RefusalCode.PHONE_INVALID)
    with place.journal.deciding():
        before = done_before(place, action, lambda event: isinstance(event, MemberEnrolled))
        return before or _enrol(place, at_work, action, personal, birthday_month)


def _enrol(
    place: Workplace, at_work: AtWork, action: EventId, personal: Personal, birthday_month: int | None
) -> Completed | Refusal:
    identity = place.journal.head_office.identity
    used = place.journal.local_members.count()
    if used >= MEMBER_NO_BLOCK:
        return Refusal(RefusalCode.MEMBER_NUMBERS_USED_UP, {"block": MEMBER_NO_BLOCK})
    local = LocalMember(
        member_id=MemberId(new_id(place.clock)),
        member_no=member_no(identity.member_no_from + used),
        card_issue=FIRST_CARD_ISSUE,
        name_masked=mask_name(personal.name),
        phone_last4=last4(personal.phone),
        phone_tag=phone_tag(place.keys.phone_tag_key, personal.phone),
        home_store_id=identity.store_id,
    )
    sealed, attachment = seal_personal(
        personal,
        member_id=local.member_id,
        hq_seal_public_key=identity.seal_public_key,
        random=place.clock.random_bytes,
    )
    event = MemberEnrolled(
        occasion=place.occasion(action, at_work, EvidenceClass.NOT_NEEDED, offline=not place.link.state().online),
        member_id=local.member_id,
        member_no=local.member_no,
        home_store_id=local.home_store_id,
        personal=sealed,
        birthday_month=birthday_month,
    )
    newcomer = MemberOnFile(
        member_id=local.member_id,
        member_no=local.member_no,
        card_issue=local.card_issue,
        name_masked=local.name_masked,
        phone_last4=local.phone_last4,
        home_store_id=local.home_store_id,
        view=WalletView(wallet=new_wallet(local.member_id, at_work.rulebook), pending=()),
        confirmed=False,
        as_of=None,
    )
    return finish(place, at_work, newcomer, event, attachment=attachment, local_member=local)


def _from_receipt(place: Workplace, receipt_no: str) -> MemberView | PurchaseView | Refusal:
    """A purchase is shown for refund; any other receipt of this till leads to its member."""
    entry = own_entry(place, receipt_no)
    event = event_of(entry) if entry else None
    if event is None or isinstance(event, ShiftOpened | ShiftClosed | Redeemed | OrderPaid | PassUsed):
        return purchase_by_receipt(place, receipt_no)
    steps.reached(steps.MEMBER_IDENTIFIED)
    return member(place, event.member_id)


def _by_number(place: Workplace, number: str) -> tuple[MemberOnFile, ...] | Refusal:
    """At least one; more when copies of a till's disk gave the number out twice (H6)."""
    standing = place.standing()
    if isinstance(standing, Refusal):
        return standing
    if not is_member_no(number):
        return Refusal(RefusalCode.MEMBER_UNKNOWN)
    asked = read_online(place, FindMember(member_no=number))
    found = place.members.find_by_no(number)
    if not found:
        return Refusal(RefusalCode.MEMBER_UNKNOWN, {"asked_head_office": int(asked)})
    return found
