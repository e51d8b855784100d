"""Facts of a file that the citizen's page and the messages to agencies share: times, promise, pauses, stages, payments.

    note_facts : FileFacts, Recorded, Status -> None
    so_far     : FileFacts -> SoFar

The row has two fields for an event, for example `ended_at` and `ended_by`. A field `x_at` is the time of the event in
UTC, after amendments. The field `x_by` is the stream version of the same event.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypedDict, TypeVar, cast

from domain.application import events
from domain.application.status import ENDS, OUTCOMES, Status
from domain.codes import (
    Amendment,
    DistrictCode,
    ExtensionCode,
    OfficeCode,
    Pattern,
    RegencyCode,
    StageCode,
    TrackingNumber,
)
from domain.json_values import instant, parse_instant
from domain.provenance import Promise
from projections import promises_and_payments
from projections.open_pauses import KeptPauses, note_pauses
from projections.promises import parse_promise
from projections.promises_and_payments import PaymentEntry
from projections.stages import StageEntry, stages

PauseName = Annotated[str, Pattern(r"^[a-z]+(-[0-9]+)?$", 63)]


class FileFacts(promises_and_payments.Dues, KeptPauses):
    """The facts of a file that a row keeps. `decided` is true if the application was ever decided or ended, even if it
    was reopened later.

    `ended_at` is the time at which the application ended. If the end was undone, `ended_at` is None.
    """

    tracking_number: str
    district: str | None
    regency: str | None
    submitted_at: str | None
    submitted_by: int | None
    complete_at: str | None
    complete_by: int | None
    ended_at: str | None
    ended_by: int | None
    decided: bool
    stages: list[StageEntry]


class DueFacts(TypedDict, total=False):
    """The facts from which a reader computes whether a file is overdue (domain/promises/overdue.py).

    `due_at` is the promised instant while a decision is awaited. `paused_since` is the instant at which the legal clock
    stopped, if the clock is paused.
    """

    due_at: str
    paused: bool
    paused_since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSoFar:
    stage: StageCode
    office: OfficeCode | None
    entered_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSoFar:
    payment: int
    amount_idr: int
    tariff_idr: int | None
    requested_at: datetime
    expires_at: datetime | None
    received_idr: int | None
    received_at: datetime | None
    expired_at: datetime | None
    open_idr: int
    excess_idr: int
    refund_idr: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SoFar:
    """The state of the file after this event, for an agency that does not know the earlier events. All times include
    the corrections so far. `promise` is the promise in force, and `extensions` holds the codes of the extensions used
    so far. `pausing` holds the names of the open pauses of the legal clock. `paused_since` is the time at which the
    clock stopped. `stages` holds the stages that were entered or completed, except the stages that were taken back by a
    reopening.
    """

    number: TrackingNumber | None
    district: DistrictCode | None
    regency: RegencyCode | None
    submitted_at: datetime | None
    complete_at: datetime | None
    promise: Promise | None
    extensions: tuple[ExtensionCode, ...]
    pausing: tuple[PauseName, ...]
    paused_since: datetime | None
    stages: tuple[StageSoFar, ...]
    payments: tuple[PaymentSoFar, ...]


def blank() -> FileFacts:
    """Return the facts before the first event."""
    return {
        "tracking_number": "",
        "district": None,
        "regency": None,
        "submitted_at": None,
        "submitted_by": None,
        "complete_at": None,
        "complete_by": None,
        "ended_at": None,
        "ended_by": None,
        "decided": False,
        "stages": [],
        **promises_and_payments.blank(),
        "pausing": [],
        "paused_since": None,
    }


def note_facts(row: FileFacts, recorded: events.Recorded, status: Status | None) -> None:
    """Update the facts with this event. Another function, `amended`, updates the times that an amendment corrects.
    `status` is the status after the event.

    An older row may share a list with this row, so a list is replaced and never changed in place.
    """
    event, at, version = recorded.event, recorded.act.at, recorded.version
    match event:
        case events.Submitted():
            row["tracking_number"] = event.number
            row["district"], row["regency"] = event.district, event.regency
            row["submitted_at"], row["submitted_by"] = instant(at), version
        case events.DeclaredComplete():
            row["complete_at"], row["complete_by"] = instant(at), version
    if type(event) in promises_and_payments.TOLD_BY:
        promises_and_payments.note_dues(row, recorded)
    row["stages"] = stages(row["stages"], recorded)
    note_pauses(row, event, at)
    row["decided"] = row["decided"] or status in OUTCOMES
    if status not in ENDS:
        row["ended_at"], row["ended_by"] = None, None
    elif row["ended_by"] is None:
        row["ended_at"], row["ended_by"] = instant(at), version


R = TypeVar("R", bound=FileFacts)


def amended(row: R, event: events.ApplicationEvent) -> R:
    """If the event corrects a time, return the row with the corrected time. Otherwise return the row itself.

    If `x_by` is the stream version of the amended event, then `x_at` is corrected.
    """
    match event:
        case events.RecordAmended(amendment=Amendment.TIME, corrected_at=datetime() as at):
            return cast("R", _moved(row, event.amends, instant(at)))
        case _:
            return row


def _moved(value: Any, version: int, at: str) -> Any:  # noqa: ANN401 - JSON is any value
    match value:
        case list():
            return [_moved(item, version, at) for item in value]
        case dict():
            stated = [name for name, by in value.items() if name.endswith("_by") and by == version]
            moved = {name: _moved(item, version, at) for name, item in value.items()}
            return moved | {f"{name.removesuffix('_by')}_at": at for name in stated}
        case _:
            return value


def settled_payments(row: FileFacts) -> list[PaymentEntry]:
    at, by = row["ended_at"], row["ended_by"]
    return promises_and_payments.settled(row["payments"], None if at is None or by is None else (at, by))


def due_facts(row: FileFacts) -> DueFacts:
    """Return the facts about the due date. An application that was decided has no due date and no pause."""
    if row["decided"]:
        return {"paused": False}
    found: DueFacts = {"paused": row["paused_since"] is not None}
    if row["promise"] is not None:
        found["due_at"] = row["promise"]["due_at"]
    if row["paused_since"] is not None:
        found["paused_since"] = row["paused_since"]
    return found


def so_far(row: FileFacts) -> SoFar:
    paused = not row["decided"]
    return SoFar(
        number=row["tracking_number"] or None,
        district=row["district"],
        regency=row["regency"],
        submitted_at=_time(row["submitted_at"]),
        complete_at=_time(row["complete_at"]),
        promise=parse_promise(row["promise"]) if row["promise"] else None,
        extensions=tuple(entry["extension"] for entry in row["promises"] if entry["extension"]),
        pausing=tuple(row["pausing"]) if paused else (),
        paused_since=_time(row["paused_since"]) if paused else None,
        stages=tuple(_stage(entry) for entry in row["stages"] if entry["undone_at"] is None),
        payments=tuple(map(_payment, settled_payments(row))),
    )


def _stage(entry: StageEntry) -> StageSoFar:
    return StageSoFar(
        stage=entry["stage"],
        office=entry["office"] or None,
        entered_at=_time(entry["entered_at"]),
        completed_at=_time(entry["completed_at"]),
    )


def _payment(entry: PaymentEntry) -> PaymentSoFar:
    return PaymentSoFar(
        payment=entry["payment"],
        amount_idr=entry["amount_idr"],
        tariff_idr=entry["tariff_idr"],
        requested_at=parse_instant(entry["requested_at"]),
        expires_at=_time(entry["expires_at"]),
        received_idr=entry["received_idr"],
        received_at=_time(entry["received_at"]),
        expired_at=_time(entry["expired_at"]),
        open_idr=entry["open_idr"],
        excess_idr=entry["excess_idr"],
        refund_idr=entry["refund_idr"],
    )


def _time(text: str | None) -> datetime | None:
    return parse_instant(text) if text else None
