"""How a disk that is full or at fault reaches the cashier: as a refusal like any other. Owns that translation; stands on every action of the counter's face."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from stored_value.refusals import Refusal, RefusalCode
from terminal.journal import DiskFault, DiskFull, JournalDamaged, JournalInUse
from terminal.replica import ReplicaUnreadable

P = ParamSpec("P")
T = TypeVar("T")
_log = logging.getLogger(__name__)


def refused_by_disk(act: Callable[P, T]) -> Callable[P, T]:
    """For an action that may answer a `Refusal` (a test walks them). Its entry is not in the journal when this refuses; after a power cut in that moment
    it may be, and the same action then finds it."""

    @wraps(act)
    def acted(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return act(*args, **kwargs)
        except DiskFull as error:
            _log.warning("refused: %s", error)
            return cast("T", Refusal(RefusalCode.DISK_FULL))
        except (DiskFault, JournalDamaged, JournalInUse, ReplicaUnreadable) as error:
            _log.error("refused: %s", error)
            return cast("T", Refusal(RefusalCode.DISK_FAULT))

    return acted
