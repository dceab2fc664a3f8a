"""Owns head office's judgement of what a till says was done by the member's payment PIN (H8): the proof in the entry's evidence must hold by the key of the issue it names, and
that issue must have counted as far as the till could know.

Called by `keeping` before anything is applied and after everything is written, and by `wallet_batch` entry by entry. What it finds stands in the entry's findings, by which whoever
applies the entry again does the same (`stored_value.payment_pin.as_judged`).
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from hq_server.database.among import among_given
from hq_server.database.engine import ReadSession, WriteSession
from hq_server.database.models import Member
from hq_server.database.prepared import Prepared
from hq_server.ingest.understanding import Incoming
from hq_server.keys.key_files import HqKeys
from hq_server.members.payment_pins import KeptPin, keep_pins, kept_pins, open_secret
from hq_server.terminals.rows import TerminalRow
from stored_value.draw import drawable_minor
from stored_value.events_money_out import PinSet
from stored_value.findings import Finding, FindingCode
from stored_value.identity import EventId, MemberId
from stored_value.occasion import EvidenceClass
from stored_value.wallet import Wallet
from sync.entry import Header
from sync.payment_pins import PinSecret, is_proven, issue_named

HEARD_WITHIN: Final = timedelta(minutes=10)
"""How much newer than a change of the PIN an entry's anchor may be while the till has not heard of it: anchors come with every push, rows of members by the feed after it."""

FORGOTTEN_MAX: Final = 100
"""How many issues of a member's PIN a restored head office may have forgotten (H1)."""

_FORGOTTEN: Final = "forgotten"
_HOMES: Final = Prepared(select(Member.member_id, Member.home_store_id).where(among_given(Member.member_id, "members")))


def concerns_pin(header: Header) -> bool:
    return header.kind == PinSet.kind or header.evidence.evidence_class is EvidenceClass.PIN


class PinProofs:
    """One unit of work's. A member who is done again is learnt again."""

    def __init__(self, keys: HqKeys, terminal: TerminalRow, epoch: str, now: datetime) -> None:
        self._keys = keys
        self._forgot = terminal.reported_epoch != epoch
        self._now = now
        self._kept: dict[tuple[str, int], KeptPin] = {}
        self._secrets: dict[str, PinSecret] = {}
        self._homes: dict[str, str] = {}
        self._chosen: dict[str, list[tuple[MemberId, int, PinSecret]]] = {}

    def learn(self, session: ReadSession, incoming: Sequence[Incoming], members: Collection[str]) -> None:
        """Reads the PINs of those of `members` whom an entry concerns; nothing is asked when there is none."""
        wanted = {each.member_id for each in incoming if each.member_id in members and concerns_pin(each.entry.header)}
        for member_id in wanted:
            if member_id is not None:
                self._chosen.pop(member_id, None)
        if not wanted:
            return
        self._kept = {key: kept for key, kept in self._kept.items() if key[0] not in wanted}
        for kept in kept_pins(session, self._keys, [each for each in wanted if each is not None]):
            self._kept[kept.member_id, kept.issue] = kept
        setting = {each.member_id for each in incoming if isinstance(each.event, PinSet)} & wanted
        if setting:
            self._homes.update(_HOMES.rows(session, members=sorted(each for each in setting if each is not None)))

    def judge(self, each: Incoming, wallet: Wallet) -> Finding | None:
        """On the wallet as it is before the entry. A finding: the PIN is as good as not typed."""
        header = each.entry.header
        if header.evidence.evidence_class is not EvidenceClass.PIN:
            return None
        ref, issue = header.evidence.ref, issue_named(header.evidence.ref)
        kept = None if issue is None else self._kept.get((wallet.member_id, issue))
        if kept is None or issue is None:
            # A restored head office may have forgotten it (H1); that shows nobody's presence.
            may_be_forgotten = each.earlier_epoch and (issue or 0) > wallet.pin_issue
            return _not_proven(_FORGOTTEN if may_be_forgotten else "unknown")
        if not is_proven(ref, kept.key, EventId(header.id), wallet.member_id, header.out_minor):
            return _not_proven("wrong")
        if kept.ended_at is None:
            return None
        anchor = header.anchor
        heard = anchor is None or not each.anchored or anchor.hq_time > kept.ended_at + HEARD_WITHIN
        return _not_proven("ended") if heard else None

    def refuses(self, each: Incoming, wallet: Wallet) -> Finding | None:
        """A PIN that is not to be had: no proof of the one before, or nothing that head office can open. No value moved, so nothing is lost by it. Where head office knows of none,
        the card is enough."""
        event = each.event
        if not isinstance(event, PinSet) or event.pin_issue <= wallet.pin_issue:
            return None
        unproven = self.judge(each, wallet)
        if unproven is not None and (wallet.pin_is_set or unproven != _not_proven(_FORGOTTEN)):
            return unproven
        left_out = FORGOTTEN_MAX if each.earlier_epoch and self._forgot else 0
        if event.pin_issue > wallet.pin_issue + 1 + left_out:
            return _not_proven("ahead")  # no till counts so, and the count must not run out
        secret = open_secret(self._keys, event, each.attachment)
        if secret is None:
            return Finding(FindingCode.UNREADABLE_BODY, {"field": "secret"})
        self._secrets[each.event_id] = secret
        return None

    def remarks(self, each: Incoming, before: Wallet, after: Wallet) -> tuple[Finding, ...]:
        """What the entry made of the member's PIN is noted, for the entries behind it and for `write`. Told is a first one, by the card, of a wallet that is worth it, where the
        member is not at home: whoever has that till lifts the card's limit so (H8)."""
        event = each.event
        if not isinstance(event, PinSet) or after.pin_issue == before.pin_issue:
            return ()
        member_id, secret = after.member_id, self._secrets[each.event_id]
        for key, kept in self._kept.items():
            if key[0] == member_id and kept.ended_at is None:
                self._kept[key] = replace(kept, ended_at=self._now)
        self._kept[member_id, event.pin_issue] = KeptPin(member_id=member_id, issue=event.pin_issue, key=secret.key)
        self._chosen.setdefault(member_id, []).append((member_id, event.pin_issue, secret))
        worth_minor = drawable_minor(before, event.occasion.business_date)
        limit_minor = each.rulebook.limits.static_card_day_minor
        home = self._homes.get(member_id, each.store_id)
        if before.pin_is_set or worth_minor <= limit_minor or home == each.store_id:
            return ()
        data: dict[str, int | str] = {"balance_minor": worth_minor, "limit_minor": limit_minor, "home": home}
        return (Finding(FindingCode.PIN_SET_AWAY, data),)

    def write(self, session: WriteSession) -> None:
        """In the unit of work that writes the wallets."""
        for chosen in self._chosen.values():
            keep_pins(session, self._keys, chosen, now=self._now)
        self._chosen.clear()


def _not_proven(why: str) -> Finding:
    return Finding(FindingCode.PIN_NOT_PROVEN, {"why": why})
