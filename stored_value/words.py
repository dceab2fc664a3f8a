"""A text for people in each language of the product. The rules carry such texts (names of plans and tiers) and never choose between languages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A text for people, in each language of the product."""

    zh: str
    en: str
