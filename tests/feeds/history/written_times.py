"""Times as people and programs write them, for hypothesis to draw: each with the time that it means."""

from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from hypothesis import strategies as st

MONTHS = [
    ["Januari", "Jan", "January"],
    ["Februari", "Feb", "Pebruari", "February"],
    ["Maret", "Mar", "March"],
    ["April", "Apr"],
    ["Mei", "May"],
    ["Juni", "Jun", "June"],
    ["Juli", "Jul", "July"],
    ["Agustus", "Agt", "Agu", "Ags", "Aug", "August"],
    ["September", "Sep", "Sept"],
    ["Oktober", "Okt", "October", "Oct"],
    ["November", "Nov", "Nopember", "Nop"],
    ["Desember", "Des", "December", "Dec"],
]
DAYS = [
    ["Senin", "Monday", "Mon"],
    ["Selasa", "Sel", "Tuesday", "Tue"],
    ["Rabu", "Wednesday", "Wed"],
    ["Kamis", "Kam", "Thursday"],
    ["Jumat", "Jum'at", "Jum\u2019at", "Friday"],
    ["Sabtu", "Sab", "Saturday"],
    ["Minggu", "Ahad", "Sunday"],
]
ZONES = {"WIB": 7, "WITA": 8, "WIT": 9, "UTC": 0, "GMT": 0, "Z": 0, "+07:00": 7, "+0700": 7, "+07": 7, "UTC+8": 8}
NO_DAY_OR_MONTH = ("iso", "epoch", "epoch_ms", "excel", "excel_1904")


class Telling(NamedTuple):
    """A text, the format that reads it, and the time that it means; local if it has no zone."""

    text: str
    format: str
    means: datetime
    is_date: bool


def moments(*, micro: bool = False) -> st.SearchStrategy[datetime]:
    drawn = st.datetimes(datetime(1980, 1, 1), datetime(2099, 12, 31))  # noqa: DTZ001 - local times
    return drawn if micro else drawn.map(lambda at: at.replace(microsecond=0))


@st.composite
def dates(draw: st.DrawFn, at: datetime, order: str) -> str:
    """The date in this order of day, month and year; "name" has the month as a word."""
    day, month = (
        draw(st.sampled_from([str(number), f"{number:02}"])) if order != "packed" else f"{number:02}"
        for number in (at.day, at.month)
    )
    lead = draw(st.sampled_from(["", *(f"{name}, " for name in DAYS[at.weekday()])]))
    mark = draw(st.sampled_from("-/."))
    match order:
        case "ymd":
            return f"{lead}{at.year}{mark}{month}{mark}{day}"
        case "packed":
            return f"{at.year}{month}{day}"
        case "dmy":
            return f"{lead}{day}{mark}{month}{mark}{at.year}"
        case "mdy":
            return f"{lead}{month}{mark}{day}{mark}{at.year}"
    name = draw(st.sampled_from(MONTHS[at.month - 1]))
    name = draw(st.sampled_from([name, name.upper(), name.lower()]))
    forms = [f"{day} {name} {at.year}", f"{day}-{name}-{at.year}", f"{name} {day}, {at.year}"]
    return lead + draw(st.sampled_from(forms))


@st.composite
def clocks(draw: st.DrawFn, at: datetime, zone: str) -> str:
    """The time of day, with seconds if there are any, and its joint before it."""
    mark = draw(st.sampled_from(":."))
    joint = draw(st.sampled_from([" ", "T", ", ", "  ", "\u00a0", " pukul ", " pkl. ", " - "]))
    twelve = draw(st.booleans())
    hour = (at.hour + 11) % 12 + 1 if twelve else at.hour
    parts = [draw(st.sampled_from([f"{hour}", f"{hour:02}"])), f"{at.minute:02}"]
    if at.second or zone[:1] in "+-" or draw(st.booleans()):
        parts.append(f"{at.second:02}")
    half = draw(st.sampled_from([" PM", "pm", " p.m."] if at.hour > 11 else [" AM", "am", " a.m."])) if twelve else ""
    space = draw(st.sampled_from(["", " "])) if zone[:1] in "+-Z" and not twelve else " "
    return joint + mark.join(parts) + half + (space + zone if zone else "")


@st.composite
def tellings(draw: st.DrawFn, order: str | None = None) -> Telling:
    at = draw(moments())
    order = order or draw(st.sampled_from(["ymd", "packed", "dmy", "mdy", "name"]))
    date = draw(dates(at, order))
    name = order if order in ("dmy", "mdy") else "iso"
    if draw(st.booleans()):
        return Telling(date, name, at.replace(hour=0, minute=0, second=0), is_date=True)
    at = at.replace(second=draw(st.sampled_from([0, at.second])))
    zone = draw(st.sampled_from(["", *ZONES]))
    zone = draw(st.sampled_from([zone, zone.lower()]))
    means = at.replace(tzinfo=timezone(timedelta(hours=ZONES[zone.upper()]))) if zone else at
    return Telling(date + draw(clocks(at, zone)), name, means, is_date=False)


@st.composite
def numbers(draw: st.DrawFn) -> Telling:
    """The same as a number: of seconds, of milliseconds, of days."""
    at = draw(moments(micro=True))
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    since = at.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    kind = draw(st.sampled_from(["epoch", "epoch_ms", "excel", "excel_1904"]))
    milliseconds = since // timedelta(milliseconds=1)
    match kind:
        case "epoch":
            seconds = f"{milliseconds // 1000}.{milliseconds % 1000:03}"
            return Telling(seconds, kind, at.replace(tzinfo=UTC), is_date=False)
        case "epoch_ms":
            return Telling(f"{milliseconds}", kind, at.replace(tzinfo=UTC), is_date=False)
    first = datetime(1899, 12, 30) if kind == "excel" else datetime(1904, 1, 1)  # noqa: DTZ001
    days = (at - first) / timedelta(days=1)
    text = draw(st.sampled_from([f"{days:.10f}", f"{days:.10f}".replace(".", ",")]))
    midnight = at.time() == datetime.min.time()
    return Telling(text, kind, at, is_date=midnight)
