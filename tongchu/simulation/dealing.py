"""Owns how chance is kept fair over a run and from one seed to the next, so that whatever must be seen does not wait for luck. Knows nothing of what it deals.

Used for errands, acts and faults, and for the steps at which machines die.
"""

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


class Pack(Generic[T]):
    """Cards dealt until none is left, then shuffled anew: whoever is dealt as many as there are has seen each of them."""

    def __init__(self, cards: Sequence[T], chance: Random) -> None:
        self._cards = cards
        self._chance = chance
        self._left: list[T] = []

    def deal(self) -> T:
        if not self._left:
            self._left = list(self._cards)
            self._chance.shuffle(self._left)
        return self._left.pop()


class Turns:
    """Choices that come in turn, each purpose by itself. A seed begins one further than the seed before it: as many seeds in a row as there are choices begin with each."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._taken: Counter[str] = Counter()

    def next_of(self, purpose: str, choices: Sequence[T]) -> T:
        place = self._seed + self._taken[purpose]
        self._taken[purpose] += 1
        return choices[place % len(choices)]
