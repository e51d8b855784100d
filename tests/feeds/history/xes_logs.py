"""Event logs for tests: valid, deterministic, and as long as wanted without holding more than one case."""

import gzip
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

ACTIVITIES = (
    "Confirmation of receipt",
    "T02 Check confirmation of receipt",
    "T04 Determine confirmation of receipt",
    "T05 Print and send confirmation of receipt",
    "T06 Determine necessity of stop advice",
    "T07-1 Draft intern advice aspect 1",
    "T09-1 Process or receive external advice from party 1",
    "T10 Determine necessity to stop indication",
)
DEPARTMENTS = ("General", "Customer contact", "Experts")
CHANNELS = ("Internet", "Desk", "Post", "e-mail")
FIRST_DAY = datetime(2010, 1, 1, 8, tzinfo=UTC)

_SUMMER, _WINTER = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))
_HEAD = """\
<?xml version="1.0" encoding="UTF-8" ?>
<log xes.version="1.0" xes.features="nested-attributes" xmlns="http://www.xes-standard.org/">
\t<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
\t<global scope="trace">
\t\t<string key="concept:name" value="UNKNOWN"/>
\t\t<date key="enddate" value="1970-01-01T00:00:00.000+01:00"/>
\t</global>
\t<classifier name="Activity classifier" keys="concept:name lifecycle:transition"/>
\t<int key="meta_org:resource_events_total" value="2">
\t\t<int key="Resource14" value="1"/>
\t\t<int key="Resource34" value="1"/>
\t</int>
"""


def write_log(file: Path, cases: int, events_per_case: int, *, activities: tuple[str, ...] = ACTIVITIES) -> None:
    """Cases "case-1" to "case-<cases>", every tenth of them still open; packed when the name ends with .gz."""
    with (
        file.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=1, mtime=0)
        if file.suffix == ".gz"
        else nullcontext(raw) as stream,
    ):
        stream.write(_HEAD.encode())
        for number in range(1, cases + 1):
            stream.write("".join(_trace(number, events_per_case, activities)).encode())
        stream.write(b"</log>\n")


def _trace(number: int, events: int, activities: tuple[str, ...]) -> Iterator[str]:
    # 7,919 is prime: the starts of successive cases spread over two years, in no order of time
    start = FIRST_DAY + timedelta(minutes=number * 7_919 % (730 * 24 * 60))
    step = timedelta(minutes=7 + number % 3_000, milliseconds=number % 1_000)
    yield (
        "\t<trace>\n"
        f'\t\t<string key="concept:name" value="case-{number}"/>\n'
        f'\t\t<date key="startdate" value="{_local(start)}"/>\n'
        f'\t\t<date key="deadline" value="{_local(start + timedelta(days=56))}"/>\n'
        f'\t\t<string key="department" value="{DEPARTMENTS[number % len(DEPARTMENTS)]}"/>\n'
        f'\t\t<string key="channel" value="{CHANNELS[number % len(CHANNELS)]}"/>\n'
    )
    if number % 10:
        yield f'\t\t<date key="enddate" value="{_local(start + step * (events + 1))}"/>\n'
    for index in range(events):
        activity = activities[(number * index + index) % len(activities)]
        yield (
            "\t\t<event>\n"
            f'\t\t\t<string key="concept:instance" value="task-{number}-{index + 1}"/>\n'
            f'\t\t\t<string key="org:resource" value="Resource{(number + index) % 48:02}"/>\n'
            f'\t\t\t<date key="time:timestamp" value="{_local(start + step * (index + 1))}"/>\n'
            '\t\t\t<string key="lifecycle:transition" value="complete"/>\n'
            f'\t\t\t<string key="concept:name" value="{activity}"/>\n'
            "\t\t</event>\n"
        )
    yield "\t</trace>\n"


def _local(instant: datetime) -> str:
    # roughly the Dutch summer: what counts is that both offsets occur, also within a case
    zone = _SUMMER if 4 <= instant.month <= 10 else _WINTER
    return instant.astimezone(zone).isoformat(timespec="milliseconds")
