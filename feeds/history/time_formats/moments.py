"""Moments: this module makes a time from the parts that a regular expression has found in a text."""

import re
from datetime import datetime, timedelta, timezone

from feeds.history.time_formats.names import MONTHS, WEEKDAYS, one_of

Moment = tuple[datetime, bool | None]
"""A time without an offset is a local time. The second value says whether the text is only a date. The second value is
None if the text certainly means a time of day, although this time of day is a midnight (24:00).
"""

NOON = 12
MIDNIGHT = 24
FIRST_YEAR = 1000  # a year below is no year of the file: 0001-01-01 is the null of some programs
WIDEST_OFFSET = timedelta(hours=15)
ZONES = {"z": 0, "utc": 0, "gmt": 0, "wib": 7, "wita": 8, "wit": 9}

MONTH = rf"(?P<name>{one_of(MONTHS)})\b\.?"
WEEKDAY = rf"(?P<weekday>{one_of(WEEKDAYS)})\b\.?"
CLOCK = (
    r"(?P<hour>\d{1,2})(?P<colon>[:.])(?P<minute>\d\d)(?:(?P=colon)(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?: ?(?P<half>[ap])\.?m\b\.?)?"
)
"""A time of day. The same sign stands between hours, minutes and seconds. So 08.30 is half past eight, and is never a
fraction of an hour.
"""
OFFSET = r"[+-](?:\d\d:?\d\d(?::?\d\d)?|\d{1,2}(?::\d\d)?)"
ZONE = rf"(?: ?\(?(?P<zone>{'|'.join(ZONES)})\b\)?| ?(?P<base>utc|gmt)? ?(?P<offset>{OFFSET}))"


def compiled(text: str) -> re.Pattern[str]:
    return re.compile(text, re.ASCII | re.IGNORECASE)


def moment(found: re.Match[str]) -> Moment:
    """Returns the time. Raises ValueError, OverflowError."""
    part = found.groupdict()
    month = MONTHS[part["name"].lower()] if part.get("name") else int(part["month"])
    parsed = datetime(_year(part), month, int(part["day"]))  # noqa: DTZ001 - the offset is added below
    if part.get("weekday") and WEEKDAYS[part["weekday"].lower()] != parsed.weekday():
        raise ValueError("the date is not on this day of the week")
    if part.get("hour") is None:
        return parsed, True
    hour, minute, second = int(part["hour"]), int(part["minute"]), int(part.get("second") or 0)
    micro = int((part.get("fraction") or "")[:6].ljust(6, "0"))
    if part.get("half"):
        if not 1 <= hour <= NOON:
            raise ValueError("an hour of the wrong clock")
        hour = hour % NOON + NOON * (part["half"] in "pP")
    ends_day = hour == MIDNIGHT and not (minute or second or micro)
    parsed = parsed.replace(hour=0 if ends_day else hour, minute=minute, second=second, microsecond=micro)
    if ends_day:
        parsed += timedelta(days=1)
    return parsed.replace(tzinfo=_zone(part)), None if ends_day else False


def _year(part: dict[str, str]) -> int:
    if part.get("short"):
        short = int(part["short"])
        return short + (2000 if short < 69 else 1900)  # noqa: PLR2004 - as strptime reads it
    year = int(part["year"])
    if year < FIRST_YEAR:
        raise ValueError("no year")
    return year


def _zone(part: dict[str, str]) -> timezone | None:
    if part.get("zone"):
        return timezone(timedelta(hours=ZONES[part["zone"].lower()]))
    text = part.get("offset")
    if not text:
        return None
    if text[0] == "-" and ":" in text and not part.get("second") and not part.get("base"):
        raise ValueError("this may be the end of a period")
    digits = re.sub(r"\D", "", text)
    if len(digits) % 2:
        digits = "0" + digits
    hours, minutes, seconds = (int(digits[place : place + 2] or 0) for place in (0, 2, 4))
    return checked((-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes, seconds=seconds))


def checked(offset: timedelta | None) -> timezone | None:
    """Returns the zone of an offset. Raises ValueError if no place on earth has this offset."""
    if offset is None:
        return None
    if abs(offset) > WIDEST_OFFSET:
        raise ValueError("no offset")
    return timezone(offset)
