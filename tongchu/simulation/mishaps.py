"""What can go wrong with one request: each its own small class, drawn by the network. To add one: write the class, name it in `MISHAPS`."""

from typing import Final

import httpx

from tongchu.simulation.in_process import Answer
from tongchu.simulation.network import Mishap, Passage


class Dropped:
    """The request never arrives."""

    name = "request dropped"

    def carry(self, passage: Passage) -> Answer:
        raise passage.give_up()


class Delayed:
    """The answer takes its time, but comes while the till still waits."""

    name = "delayed"

    def carry(self, passage: Passage) -> Answer:
        passage.wait(passage.call.patience_s * 0.9)
        return passage.deliver()


class Reordered:
    """The request takes so long that the till gives up and others overtake it; then it arrives."""

    name = "reordered"

    def carry(self, passage: Passage) -> Answer:
        passage.arrive_after(passage.chance.randint(1, 12))
        raise passage.give_up()


class Duplicated:
    """A middle box sends the request twice; the till hears the second answer."""

    name = "duplicated"

    def carry(self, passage: Passage) -> Answer:
        passage.deliver()
        return passage.deliver()


class DuplicatedLater:
    """The till has its answer; the same request arrives once more, behind others."""

    name = "duplicated later"

    def carry(self, passage: Passage) -> Answer:
        passage.arrive_after(passage.chance.randint(1, 30))
        return passage.deliver()


class ReplyLost:
    """Head office does what was asked, and nobody hears of it."""

    name = "reply lost"

    def carry(self, passage: Passage) -> Answer:
        passage.deliver()
        raise passage.give_up()


class ReplyTorn:
    """Half an answer, then silence."""

    name = "reply torn"

    def carry(self, passage: Passage) -> Answer:
        passage.deliver()
        raise httpx.RemoteProtocolError("the connection ended in the middle of the answer")


MISHAPS: Final[tuple[Mishap, ...]] = (
    Dropped(),
    Delayed(),
    Reordered(),
    Duplicated(),
    DuplicatedLater(),
    ReplyLost(),
    ReplyTorn(),
)
