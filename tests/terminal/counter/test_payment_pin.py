"""The member's payment PIN at the counter: who may set one, what it opens online and offline, what wrong ones cost, what of it lies on the disk."""

from dataclasses import replace

import pytest

from stored_value.events import EvidenceClass, Redeemed
from stored_value.events_money_out import PinSet
from stored_value.refusals import Refusal, RefusalCode
from sync.event_codec import event_of
from sync.payment_pins import is_proven
from terminal.counter.payment_pin import PROVEN_FOR_S, ProvenMember
from terminal.counter.views import Completed
from terminal.journal import DiskFull
from terminal.journal.pin_attempts import Person
from tests.terminal.counter.till import MANAGER, WANG, Till, done, lines, member_row, refused, wallet_of
from tests.terminal.slip_rows import words_on

PIN, OTHER_PIN = "483920", "192837"


def connect(till: Till) -> None:
    till.settle_and_follow()
    till.hq.online = True


def proven(till: Till, action: str, pin: str = PIN) -> ProvenMember:
    return done(till.counter.prove(action, WANG, pin))  # type: ignore[arg-type]  # an id as text


def set_pin(till: Till, pin: str = PIN) -> Completed | Refusal:
    return till.counter.set_pin(till.counter.new_action(), WANG, pin, static_card=True)


def pay(till: Till, amount: int, *, by_pin: bool, static_card: bool = True) -> Completed | Refusal:
    action = till.counter.new_action()
    shown = proven(till, action) if by_pin else None
    return till.counter.redeem(action, WANG, lines(amount), static_card, proven=shown)


@pytest.fixture
def pin_till(open_till: Till) -> Till:
    """王*丽 has a PIN, and head office has told of it; the till is offline again."""
    open_till.sign_in(MANAGER)
    connect(open_till)
    done(set_pin(open_till))
    open_till.settle_and_follow()
    open_till.hq.online = False
    return open_till


def test_a_pin_is_set_online_with_the_card_and_stands_nowhere(open_till: Till) -> None:
    open_till.sign_in(MANAGER)
    assert refused(set_pin(open_till)) is RefusalCode.ONLINE_ONLY
    connect(open_till)
    counter = open_till.counter
    action = counter.new_action()
    assert refused(counter.set_pin(action, WANG, PIN)) is RefusalCode.CARD_NEEDED
    completed = done(counter.set_pin(action, WANG, PIN, static_card=True))
    assert done(counter.set_pin(action, WANG, PIN, static_card=True)) == completed
    event = event_of(open_till.journal.recent(1)[0])
    assert isinstance(event, PinSet)
    assert (event.pin_issue, event.occasion.evidence) == (1, EvidenceClass.STATIC_CARD)
    assert "支付密码设置" in words_on(completed.receipt)
    assert open_till.wang().pin_is_set
    open_till.restart()
    held = b"".join(path.read_bytes() for path in open_till.folder.iterdir() if path.is_file())
    assert PIN.encode() not in held


def test_an_older_head_office_is_sent_no_pin(open_till: Till) -> None:
    open_till.sign_in(MANAGER)
    connect(open_till)
    open_till.hq.takes_payment_pins = False
    before = open_till.journal.head()
    looked = open_till.counter.refuse_setting_pin(WANG, static_card=True)
    assert looked is not None
    assert looked.code is refused(set_pin(open_till)) is RefusalCode.HEAD_OFFICE_OLDER
    assert open_till.journal.head() == before
    open_till.hq.takes_payment_pins = True
    assert open_till.counter.refuse_setting_pin(WANG, static_card=True) is None
    done(set_pin(open_till))


def test_a_disk_that_cannot_forgive_wrong_pins_sets_none_unsaid(
    open_till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_till.sign_in(MANAGER)
    connect(open_till)
    before = open_till.journal.head()

    def full(person: Person) -> None:
        raise DiskFull("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(open_till.journal.pin_attempts, "succeeded", full)
        assert refused(set_pin(open_till)) is RefusalCode.DISK_FULL
    assert open_till.journal.head() == before, "a refusal for the disk says that nothing is recorded"
    done(set_pin(open_till))


@pytest.mark.parametrize("pin", ["123456", "000000", "48392", "abcdef"])
def test_a_weak_pin_is_not_taken(open_till: Till, pin: str) -> None:
    connect(open_till)
    assert refused(set_pin(open_till, pin)) is RefusalCode.PAYMENT_PIN_WEAK


def test_who_finds_a_card_does_not_lift_its_limit_by_a_pin(open_till: Till) -> None:
    connect(open_till)
    assert refused(set_pin(open_till)) is RefusalCode.NOT_PERMITTED
    open_till.feed(member_row(replace(wallet_of(30_000), version=9)))
    done(set_pin(open_till))


def test_a_pin_is_changed_by_the_one_before(pin_till: Till) -> None:
    pin_till.hq.online = True
    counter = pin_till.counter
    action = counter.new_action()
    assert refused(counter.set_pin(action, WANG, OTHER_PIN, static_card=True)) is RefusalCode.PAYMENT_PIN_NEEDED
    done(counter.set_pin(action, WANG, OTHER_PIN, proven=proven(pin_till, action)))
    event = event_of(pin_till.journal.recent(1)[0])
    assert isinstance(event, PinSet)
    assert (event.pin_issue, event.occasion.evidence) == (2, EvidenceClass.PIN)
    assert event.occasion.evidence_ref.startswith("1:")
    later = counter.new_action()
    assert refused(counter.prove(later, WANG, OTHER_PIN)) is RefusalCode.PAYMENT_PIN_ON_ITS_WAY
    pin_till.settle_and_follow()
    assert refused(counter.prove(later, WANG, PIN)) is RefusalCode.PAYMENT_PIN_WRONG
    done(counter.prove(later, WANG, OTHER_PIN))


def test_a_payment_by_pin_knows_no_limit_of_the_card_and_does_not_count_towards_it(pin_till: Till) -> None:
    pin_till.hq.online = True
    pin_till.hq.rows[WANG] = member_row(replace(wallet_of(50_000, 10_000), version=9, pin_issue=1, pin_is_set=True))
    limit = pin_till.counter.preview_redemption(WANG, 30_001)
    assert isinstance(limit, Refusal)
    assert (limit.code, limit.data["pin"]) == (RefusalCode.STATIC_CARD_LIMIT, "set")
    action = pin_till.counter.new_action()
    shown = proven(pin_till, action)
    assert not isinstance(pin_till.counter.preview_redemption(WANG, 30_001, proven=shown), Refusal)
    done(pin_till.counter.redeem(action, WANG, lines(30_001), True, proven=shown))
    event = event_of(pin_till.journal.recent(1)[0])
    assert isinstance(event, Redeemed)
    place = event.occasion
    assert place.evidence is EvidenceClass.PIN
    assert is_proven(place.evidence_ref, shown.key, place.event_id, WANG, 30_001)
    done(pay(pin_till, 29_999, by_pin=False))


def test_the_refusal_says_that_there_is_no_pin(open_till: Till) -> None:
    limit = open_till.counter.preview_redemption(WANG, 30_001)
    assert isinstance(limit, Refusal)
    assert limit.data["pin"] == "none"
    action = open_till.counter.new_action()
    assert refused(open_till.counter.prove(action, WANG, PIN)) is RefusalCode.PAYMENT_PIN_NOT_SET


def test_offline_the_pin_does_what_the_card_does(pin_till: Till) -> None:
    assert refused(pay(pin_till, 1_000, by_pin=False, static_card=False)) is RefusalCode.CARD_NEEDED
    done(pay(pin_till, 1_000, by_pin=True, static_card=False))


def test_what_was_proven_for_something_else_or_long_ago_counts_no_more(pin_till: Till) -> None:
    counter = pin_till.counter
    first, second = counter.new_action(), counter.new_action()
    shown = proven(pin_till, first)
    assert refused(counter.redeem(second, WANG, lines(100), True, proven=shown)) is RefusalCode.PAYMENT_PIN_NEEDED
    pin_till.pass_time(seconds=PROVEN_FOR_S + 1)
    assert refused(counter.redeem(first, WANG, lines(100), True, proven=shown)) is RefusalCode.PAYMENT_PIN_NEEDED


def test_a_reset_holds_as_soon_as_the_till_hears_of_it(pin_till: Till) -> None:
    counter = pin_till.counter
    action = counter.new_action()
    shown = proven(pin_till, action)
    cleared = replace(wallet_of(50_000, 10_000), version=9, pin_issue=2)
    pin_till.feed(member_row(cleared))
    assert refused(counter.redeem(action, WANG, lines(100), True, proven=shown)) is RefusalCode.PAYMENT_PIN_NOT_SET
    assert refused(counter.prove(action, WANG, PIN)) is RefusalCode.PAYMENT_PIN_NOT_SET


def test_wrong_pins_make_the_next_try_wait_also_after_a_power_cut(pin_till: Till) -> None:
    action = pin_till.counter.new_action()
    for _ in range(3):
        assert refused(pin_till.counter.prove(action, WANG, "555550")) is RefusalCode.PAYMENT_PIN_WRONG
    waiting = pin_till.counter.prove(action, WANG, PIN)
    assert isinstance(waiting, Refusal)
    assert (waiting.code, waiting.data) == (RefusalCode.PAYMENT_PIN_DELAYED, {"delay_s": 30})
    pin_till.restart()
    pin_till.sign_in()
    assert refused(pin_till.counter.prove(action, WANG, PIN)) is RefusalCode.PAYMENT_PIN_DELAYED
    pin_till.pass_time(seconds=31)
    done(pin_till.counter.prove(action, WANG, PIN))
    assert refused(pin_till.counter.prove(action, WANG, "555550")) is RefusalCode.PAYMENT_PIN_WRONG


def test_the_pin_of_a_member_costs_the_cashier_no_try(pin_till: Till) -> None:
    action = pin_till.counter.new_action()
    for _ in range(4):
        pin_till.counter.prove(action, WANG, "555550")
    pin_till.sign_in()


def test_nothing_that_is_shown_holds_the_key(pin_till: Till) -> None:
    shown = proven(pin_till, pin_till.counter.new_action())
    assert repr(shown.key) not in repr(shown)
    assert shown.key.hex() not in repr(shown)
