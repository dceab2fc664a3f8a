"""What a freeze by head office leaves of what tills say meanwhile: itself, and the loss of the card, for every order of words."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from stored_value.events_money_out import StatusChanged
from stored_value.rulebook import HEAD_OFFICE_STORE
from stored_value.standing import apply_status
from stored_value.wallet import Wallet, WalletStatus
from tests.stored_value.miniature import occasion, wallet

ACTIVE, FROZEN, LOST = WalletStatus.ACTIVE, WalletStatus.FROZEN, WalletStatus.LOST
words_of_tills = st.lists(
    st.sampled_from([(ACTIVE, LOST), (LOST, ACTIVE), (FROZEN, ACTIVE), (ACTIVE, FROZEN)]), max_size=6
)


def said(held: Wallet, before: WalletStatus, status: WalletStatus, *, by_head_office: bool) -> Wallet:
    place = occasion("s", store=HEAD_OFFICE_STORE if by_head_office else "S01")
    event = StatusChanged(occasion=place, member_id=held.member_id, before=before, status=status)
    return apply_status(held, event)[0]


@given(first=st.sampled_from([ACTIVE, LOST]), words=words_of_tills)
def test_when_the_freeze_ends_the_card_is_lost_if_the_newest_word_about_it_says_so(
    first: WalletStatus, words: list[tuple[WalletStatus, WalletStatus]]
) -> None:
    held = said(replace(wallet(), status=first), first, FROZEN, by_head_office=True)
    lost = first is LOST
    for before, status in words:
        held = said(held, before, status, by_head_office=False)
        assert held.status is FROZEN
        lost = status is LOST or (lost and before is not LOST)
    lifted = said(held, FROZEN, ACTIVE, by_head_office=True)
    assert lifted.status is (LOST if lost else ACTIVE)
    assert said(lifted, lifted.status, ACTIVE, by_head_office=False).status is ACTIVE, (
        "the freeze is over for tills too"
    )
