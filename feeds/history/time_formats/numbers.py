"""Times as numbers: seconds or milliseconds since 1970, and the serial numbers of spreadsheets.

Each format accepts only the numbers that it can mean. So seconds are never read as milliseconds, and an hour is never
read as a serial number.
"""

import re
from datetime import UTC, datetime, timedelta

from feeds.history.time_formats.moments import Moment

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EXCEL = datetime(1899, 12, 30)  # noqa: DTZ001 - local time; day 60 of Excel never existed, and serials begin later here
EXCEL_1904 = datetime(1904, 1, 1)  # noqa: DTZ001 - local time

SECONDS = re.compile(r"(\d{9,10})(?:[.,](\d{1,9}))?", re.ASCII)
MILLISECONDS = re.compile(r"(\d{12,13})(?:[.,](\d{1,9}))?", re.ASCII)
SERIAL = re.compile(r"([1-9]\d{4})(?:[.,](\d{1,17}))?", re.ASCII)
DAY_SECONDS = 86_400
TO_THE_SECOND, TO_THE_MILLISECOND = 5, 8
"""The fewest digits of a fraction of a day that tell the second, and the millisecond."""


def epoch(text: str) -> Moment:
    whole, fraction = _parts(SECONDS, text)
    return EPOCH + timedelta(seconds=whole, microseconds=int(fraction[:6].ljust(6, "0"))), False


def epoch_ms(text: str) -> Moment:
    whole, fraction = _parts(MILLISECONDS, text)
    return EPOCH + timedelta(milliseconds=whole, microseconds=int(fraction[:3].ljust(3, "0"))), False


def excel(text: str) -> Moment:
    return _serial(text, EXCEL)


def excel_1904(text: str) -> Moment:
    return _serial(text, EXCEL_1904)


def _serial(text: str, first: datetime) -> Moment:
    """A serial number counts days. Its fraction is rounded to the second or to the millisecond. A short fraction does
    not tell the second, so a short fraction is accepted only if it is a whole number of minutes.
    """
    days, fraction = _parts(SERIAL, text)
    if not fraction.rstrip("0"):
        return first + timedelta(days=days), True
    scaled, scale = int(fraction) * DAY_SECONDS, int(10 ** len(fraction))
    if scaled % (60 * scale) and len(fraction) < TO_THE_SECOND:
        raise ValueError("the fraction does not tell the second")
    steps = 1000 if len(fraction) >= TO_THE_MILLISECOND else 1
    rounded = (2 * scaled * steps + scale) // (2 * scale)
    return first + timedelta(days=days, milliseconds=rounded * (1000 // steps)), False


def _parts(pattern: re.Pattern[str], text: str) -> tuple[int, str]:
    found = pattern.fullmatch(text.strip())
    if not found:
        raise ValueError("no such number")
    return int(found[1]), found[2] or ""
