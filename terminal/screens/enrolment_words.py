"""Why a till could not be enrolled: what happened, why, what to do. Words only; the codes are made by the composition root."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from terminal.language import Texts, later
from terminal.screens.refusal_words import Said
from terminal.screens.words import Notice


class EnrolmentFailure(StrEnum):
    CODE_REFUSED = "code_refused"
    UNREACHABLE = "hq_unreachable"
    NOT_TRUSTED = "hq_not_trusted"
    FILES_UNUSABLE = "files_unusable"


_SAID: Final[Mapping[EnrolmentFailure, Said]] = {
    EnrolmentFailure.CODE_REFUSED: (
        later("Head office refused this code"),
        later("It has been used, is older than its time, or was mistyped."),
        later("Check it, or ask head office for a new one."),
    ),
    EnrolmentFailure.UNREACHABLE: (
        later("Head office does not answer"),
        later("The address is wrong or there is no network."),
        later("Check the address and the cable; the code stays good."),
    ),
    EnrolmentFailure.NOT_TRUSTED: (
        later("This is not our head office"),
        later("What it sent does not carry the right signatures."),
        later("Check the address and call head office."),
    ),
    EnrolmentFailure.FILES_UNUSABLE: (
        later("The till cannot keep its files"),
        later("The folder for journal and keys cannot be written."),
        later("Check disk space and rights, then try again."),
    ),
}


def enrolment_notice(failure: EnrolmentFailure, texts: Texts) -> Notice:
    title, why, remedy = (texts.t(message) for message in _SAID[failure])
    return Notice(title=title, why=why, remedy=remedy, code=failure.value)
