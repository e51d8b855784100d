"""The linked applications on the citizen's page.

For each linked application, the page shows only the service, the status, and a hyperlink to the page of the linked
application. A reader without a session for the linked application gets the form for number and PIN.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from api.pages.reader import PageReader
from api.pages.words import LIFE_EVENTS, N_, NN_, STATUSES
from projections.incidents import LinkEntry
from projections.progress import ProgressRow


@dataclass(frozen=True, slots=True)
class LinkedApplication:
    """A linked application. `status` is in words. `page` is the path of the application's page without the language."""

    service: str
    status: str
    page: str


@dataclass(frozen=True, slots=True)
class LinkedSection:
    """The section of the page. `lines` gives the reason for the link, the number of linked applications, and the
    documents that the citizen need not hand in again.
    """

    lines: list[str]
    applications: list[LinkedApplication]


def confirmed(row: ProgressRow, others: Sequence[ProgressRow]) -> list[ProgressRow]:
    """Returns the rows of `others` that have at least one link id in common with `row`. If an office has not accepted
    the link, its application is not shown.
    """
    links = {link["link"] for link in row["links"]}
    return [other for other in others if any(link["link"] in links for link in other["links"])]


def linked(reading: PageReader, others: Sequence[ProgressRow]) -> LinkedSection | None:
    """Returns the section, or None for an application without links. `others` are the rows of the applications to which
    this application is linked.
    """
    if not reading.row["links"]:
        return None
    shown = confirmed(reading.row, others)
    lines = [line for link in reading.row["links"] for line in _lines(reading, link)]
    waiting = len(others) - len(shown)
    if waiting:
        count = reading.language.count(NN_("%(num)s application", "%(num)s applications"), waiting)
        lines.append(reading.language.say(N_("Not yet confirmed by the other office: %(count)s."), count=count))
    return LinkedSection(lines, [_application(reading, other) for other in shown])


def _application(reading: PageReader, other: ProgressRow) -> LinkedApplication:
    there = PageReader(reading.language, other, reading.registry, reading.now)
    status = there.word(STATUSES, other["status"]) if other["status"] else reading.language.say(N_("no status yet"))
    return LinkedApplication(there.service_name(), status, f"applications/{other['application_id']}")


def _lines(reading: PageReader, link: LinkEntry) -> Iterator[str]:
    say, others = reading.language.say, len(link["others"])
    count = reading.language.count(NN_("%(num)s other application", "%(num)s other applications"), others)
    why = reading.word(LIFE_EVENTS, link["life_event"])
    yield say(N_("It is linked with %(count)s: %(why)s."), count=count, why=why)
    if link["supplied"]:
        names = ", ".join(reading.requirement_name(code) for code in link["supplied"])
        yield say(N_("Already handed in there, not needed again here: %(documents)s."), documents=names)
