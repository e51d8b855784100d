"""The timeline in words: this module describes every event of the timeline. The events have the same order as in the
`progress` view. A corrected event stays on its own line and gets a note.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from api.pages.language import Moment
from api.pages.reader import PageReader
from api.pages.words import (
    ADVICE,
    BY_LAW,
    CHANNELS,
    CHECKED,
    DECISIONS,
    DEFECTS,
    EVENTS,
    GROUNDS,
    LIFE_EVENTS,
    N_,
    OBSTACLES,
    REASONS,
    RECEIVERS,
)
from domain.codes import Channel, Quality, Role
from domain.json_values import parse_instant
from domain.refusal_tree import all_refusals
from domain.refusals import StatusForbids
from projections.progress import DefectEntry
from projections.timeline import CLOCK_AHEAD, LATE, UNLISTED, ShownEvent

RECORDED_MUCH_LATER = timedelta(days=1)
FLAGS = {
    LATE: N_("This was recorded only after the outcome. The outcome does not change."),
    CLOCK_AHEAD: N_("The clock of the device that recorded this was ahead."),
    UNLISTED: N_("The service does not list this office. A supervisor decided the move."),
}
REFUSALS = {refusal.code: refusal.title for refusal in all_refusals()}


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One event of the timeline. `text` says what happened. `details` lists the documents. `notes` says what is unusual
    about the event.
    """

    when: Moment
    text: str
    details: list[str]
    place: str
    notes: list[str]


def history(reading: PageReader) -> list[HistoryLine]:
    return [_entry(reading, entry) for entry in reading.row["timeline"]]


def _entry(reading: PageReader, entry: ShownEvent) -> HistoryLine:
    return HistoryLine(
        when=reading.moment(entry["at"], entry["office"], entry["at_quality"]),
        text=event_text(reading, entry),
        details=_details(reading, entry["data"]),
        place=_place(reading, entry),
        notes=[note for note in (_amended(reading, entry), _deviates(reading, entry), _late(reading, entry)) if note]
        + [reading.language.say(FLAGS[flag]) for flag in entry["flags"]]
        + _transfer_reason(reading, entry),
    )


def event_text(reading: PageReader, entry: ShownEvent) -> str:
    """The event as one phrase, for example "Payment received: IDR 20,000"."""
    language, data = reading.language, entry["data"]
    match entry["event"]:
        case "documents-checked":
            values = {"result": language.say(CHECKED[data["complete"]])}
        case "stage-entered" | "stage-completed" | "stage-planned" | "stage-ended":
            values = {"stage": reading.stage_name(data["stage"])}
        case "referred" | "transferred":
            values = {"to": reading.office_name(data["to"])}
        case "referral-answered":
            values = {"advice": reading.word(ADVICE, data["advice"])}
        case "suspended":
            values = {"ground": reading.word(GROUNDS, data["ground"])}
        case "rejected" | "cancelled" | "disputed" | "dispute-dismissed":
            values = {"reason": reading.word(REASONS, data["reason"])}
        case "revoked":
            values = {"reason": reading.word(REASONS, data["ground"])}
        case "inspection-scheduled":
            values = {"on": language.day(date.fromisoformat(data["on"]))}
        case "payment-requested" | "payment-received":
            values = {"amount": language.rupiah(data["amount_idr"])}
        case "obstacle-reported" | "obstacle-cleared":
            values = {"obstacle": _obstacle(reading, data)}
        case "deadline-extended" | "promise-moved":
            values = {"due": reading.moment(data["promise"]["due_at"], "", "day").text}
        case "decision-reported-late":
            values = {"decision": reading.word(DECISIONS, data["decision"])}
        case "linked":
            values = {"life_event": reading.word(LIFE_EVENTS, data["life_event"])}
        case "handed-over":
            values = {"receiver": reading.word(RECEIVERS, data["receiver"])}
        case "record-amended":
            wrong = next(other for other in reading.row["timeline"] if other["version"] == data["amends"])
            values = {"what": event_text(reading, wrong)}
        case _:
            values = {}
    return language.say(EVENTS[entry["event"]], **values)


def _obstacle(reading: PageReader, data: dict[str, Any]) -> str:
    """Returns the name of the obstacle, or its number if its code is not known. An imported history may say that an
    obstacle was cleared, although the history never reported the obstacle.
    """
    codes = (other["code"] for other in reading.row["obstacles"] if other["obstacle"] == data["obstacle"])
    return reading.word(OBSTACLES, data.get("code") or next(codes, str(data["obstacle"])))


def defects(reading: PageReader, documents: list[DefectEntry]) -> list[str]:
    return [
        f"{reading.requirement_name(each['requirement'])}: {reading.word(DEFECTS, each['defect'])}"
        for each in documents
    ]


def _details(reading: PageReader, data: dict[str, Any]) -> list[str]:
    missing: list[DefectEntry] = [{"requirement": code, "defect": "missing"} for code in data.get("missing", ())]
    return defects(reading, [*missing, *data.get("documents", ())])


def _place(reading: PageReader, entry: ShownEvent) -> str:
    mall = reading.mall_name(entry["data"].get("mall", ""))
    return " · ".join(part for part in (reading.office_name(entry["office"]), mall, _channel(reading, entry)) if part)


def _transfer_reason(reading: PageReader, entry: ShownEvent) -> list[str]:
    if entry["event"] != "transferred" or "reason" not in entry["data"]:
        return []
    return [reading.language.say(N_("Reason: %(reason)s."), reason=reading.word(REASONS, entry["data"]["reason"]))]


def _channel(reading: PageReader, entry: ShownEvent) -> str:
    if entry["event"] == "deemed-approved":
        return reading.language.say(BY_LAW)
    if entry["by"] == Role.SYSTEM:
        return reading.language.say(N_("automatically, by the system"))
    return reading.word(CHANNELS, entry["channel"]) if entry["channel"] != Channel.UNKNOWN else ""


def _amended(reading: PageReader, entry: ShownEvent) -> str | None:
    amended = entry["amended"]
    if amended is None:
        return None
    if amended["corrected_at"] is None:
        return reading.language.say(N_("Corrected by the office: this was recorded by mistake and does not count."))
    when = reading.moment(amended["corrected_at"], entry["office"])
    return reading.language.say(N_("Corrected by the office: it happened on %(when)s."), when=when.text)


def _deviates(reading: PageReader, entry: ShownEvent) -> str | None:
    refusal = entry["data"].get("deviates")
    if refusal is None:
        return None
    if refusal == StatusForbids.code:  # its text speaks of the present, but this entry is about the past
        return reading.language.say(N_("In the agency's data, this step does not follow the usual order."))
    return reading.language.say(N_("Outside the usual order: %(why)s."), why=reading.word(REFUSALS, refusal))


def _late(reading: PageReader, entry: ShownEvent) -> str | None:
    """If a device sent the event more than one day after the event happened, returns a note that names the day of
    recording.

    Events of an imported history get no note about late recording. The page says once, above the timeline, that the
    history was imported.
    """
    recorded = entry["recorded_at"]
    if (
        recorded is None
        or entry["at_quality"] != Quality.DEVICE
        or parse_instant(recorded) - parse_instant(entry["at"]) <= RECORDED_MUCH_LATER
    ):
        return None
    return reading.language.say(N_("Recorded on %(when)s."), when=reading.moment(recorded, entry["office"], "day").text)
