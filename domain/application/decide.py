"""The decider turns a command into events, or refuses the command.

    decide : Command, Application, Act, Registry -> [Event]     may refuse

The functions are pure: the time, the ids and the registry are arguments. Each command has one function with its name,
in this module, `incidents`, `outcomes` or `stages`. The code for very short commands is in `_decided`.
"""

from typing import assert_never

from domain import refusals
from domain.application import (
    commands,
    events,
    incident_events,
    incidents,
    outcomes,
    promise_events,
    reported_times,
    stages,
)
from domain.application.commands import Command
from domain.application.events import ApplicationEvent
from domain.application.evolve import Application
from domain.application.guards import (
    GRANTED,
    IN_PRODUCTION,
    IN_WORK,
    UNDECIDED,
    asked_for,
    asked_once,
    at_counter,
    done_as_before,
    not_taken_back,
    only_in,
    stages_done,
)
from domain.application.outcomes import promise_after, promise_handed_on
from domain.application.pauses import AWAITING_CORRECTION, RETURN, SUSPENSION
from domain.application.standing import REVISING
from domain.application.status import Status
from domain.codes import Amendment, Channel, Defect, Role, StagePhase
from domain.promises.steps import promised
from domain.provenance import Act, Promise
from domain.registry import regions
from domain.registry.editions import StandardPublished
from domain.registry.registry import Registry

PIN_RESETS_MAX = 255
"""The QR token has one byte for the number of PIN resets (docs/event-format.md, Tracking number, PIN and QR)."""

LATE_FACTS = (
    commands.Suspend,
    commands.Resume,
    commands.ReturnForCorrection,
    commands.SupplyCorrection,
    commands.EnterStage,
    commands.CompleteStage,
    commands.ReportObstacle,
    commands.ClearObstacle,
)
"""An office may report these facts after the outcome, if the facts happened before the outcome. Such a report changes
the clocks but not the outcome.
"""


def decide(command: Command, application: Application, act: Act, registry: Registry) -> list[ApplicationEvent]:
    """Return the events that `command` causes. Raises a `Refusal`, which says why the command is refused."""
    if isinstance(command, commands.SubmitApplication):
        return submit(command, application, act, registry)
    if application.status is None:
        raise refusals.ApplicationUnknown
    not_taken_back(command, application)
    standard = registry.standard(application.service, application.standard)
    if standard is None:
        raise refusals.ServiceUnknown
    reported_times.not_before_submission(application, act)
    if isinstance(command, LATE_FACTS) and outcomes.before_outcome(application, act):
        application = outcomes.as_of(application, act)
    decided = _decided(command, application, act, registry, standard)
    reported_times.in_order(decided, application, act, standard)
    return [reported_times.with_allowance(event, application, act, registry) for event in decided]


def _decided(
    command: commands.LaterCommand, application: Application, act: Act, registry: Registry, standard: StandardPublished
) -> list[ApplicationEvent]:
    match command:
        case commands.Receive():
            only_in(application, Status.SUBMITTED)
            return [events.Received()]
        case commands.CheckDocuments():
            return check_documents(command, application, act, registry, standard)
        case commands.ReturnForCorrection():
            return return_for_correction(command, application, standard)
        case commands.SupplyCorrection():
            only_in(application, Status.RETURNED)
            return [events.CorrectionSupplied(promise=promise_after(RETURN, application, act.at, registry))]
        case commands.DeclareComplete():
            return declare_complete(application, act, registry, standard)
        case commands.EnterStage():
            return stages.enter_stage(command, application, standard)
        case commands.CompleteStage():
            return stages.complete_stage(command, application, standard)
        case commands.Refer():
            return refer(command, application, registry)
        case commands.AnswerReferral():
            return answer_referral(command, application, act)
        case commands.Transfer():
            return transfer(command, application, act, registry, standard)
        case commands.Reassign():
            only_in(application, *UNDECIDED, *IN_PRODUCTION, Status.READY)
            return [events.Reassigned(officer=command.officer)]
        case commands.Suspend():
            return suspend(command, application, standard)
        case commands.Resume():
            only_in(application, Status.SUSPENDED)
            return [events.Resumed(promise=promise_after(SUSPENSION, application, act.at, registry))]
        case commands.ScheduleInspection():
            return incidents.schedule_inspection(command, application, act, registry)
        case commands.RecordInspection():
            return incidents.record_inspection(command, application)
        case commands.RequestPayment():
            return incidents.request_payment(command, application, standard)
        case commands.ReceivePayment():
            return incidents.receive_payment(command, application, act, registry)
        case commands.ExpirePayment():
            return incidents.expire_payment(command, application, act, registry)
        case commands.ReportObstacle():
            return incidents.report_obstacle(command, application)
        case commands.ClearObstacle():
            return incidents.clear_obstacle(command, application)
        case commands.ExtendDeadline():
            return outcomes.extend_deadline(command, application, registry, standard)
        case commands.MovePromise():
            return outcomes.move_promise(application, registry, standard)
        case commands.Approve():
            return outcomes.approve(application, act, standard)
        case commands.Reject():
            return outcomes.reject(command, application, act)
        case commands.DeemApproved():
            return outcomes.deem_approved(command, application, act, registry, standard)
        case commands.Issue():
            only_in(application, *GRANTED)
            done_as_before(application, standard)
            return [events.Issued()]
        case commands.MakeReady():
            only_in(application, Status.ISSUED)
            stages_done(StagePhase.PRODUCTION, application, standard)
            return [events.MadeReady()]
        case commands.HandOver():
            only_in(application, Status.ISSUED, Status.READY)
            stages_done(StagePhase.PRODUCTION, application, standard)
            at_counter(command.mall, command.counter, act, registry)
            return [events.HandedOver(receiver=command.receiver, mall=command.mall, counter=command.counter)]
        case commands.Withdraw():
            only_in(application, *UNDECIDED)
            return [events.Withdrawn()]
        case commands.Lapse():
            only_in(application, Status.RETURNED, Status.READY)
            return [events.Lapsed()]
        case commands.Cancel():
            only_in(application, *UNDECIDED, *GRANTED)
            return [events.Cancelled(reason=command.reason)]
        case commands.Revoke():
            return outcomes.revoke(command, application)
        case commands.Dispute():
            return outcomes.dispute(command, application, act, standard)
        case commands.DismissDispute():
            outcomes.still_disputed(application)
            return [events.DisputeDismissed(reason=command.reason)]
        case commands.Reopen():
            return outcomes.reopen(command, application, standard)
        case commands.Link():
            return outcomes.link(command, application)
        case commands.ReferComplaint():
            return incidents.refer_complaint(command, application, act, registry)
        case commands.AmendRecord():
            return amend_record(command, application, act, standard)
        case commands.ResetPin():
            if application.pin_resets >= PIN_RESETS_MAX:
                raise refusals.PinResetsExhausted
            return [events.PinReset()]
        case _:
            assert_never(command)


def submit(
    command: commands.SubmitApplication, application: Application, act: Act, registry: Registry
) -> list[ApplicationEvent]:
    """The citizen clock starts.

    The event names the standard's edition in force on the day of the act. The office's time zone decides which day this
    is. The application keeps the edition.
    """
    if application.status is not None:
        raise refusals.ApplicationAlreadySubmitted
    if act.office not in registry.offices:
        raise refusals.OfficeUnknown
    standard = registry.standard_in_force(command.service, registry.local_day(act.at, act.office), act.office)
    if standard is None:
        raise refusals.ServiceUnknown
    if act.office not in standard.offices:
        raise refusals.ServiceNotOfferedHere
    if act.channel not in standard.channels:
        raise refusals.ChannelNotOffered
    at_counter(command.mall, command.counter, act, registry)
    district, regency = command.district, command.regency
    if standard.sensitive:  # for a sensitive service, the event names the regency but not the district
        district, regency = None, regency or (district[:5] if district else None)
    place = district or regency
    if place and not regions.is_known(place, registry):
        raise refusals.RegionUnknown(tuple(f"{r.code} {r.name}" for r in regions.nearest(place, registry)))
    return [
        events.Submitted(
            service=command.service,
            standard=standard.standard,
            number=command.number,
            district=district,
            regency=None if district else regency,
            mall=command.mall,
            counter=command.counter,
        )
    ]


def check_documents(
    command: commands.CheckDocuments,
    application: Application,
    act: Act,
    registry: Registry,
    standard: StandardPublished,
) -> list[ApplicationEvent]:
    only_in(application, *IN_WORK)
    asked_for(command.missing, standard)
    asked_once(command.missing, application)
    if command.complete and command.missing:
        raise refusals.DocumentsIncomplete
    checked = events.DocumentsChecked(complete=command.complete, missing=command.missing)
    if not command.declare_complete:
        return [checked]
    if not command.complete:
        raise refusals.DocumentsIncomplete
    if application.complete:
        raise refusals.AlreadyComplete
    return [checked, _declared(application, act, registry, standard)]


def return_for_correction(
    command: commands.ReturnForCorrection, application: Application, standard: StandardPublished
) -> list[ApplicationEvent]:
    """A return pauses the legal clock if the file is complete and the standard allows a pause for corrections."""
    only_in(application, *IN_WORK)
    if not command.documents:
        raise refusals.DefectsMissing
    asked_for(tuple(document.requirement for document in command.documents), standard)
    missing = tuple(d.requirement for d in command.documents if d.defect is Defect.MISSING)
    asked_once(missing, application)
    pauses = application.running and AWAITING_CORRECTION in standard.grounds
    return [events.ReturnedForCorrection(documents=command.documents, pauses=pauses)]


def declare_complete(
    application: Application, act: Act, registry: Registry, standard: StandardPublished
) -> list[ApplicationEvent]:
    if application.complete and not application.ended:
        raise refusals.AlreadyComplete
    only_in(application, Status.RECEIVED)
    if application.checked is None:
        raise refusals.DocumentsNotChecked
    if not application.checked:
        raise refusals.DocumentsIncomplete
    return [_declared(application, act, registry, standard)]


def _declared(
    application: Application, act: Act, registry: Registry, standard: StandardPublished
) -> events.DeclaredComplete:
    promise = _promise(application, act, registry, standard)
    return events.DeclaredComplete(promise=promise, last_minute_percent=standard.last_minute_percent)


def _promise(application: Application, act: Act, registry: Registry, standard: StandardPublished) -> Promise | None:
    """Return the promise for the event. Return None if the standard names no single time limit."""
    if standard.terms is None:
        return None
    return promised(
        standard.terms,
        act.at,
        office=application.office,
        service=application.service,
        edition=standard.edition,
        registry=registry,
    )


def refer(command: commands.Refer, application: Application, registry: Registry) -> list[ApplicationEvent]:
    only_in(application, *IN_WORK)
    if command.to not in registry.offices:
        raise refusals.OfficeUnknown
    if command.to == application.office:
        raise refusals.OfficeUnchanged
    return [events.Referred(referral=application.counted.referrals + 1, to=command.to)]


def answer_referral(command: commands.AnswerReferral, application: Application, act: Act) -> list[ApplicationEvent]:
    """Only the office that was asked for advice can answer the referral, except in imported history.

    Some sources do not number referrals. For such a source, the number 0 stands for the oldest open referral.
    """
    if application.ended:
        raise refusals.ApplicationEnded
    number = command.referral or min(application.referrals, default=0)
    if number not in application.referrals:
        raise refusals.ReferralUnknown
    if act.by is not Role.IMPORT and act.office != application.referrals[number]:
        raise refusals.NotTheReferredOffice
    return [events.ReferralAnswered(referral=number, advice=command.advice)]


def transfer(
    command: commands.Transfer, application: Application, act: Act, registry: Registry, standard: StandardPublished
) -> list[ApplicationEvent]:
    """Only a supervisor can send a file to an office that the standard does not list, and only with a reason.

    Imported history names no supervisor and no reason. So an imported transfer to such an office is a deviation.
    """
    only_in(application, *UNDECIDED, *GRANTED)
    if command.to not in registry.offices:
        raise refusals.OfficeUnknown
    if command.to == application.office:
        raise refusals.OfficeUnchanged
    listed = command.to in standard.offices
    if not listed and (act.by is not Role.SUPERVISOR or command.reason is None):
        raise refusals.TransferUnlisted
    promise = promise_handed_on(application, act, command.to, registry)
    unlisted = None if listed else True
    return [events.Transferred(to=command.to, promise=promise, reason=command.reason, unlisted=unlisted)]


def suspend(command: commands.Suspend, application: Application, standard: StandardPublished) -> list[ApplicationEvent]:
    """The standard must list the ground of the suspension. If the file is complete, the suspension pauses the legal
    clock.
    """
    only_in(application, *IN_WORK)
    if command.ground not in standard.grounds:
        raise refusals.GroundUnknown
    return [events.Suspended(ground=command.ground, pauses=application.running)]


def amend_record(
    command: commands.AmendRecord, application: Application, act: Act, standard: StandardPublished
) -> list[ApplicationEvent]:
    """An amendment names the event to correct. The module `reported_times` checks the corrected time.

    An application can also be amended after its end, because its history must be right.
    """
    if not 0 < command.amends <= application.version:
        raise refusals.EventUnknown
    if command.amends in application.amended:
        raise refusals.AlreadyAmended
    wrong = application.entries[command.amends - 1].event
    has_time = command.corrected_at is not None
    fits = (
        has_time and not isinstance(wrong, (events.RecordAmended, *REVISING))
        if command.amendment is Amendment.TIME
        else not has_time and isinstance(wrong, events.StageEntered | events.StageCompleted)
    )
    if not fits:
        raise refusals.AmendmentImpossible
    reported_times.corrected_in_order(command, application, act, standard)
    return [events.RecordAmended(amends=command.amends, amendment=command.amendment, corrected_at=command.corrected_at)]


CHANNELS_OF_COMMANDS = (Channel.COUNTER, Channel.MOBILE, Channel.SELF_SERVICE, Channel.ELECTRONIC)
"""The four channels that are equal before the law (Perpres 89/2021). Imported history may name other channels."""

ASIDE = (promise_events.PromiseMoved, incident_events.ComplaintReferred)
"""A command does not become stale if only events of these classes were added."""


def is_stale(command: Command, seen: int, application: Application) -> bool:
    """Tell whether events that matter to `command` came after version `seen`.

    `seen` is the version that the sender of the command had read.

    Usually, four kinds of events do not matter to a command: a reassignment to another officer, a PIN reset, a
    complaint referral, and a move of the promised date by a newer calendar. But a reassignment matters to the command
    `Reassign`, and a PIN reset matters to the command `ResetPin`.
    """
    if seen > application.version:  # the application never had this version, so the sender cannot have read it
        return True
    match command:
        case commands.Reassign():
            quiet: tuple[type, ...] = (events.PinReset, *ASIDE)
        case commands.ResetPin():
            quiet = (events.Reassigned, *ASIDE)
        case _:
            quiet = (events.Reassigned, events.PinReset, *ASIDE)
    return any(not isinstance(entry.event, quiet) for entry in application.entries[seen:])
