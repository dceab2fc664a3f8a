"""Tokens: signed by this head office, for one terminal, for a time that only head office's clock measures."""

from datetime import UTC, datetime, timedelta

import pytest

from hq_server.sessions.tokens import CHALLENGE_LIFE, TOKEN_LIFE, TillToken, TokenInvalid, TokenOutlived, Tokens
from stored_value.identity import StoreId, TerminalId

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TILL = TerminalId("S01-T1")


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(b"s" * 32)


def issue(tokens: Tokens) -> str:
    return tokens.issue(terminal_id=TILL, store_id=StoreId("S01"), incarnation=1, epoch="e1", now=NOW)


def test_a_token_says_whose_it_is_until_its_time_is_over(tokens: Tokens) -> None:
    token = tokens.read(issue(tokens), NOW + TOKEN_LIFE)
    assert (token.terminal_id, token.store_id, token.incarnation, token.epoch) == (TILL, "S01", 1, "e1")
    with pytest.raises(TokenOutlived):
        tokens.read(issue(tokens), NOW + TOKEN_LIFE + timedelta(seconds=1))


def test_any_changed_character_of_a_token_is_refused(tokens: Tokens) -> None:
    text = issue(tokens)
    refused = 0
    for place, char in enumerate(text[:-1]):
        with pytest.raises(TokenInvalid):
            tokens.read(text[:place] + ("A" if char != "A" else "B") + text[place + 1 :], NOW)
        refused += 1
    assert refused > 100


def test_a_token_of_another_head_office_is_refused(tokens: Tokens) -> None:
    with pytest.raises(TokenInvalid):
        tokens.read(issue(Tokens(b"t" * 32)), NOW)


def test_a_challenge_is_no_token_and_a_token_no_challenge(tokens: Tokens) -> None:
    challenge = tokens.issue_challenge(TILL, NOW)
    with pytest.raises(TokenInvalid):
        tokens.read(challenge, NOW)
    with pytest.raises(TokenInvalid):
        tokens.check_challenge(issue(tokens), TILL, NOW)


def test_a_challenge_serves_its_terminal_for_two_minutes(tokens: Tokens) -> None:
    challenge = tokens.issue_challenge(TILL, NOW)
    tokens.check_challenge(challenge, TILL, NOW + CHALLENGE_LIFE)
    with pytest.raises(TokenInvalid, match="another terminal"):
        tokens.check_challenge(challenge, TerminalId("S01-T2"), NOW)
    with pytest.raises(TokenOutlived):
        tokens.check_challenge(challenge, TILL, NOW + CHALLENGE_LIFE + timedelta(seconds=1))
    assert tokens.issue_challenge(TILL, NOW) != challenge


def test_a_token_is_short_enough_for_a_header(tokens: Tokens) -> None:
    assert len(issue(tokens)) < 400
    assert set(TillToken.__struct_fields__) == {"terminal_id", "store_id", "incarnation", "epoch", "until_s"}
