"""Reported times: this module checks reported times, and sets the last time at which a decision may be reported.

A time is *reported* if a device, an agency's system or an office states the time. Other times come from the server's
clock. A reported time must not be before the submission, or before the event that makes the act possible. For example,
a decision must not be before completeness, and the end of a pause must not be before its beginning. The time of a stage
must not be before the times of the stages that precede this stage in the procedure. The same bounds apply to a
corrected time. A corrected time must also not be after the time at which the event was recorded.

Times from the server's clock are not checked. The clock of a device may be ahead of the server's clock. So the stated
time of an act may be later than the time at which the act was recorded. Then the time of recording is the bound for the
acts that follow. All instants are aware and in UTC.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain import refusals
from domain.application import events, incident_events
from domain.application.commands import AmendRecord
from domain.application.events import ApplicationEvent, Recorded
from domain.application.evolve import Application
from domain.codes import Amendment, Channel, Quality, StagePhase
from domain.json_values import instant
from domain.promises.late_reports import report_until
from domain.provenance import Act
from domain.registry.editions import StandardPublished
from domain.registry.registry import Registry

DAY = timedelta(days=1)
DECISIONS = (events.Approved, events.Rejected)
GRANTS = (events.Approved, events.DeemedApproved)
OPENED_BY: dict[type[ApplicationEvent], tuple[type[ApplicationEvent], ...]] = {
    events.Approved: (events.DeclaredComplete,),
    events.Rejected: (events.DeclaredComplete,),
    events.DecisionReportedLate: (events.DeclaredComplete,),
    events.CorrectionSupplied: (events.ReturnedForCorrection,),
    events.Resumed: (events.Suspended,),
    events.Issued: GRANTS,
    events.MadeReady: (events.Issued,),
    events.HandedOver: (events.Issued, events.MadeReady, events.Reopened),
    events.Revoked: (*GRANTS, events.Issued),
    events.Disputed: (events.MadeReady, events.HandedOver),
    events.DisputeDismissed: (events.Disputed,),
    events.Reopened: (events.Disputed,),
}
"""This table maps each class of events to the classes of events that must come first. The newest of these events sets
the earliest possible time.
"""
OPENED_BY_PHASE: dict[StagePhase, tuple[type[ApplicationEvent], ...]] = {
    StagePhase.REVIEW: (events.DeclaredComplete,),
    StagePhase.PRODUCTION: (*GRANTS, events.Reopened),
    StagePhase.AFTERCARE: (events.HandedOver,),
}
NUMBERED: dict[type[ApplicationEvent], tuple[type[ApplicationEvent], str]] = {
    events.ReferralAnswered: (events.Referred, "referral"),
    incident_events.PaymentReceived: (incident_events.PaymentRequested, "payment"),
    incident_events.PaymentExpired: (incident_events.PaymentRequested, "payment"),
    incident_events.ObstacleCleared: (incident_events.ObstacleReported, "obstacle"),
    incident_events.InspectionDone: (incident_events.InspectionScheduled, "inspection"),
}
"""The keys are the events that close a numbered thing. Each value has two parts: the event that opens the thing, and
the name of the field that holds the number.
"""


def not_before_submission(application: Application, act: Act) -> None:
    """Raise TimeTooEarly if the reported time of the act is before the submission."""
    if act.at_quality is not Quality.SERVER:
        _not_before(_latest(act), _submission(application.entries), application.entries, act.at)


def in_order(
    decided: Sequence[ApplicationEvent], application: Application, act: Act, standard: StandardPublished
) -> None:
    """Raise TimeTooEarly if the reported time of the act is before an event that must come first."""
    if act.at_quality is not Quality.SERVER:
        for event in decided:
            _not_before(_latest(act), _openers(event, application.entries, standard), application.entries, act.at)


def corrected_in_order(command: AmendRecord, application: Application, act: Act, standard: StandardPublished) -> None:
    """Check a corrected time. Raises TimeTooEarly and TimeTooLate.

    The corrected time must lie between two bounds. The lower bound is the time of the newest event that must come
    before the amended event. The upper bound is the earliest of three times: the time of the first event that needs the
    amended event, the time at which the amended event was recorded, and the time of the correction.
    """
    at, entries = command.corrected_at, application.entries
    if at is None:
        return
    wrong = entries[command.amends - 1]
    before = [] if isinstance(wrong.event, events.Submitted) else _submission(entries)
    _not_before(at, [*before, *_openers(wrong.event, entries[: command.amends - 1], standard)], entries, at)
    known = [act.at, *([wrong.recorded_at] if wrong.recorded_at else [])]
    for place, entry in enumerate(entries):
        submitted = isinstance(wrong.event, events.Submitted) and place >= command.amends
        if submitted or wrong in _openers(entry.event, entries[:place], standard):
            known.append(happened_at(entry, entries) + (DAY if entry.act.at_quality is Quality.DAY else timedelta()))
    if at > min(known):
        found = f"The corrected time is {instant(at)}, but the event had happened by {instant(min(known))}"
        raise refusals.TimeTooLate(found)


def with_allowance(event: ApplicationEvent, application: Application, act: Act, registry: Registry) -> ApplicationEvent:
    """Return the event. If the event needs an allowance for late reports, set `report_until` in the returned event.

    Two kinds of events need the allowance. The first kind is a decision whose reported time is not after the promised
    date. The second kind is an amendment of a late decision, if the corrected time is not after the promised date. A
    view compares `report_until` with the time of recording, so the view needs no calendar.
    """
    promise = application.promise
    if promise is None:
        return event

    def until(channel: Channel) -> datetime | None:
        office, service = application.office, application.service
        return report_until(promise.due_at, channel, office=office, service=service, registry=registry)

    match event:
        case events.Approved() | events.Rejected() if act.at_quality is not Quality.SERVER and act.at <= promise.due_at:
            return replace(event, report_until=until(act.channel))
        case events.RecordAmended(amendment=Amendment.TIME, corrected_at=datetime() as corrected_at):
            wrong = application.entries[event.amends - 1]
            if isinstance(wrong.event, DECISIONS) and corrected_at <= promise.due_at < wrong.act.at:
                return replace(event, report_until=until(wrong.act.channel))
    return event


def happened_at(entry: Recorded, entries: Sequence[Recorded]) -> datetime:
    """Return the time of the entry's event. If an amendment corrects the time, return the corrected time.

    `entries` are sorted by version. Imported history may correct a time several times. Then the last correction is
    used.
    """
    at = entry.act.at
    for later in entries:
        if isinstance(later.event, events.RecordAmended) and later.event.amends == entry.version:
            at = later.event.corrected_at or at
    return at


def _latest(act: Act) -> datetime:
    """Return the latest possible instant of the act. If only the day is known (the quality `day`), the act may have
    happened at any time of this day.
    """
    return act.at + DAY if act.at_quality is Quality.DAY else act.at


def _not_before(latest: datetime, first: Sequence[Recorded], entries: Sequence[Recorded], at: datetime) -> None:
    """Raise TimeTooEarly if `latest` is before one of the entries in `first`. The act must come after all these
    entries.

    A device may state a time that is after the recording of its event. If so, the function compares `latest` with the
    time of recording.
    """
    earliest = max((_by(happened_at(entry, entries), entry.recorded_at) for entry in first), default=latest)
    if latest < earliest:
        found = f"The reported time is {instant(at)}, but the event that must come first was at {instant(earliest)}"
        raise refusals.TimeTooEarly(found)


def _by(at: datetime, recorded_at: datetime | None) -> datetime:
    return at if recorded_at is None else min(at, recorded_at)


def _submission(entries: Sequence[Recorded]) -> list[Recorded]:
    return [entry for entry in entries if isinstance(entry.event, events.Submitted)][:1]


def _openers(event: ApplicationEvent, entries: Sequence[Recorded], standard: StandardPublished) -> list[Recorded]:
    """Return the entries that must have happened before `event`. Entries that were entered in error are left out."""
    taken_back = {
        entry.event.amends
        for entry in entries
        if isinstance(entry.event, events.RecordAmended) and entry.event.amendment is Amendment.ENTERED_IN_ERROR
    }
    standing = [entry for entry in entries if entry.version not in taken_back]
    return [*_found(event, standing, standard)]


def _found(event: ApplicationEvent, entries: list[Recorded], standard: StandardPublished) -> Iterator[Recorded]:
    match event:
        case events.StageEntered() | events.StageCompleted():
            yield from _before_stage(event, entries, standard)
        case _ if type(event) in NUMBERED:
            kind, name = NUMBERED[type(event)]
            opened = [e for e in entries if type(e.event) is kind and getattr(e.event, name) == getattr(event, name)]
            yield from opened[-1:]
        case _:
            yield from [entry for entry in entries if isinstance(entry.event, OPENED_BY.get(type(event), ()))][-1:]


def _before_stage(
    event: events.StageEntered | events.StageCompleted, entries: list[Recorded], standard: StandardPublished
) -> Iterator[Recorded]:
    """Yield the entries that must come before this event of a stage.

    The function yields these entries:

    * the newest event that opens the phase of the stage;
    * the newest completion of each required earlier stage;
    * the newest entry into the stage, if `event` is the completion of the stage.

    If the standard allows stages in any order, the function yields nothing.
    """
    stage = standard.stage(event.stage)
    if stage is None or standard.free_order:
        return
    yield from [entry for entry in entries if isinstance(entry.event, OPENED_BY_PHASE[stage.phase])][-1:]
    for code in sorted(standard.required_before(stage)):
        done = [e for e in entries if isinstance(e.event, events.StageCompleted) and e.event.stage == code]
        yield from done[-1:]
    if isinstance(event, events.StageCompleted):
        begun = [e for e in entries if isinstance(e.event, events.StageEntered) and e.event.stage == event.stage]
        yield from begun[-1:]
