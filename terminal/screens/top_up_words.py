"""Why a promotion gives or does not give, and what it gives beside the bonus.

Words only; the sentences are `stored_value.explanations`'s, so that till, head office and replay say the same.
"""

from dataclasses import replace

from stored_value.eligibility import ReasonCode
from stored_value.explanations import explain, reward_parts
from stored_value.rulebook import Rulebook, Words
from stored_value.topup import Reason, Reward
from terminal.language import Texts


def reason_text(reason: Reason, rulebook: Rulebook, texts: Texts) -> str:
    name = reason.name
    if reason.code == ReasonCode.GIVEN:
        return texts.words(name)
    why = explain(reason, rulebook)
    return texts.words(Words(zh=f"{name.zh}：{why.zh}", en=f"{name.en}: {why.en}"))


def rewards_beside_bonus(reward: Reward, rulebook: Rulebook, texts: Texts) -> tuple[str, ...]:
    """Instalments, points, coupons, passes and a tier: one line each."""
    return tuple(texts.words(part) for part in reward_parts(replace(reward, bonus_minor=0), rulebook))
