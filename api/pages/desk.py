"""The desk page in words: this module describes the open files of an office for its staff.

Each mark of a file is a text, for example "Overdue since Monday". No mark is shown by colour alone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.pages.language import Language, Moment
from api.pages.reader import FALLBACK_ZONE
from api.pages.words import MESSAGES, N_, NN_
from domain.application.status import Status
from domain.json_values import parse_instant
from domain.registry.registry import Registry
from domain.tracking_number import grouped

FOR_STAFF: dict[str, str] = {
    Status.SUBMITTED: N_("to be received"),
    Status.RECEIVED: N_("documents to be checked"),
    Status.RETURNED: N_("with the applicant, for correction"),
    Status.PROCESSING: N_("to be decided"),
    Status.SUSPENDED: N_("suspended"),
    Status.APPROVED: N_("to be issued"),
    Status.DEEMED_APPROVED: N_("counts as granted, to be issued"),
    Status.ISSUED: N_("to be made ready"),
    Status.READY: N_("to be collected"),
}

DESK_MESSAGES = {
    "token-wrong": N_("This token is wrong or has expired. Ask the operator for a new one."),
    "token-elsewhere": N_(
        "This token does not open a list of files. Only officers, supervisors and agencies have such a list."
    ),
    "signed-out": N_("You have signed out."),
}
NUMBER_MESSAGES = {
    "no-such-file": N_("Your office has no file with this number. Compare it with the receipt."),
    **{code: text for code, text in MESSAGES.items() if code.startswith("mistyped-")},
}


@dataclass(frozen=True, slots=True)
class DeskMark:
    """One remark about a file. If `pressing` is true, the page emphasises the remark."""

    text: str
    when: Moment | None = None
    pressing: bool = False


@dataclass(frozen=True, slots=True)
class File:
    number: str
    service: str
    status: str
    marks: list[DeskMark]


@dataclass(frozen=True, slots=True)
class OfficeChoice:
    name: str
    code: str


def office_of(language: Language, code: str, registry: Registry) -> OfficeChoice:
    office = registry.offices.get(code)
    return OfficeChoice(language.of(office.names) if office else code, code)


def files(language: Language, items: list[dict[str, Any]], office: str, registry: Registry) -> list[File]:
    """`items` are the files as `GET /v1/desk` returns them. Times are shown in the zone of `office`."""
    zone = _zone(office, registry)
    return [_file(language, item, zone, registry) for item in items]


def _file(language: Language, item: dict[str, Any], zone: str, registry: Registry) -> File:
    standard, status = registry.standard(item["service"], item["standard"]), item["status"]
    return File(
        number=grouped(item["tracking_number"]),
        service=language.of(standard.names) if standard else item["service"],
        status=language.say(FOR_STAFF[status]) if status in FOR_STAFF else status or "",
        marks=_marks(language, item, zone),
    )


def _marks(language: Language, item: dict[str, Any], zone: str) -> list[DeskMark]:
    say, count = language.say, language.count

    def at(instant: str) -> Moment:
        return language.at_time(parse_instant(instant), zone)

    marks = []
    if item["due_at"]:
        marks.append(
            DeskMark(say(N_("Overdue since") if item["overdue"] else N_("Due")), at(item["due_at"]), item["overdue"])
        )
    if item["deemed_approval_at"] and not item["overdue"]:
        soon = (
            N_("Will soon count as granted")
            if item["deemed_soon"]
            else N_("Counts as granted if nobody decides in time")
        )
        marks.append(DeskMark(say(soon), pressing=item["deemed_soon"]))
    if item["paused"]:
        marks.append(DeskMark(say(N_("The legal clock is paused"))))
    if item["payments"]:
        marks.append(DeskMark(say(N_("Waiting for a payment"))))
    if item["obstacles"]:
        marks.append(DeskMark(count(NN_("%(num)s obstacle", "%(num)s obstacles"), item["obstacles"])))
    if item["disputed"]:
        marks.append(DeskMark(say(N_("The applicant disputes the result")), pressing=True))
    if item["mine"]:
        marks.append(DeskMark(say(N_("Your file"))))
    elif item["officer"]:
        marks.append(DeskMark(say(N_("Officer %(officer)s"), officer=item["officer"])))
    return marks


def as_of(language: Language, now: datetime, office: str, registry: Registry) -> Moment:
    return language.at_time(now, _zone(office, registry))


def _zone(office: str, registry: Registry) -> str:
    registered = registry.offices.get(office)
    return registered.zone if registered else FALLBACK_ZONE
