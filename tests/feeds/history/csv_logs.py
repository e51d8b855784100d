"""Tables of events for tests, as long as wanted; the rows of a case stand as far apart as they can."""

import csv
import gzip
from datetime import timedelta
from pathlib import Path

from tests.feeds.history.xes_logs import ACTIVITIES, CHANNELS, DEPARTMENTS, FIRST_DAY


def write_table(file: Path, cases: int, events_per_case: int) -> None:
    """Cases "case-1" to "case-<cases>"; every tenth of them is still open."""
    with gzip.open(file, "wt", compresslevel=1, encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["case", "activity", "at", "startdate", "deadline", "enddate", "department", "channel"])
        for index in range(events_per_case):
            for number in range(1, cases + 1):
                start = FIRST_DAY + timedelta(minutes=number * 7_919 % (730 * 24 * 60))
                step = timedelta(minutes=7 + number % 3_000)
                told = [
                    start + step * (index + 1),
                    start,
                    start + timedelta(days=56),
                    start + step * events_per_case * 2,
                ]
                at, begun, due, ended = (moment.isoformat() for moment in told)
                place = DEPARTMENTS[number % len(DEPARTMENTS)], CHANNELS[number % len(CHANNELS)]
                activity = ACTIVITIES[(number * index + index) % len(ACTIVITIES)]
                writer.writerow([f"case-{number}", activity, at, begun, due, ended if number % 10 else "", *place])
