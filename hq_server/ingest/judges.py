"""Owns who judges what a till says, in which order: what covers it (`till_risk`), who was there (`pin_proofs`), how much one card may pay (`card_days`). Each has its own rule.

Made by `keeping` for one unit of work, asked by `wallet_batch` entry by entry. Must not write. Head office's own entries have no such judges.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from hq_server.database.engine import ReadSession
from hq_server.ingest.card_days import CardDays
from hq_server.ingest.pin_proofs import PinProofs
from hq_server.ingest.till_risk import TillRisk
from hq_server.ingest.understanding import Incoming
from stored_value.findings import Finding
from stored_value.wallet import Wallet


@dataclass(frozen=True, slots=True)
class Judges:
    risk: TillRisk
    pins: PinProofs
    cards: CardDays

    def learn(
        self,
        session: ReadSession,
        incoming: Sequence[Incoming],
        wallets: Mapping[str, Wallet | None],
        members: Collection[str],
    ) -> None:
        self.risk.learn(session, incoming, wallets)
        self.pins.learn(session, incoming, members)
        self.cards.learn(session, incoming, wallets, self._is_unproven)

    def refuses(self, each: Incoming, wallet: Wallet) -> Finding | None:
        return self.risk.refuses(each, wallet) or self.pins.refuses(each, wallet)

    def judge(self, each: Incoming, wallet: Wallet) -> tuple[Finding, ...]:
        judged = (self.risk.judge(each, wallet), self.risk.judge_things(each, wallet), self.pins.judge(each, wallet))
        found = [told for told in judged if told is not None]
        by_card = self.cards.judge(each, wallet, found)
        return (*found, *([] if by_card is None else [by_card]))

    def remarks(self, each: Incoming, before: Wallet, after: Wallet) -> tuple[Finding, ...]:
        """Of an entry that was applied."""
        return (*self.risk.remarks(each, before, after), *self.pins.remarks(each, before, after))

    def _is_unproven(self, each: Incoming, wallet: Wallet | None) -> bool:
        return wallet is None or self.pins.judge(each, wallet) is not None
