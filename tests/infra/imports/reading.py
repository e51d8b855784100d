"""The receipt log read by lxml and told in our words, independently of our reader, mapping and importer."""

import gzip
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

OFFICES = {
    "General": "coselog-general",
    "Customer contact": "coselog-customer-contact",
    "Experts": "coselog-experts",
}
CHANNELS = {"Internet": "electronic", "Desk": "counter", "Post": "post", "e-mail": "email", "Intern": "internal"}
DAY_ONLY = ("00:00:00", "01:06:40")

Entry = tuple[str, str, str, str, str, str]
"""At, event, stage, quality, office, channel."""


@dataclass(frozen=True)
class Fact:
    """A case of the file, its entries in the order in which they are stored: submission first, then by time."""

    case: str
    department: str
    due_at: str | None
    entries: tuple[Entry, ...]
    late: bool
    ended: bool

    @property
    def timeline(self) -> tuple[Entry, ...]:
        return tuple(sorted(self.entries, key=lambda entry: entry[0]))


def facts_of(file: Path) -> list[Fact]:
    tree = etree.fromstring(gzip.decompress(file.read_bytes()))
    return [_fact(trace) for trace in tree.iter("{*}trace")]


def _values(element: etree._Element) -> dict[str, str]:
    return {str(child.get("key")): str(child.get("value")) for child in element if child.get("key")}


def _fact(trace: etree._Element) -> Fact:
    case = _values(trace)
    place = (OFFICES[case["department"]], CHANNELS[case["channel"]])
    start, end, due = case["startdate"], case.get("enddate"), case.get("deadline")
    later: list[Entry] = []
    for element in trace.iterfind("{*}event"):
        event = _values(element)
        later.append((_utc(event["time:timestamp"]), *_meaning(event["concept:name"]), "source", *place))
    if end:
        later.append((_utc(end), "concluded", "", _quality(end), *place))
    later.sort(key=lambda entry: entry[0])
    return Fact(
        case=case["concept:name"],
        department=case["department"],
        due_at=_utc(due) if due else None,
        entries=((_utc(start), "submitted", "", _quality(start), *place), *later),
        late=bool(end and due and datetime.fromisoformat(end) > datetime.fromisoformat(due)),
        ended=bool(end),
    )


def _meaning(activity: str) -> tuple[str, str]:
    if activity == "Confirmation of receipt":
        return "received", ""
    if activity.startswith("T08 "):
        return "referred", ""
    if activity.startswith("T09-"):
        return "referral-answered", ""
    return "stage-completed", "-".join(re.findall("[a-z0-9]+", activity.lower()))


def _quality(text: str) -> str:
    return "day" if text[11:19] in DAY_ONLY else "source"


def _utc(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def by_department(facts: list[Fact]) -> dict[str, tuple[int, int, int]]:
    """Cases, never ended, late."""
    cases = Counter(fact.department for fact in facts)
    never_ended = Counter(fact.department for fact in facts if not fact.ended)
    late = Counter(fact.department for fact in facts if fact.late)
    return {name: (cases[name], never_ended[name], late[name]) for name in cases}
