"""Times as people at a counter read them: HH:MM, the date when it is not today's, and how long ago. Pure; the zone and the present come in."""

from datetime import datetime, tzinfo

from terminal.language import Texts


def clock_text(at: datetime, now: datetime, zone: tzinfo) -> str:
    """HH:MM on the store's wall clock; of another day than today its date."""
    local = at.astimezone(zone)
    is_today = local.date() == now.astimezone(zone).date()
    return local.strftime("%H:%M" if is_today else "%Y-%m-%d")


def hours_and_minutes(local_time: str) -> str:
    """HH:MM out of an entry's local time (`2026-06-18T13:48:05`); what is shorter is already that."""
    return local_time[11:16] if len(local_time) >= 16 else local_time


def age_text(since: datetime | None, now: datetime, texts: Texts) -> str:
    """How long ago, in the largest unit that says enough: 3 s, 5 min, 2 h, 4 d."""
    return "" if since is None else duration_text(int((now - since).total_seconds()), texts)


def duration_text(seconds: int, texts: Texts) -> str:
    """The same of a time in seconds; less than none is none."""
    seconds = max(0, seconds)
    if seconds < 60:
        return texts.t("{count} s", count=seconds)
    if seconds < 3600:
        return texts.t("{count} min", count=seconds // 60)
    if seconds < 86_400:
        return texts.t("{count} h", count=seconds // 3600)
    return texts.t("{count} d", count=seconds // 86_400)
