"""Days and times in words, by the texts of the language. Pure."""

from __future__ import annotations

from datetime import datetime

from phone.ui.texts import Texts


def clock(when: datetime) -> str:
    """14:05."""
    return f"{when:%H:%M}"


def day(when: datetime, texts: Texts) -> str:
    """Sat 21 Nov."""
    return _written(when, "day", texts)


def brief(when: datetime, now: datetime, texts: Texts) -> str:
    """Six characters at most: the time of what was today, else the day."""
    return clock(when) if when.date() == now.date() else _written(when, "brief", texts)


def moment(when: datetime, texts: Texts) -> str:
    """21 Nov 14:05."""
    return f"{_written(when, 'brief', texts)} {clock(when)}"


def _written(when: datetime, form: str, texts: Texts) -> str:
    month = texts.get("month", str(when.month))
    weekday = texts.get("weekday", str(when.isoweekday()))
    return texts.fill("date", form, weekday=weekday, day=str(when.day), month=month, number=str(when.month))
