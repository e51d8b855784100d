"""What may happen to an application.

    decide : Command, Application, Act, Registry -> [Event]     may refuse

Pure: time, ids and the registry come in as values. One function a command, named for it.
"""

from typing import assert_never

from domain import refusals
from domain.application import incidents, outcomes, stages
from domain.application.commands import (
    AmendRecord,
    AnswerReferral,
    Approve,
    Cancel,
    CheckDocuments,
    ClearObstacle,
    Command,
    CompleteStage,
    DeclareComplete,
    DeemApproved,
    DismissDispute,
    Dispute,
    EnterStage,
    ExpirePayment,
    ExtendDeadline,
    HandOver,
    Issue,
    Lapse,
    Link,
    MakeReady,
    MovePromise,
    Reassign,
    Receive,
    ReceivePayment,
    RecordInspection,
    Refer,
    ReferComplaint,
    Reject,
    Reopen,
    ReportObstacle,
    RequestPayment,
    ResetPin,
    Resume,
    ReturnForCorrection,
    Revoke,
    ScheduleInspection,
    SubmitApplication,
    SupplyCorrection,
    Suspend,
    Transfer,
    Withdraw,
)
from domain.application.events import (
    ApplicationEvent,
    Cancelled,
    CorrectionSupplied,
    DeclaredComplete,
    DisputeDismissed,
    DocumentsChecked,
    HandedOver,
    Issued,
    Lapsed,
    MadeReady,
    PinReset,
    PromiseMoved,
    Reassigned,
    Received,
    RecordAmended,
    ReferralAnswered,
    Referred,
    Resumed,
    ReturnedForCorrection,
    StageCompleted,
    StageEntered,
    Submitted,
    Suspended,
    Transferred,
    Withdrawn,
)
from domain.application.evolve import Application
from domain.application.guards import (
    GRANTED,
    IN_PRODUCTION,
    IN_WORK,
    UNDECIDED,
    asked_for,
    asked_once,
    only_in,
    stages_done,
)
from domain.application.incident_events import ComplaintReferred
from domain.application.outcomes import promise_after
from domain.application.pauses import AWAITING_CORRECTION, RETURN, SUSPENSION
from domain.application.status import Status
from domain.codes import Amendment, Channel, Defect, Role, StagePhase
from domain.promises.steps import promised
from domain.provenance import Act, Promise
from domain.registry.editions import Registry, StandardPublished

PIN_RESETS_MAX = 255
"""The QR token has one byte for them (event-format, section 11)."""

LATE_FACTS = (
    Suspend,
    Resume,
    ReturnForCorrection,
    SupplyCorrection,
    EnterStage,
    CompleteStage,
    ReportObstacle,
    ClearObstacle,
)
"""What may still be reported after an outcome, if it happened before: it changes clocks, never the outcome."""


def decide(command: Command, application: Application, act: Act, registry: Registry) -> list[ApplicationEvent]:
    """What happens when `command` is asked. Raises the `Refusal` that says why not."""
    if isinstance(command, SubmitApplication):
        return submit(command, application, act, registry)
    if application.status is None:
        raise refusals.ApplicationUnknown
    standard = registry.standard(application.service, application.standard)
    if standard is None:
        raise refusals.ServiceUnknown
    if isinstance(command, LATE_FACTS) and outcomes.before_outcome(application, act):
        application = outcomes.as_of(application, act)
    match command:
        case Receive():
            only_in(application, Status.SUBMITTED)
            return [Received()]
        case CheckDocuments():
            return check_documents(command, application, act, registry, standard)
        case ReturnForCorrection():
            return return_for_correction(command, application, standard)
        case SupplyCorrection():
            only_in(application, Status.RETURNED)
            return [CorrectionSupplied(promise=promise_after(RETURN, application, act.at, registry))]
        case DeclareComplete():
            return declare_complete(application, act, registry, standard)
        case EnterStage():
            return stages.enter_stage(command, application, standard)
        case CompleteStage():
            return stages.complete_stage(command, application, standard)
        case Refer():
            return refer(command, application, registry)
        case AnswerReferral():
            return answer_referral(command, application, act)
        case Transfer():
            return transfer(command, application, registry)
        case Reassign():
            only_in(application, *UNDECIDED, *IN_PRODUCTION, Status.READY)
            return [Reassigned(officer=command.officer)]
        case Suspend():
            return suspend(command, application, standard)
        case Resume():
            only_in(application, Status.SUSPENDED)
            return [Resumed(promise=promise_after(SUSPENSION, application, act.at, registry))]
        case ScheduleInspection():
            return incidents.schedule_inspection(command, application, act, registry)
        case RecordInspection():
            return incidents.record_inspection(command, application)
        case RequestPayment():
            return incidents.request_payment(command, application, standard)
        case ReceivePayment():
            return incidents.receive_payment(command, application, act, registry)
        case ExpirePayment():
            return incidents.expire_payment(command, application, act, registry)
        case ReportObstacle():
            return incidents.report_obstacle(command, application)
        case ClearObstacle():
            return incidents.clear_obstacle(command, application)
        case ExtendDeadline():
            return outcomes.extend_deadline(command, application, registry, standard)
        case MovePromise():
            return outcomes.move_promise(application, registry, standard)
        case Approve():
            return outcomes.approve(application, act, standard)
        case Reject():
            return outcomes.reject(command, application, act)
        case DeemApproved():
            return outcomes.deem_approved(command, application, act, registry, standard)
        case Issue():
            only_in(application, *GRANTED)
            return [Issued()]
        case MakeReady():
            only_in(application, Status.ISSUED)
            stages_done(StagePhase.PRODUCTION, application, standard)
            return [MadeReady()]
        case HandOver():
            only_in(application, Status.ISSUED, Status.READY)
            stages_done(StagePhase.PRODUCTION, application, standard)
            return [HandedOver(receiver=command.receiver)]
        case Withdraw():
            only_in(application, *UNDECIDED)
            return [Withdrawn()]
        case Lapse():
            only_in(application, Status.RETURNED, Status.READY)
            return [Lapsed()]
        case Cancel():
            only_in(application, *UNDECIDED, *GRANTED)
            return [Cancelled(reason=command.reason)]
        case Revoke():
            return outcomes.revoke(command, application)
        case Dispute():
            return outcomes.dispute(command, application, act, standard)
        case DismissDispute():
            outcomes.still_disputed(application)
            return [DisputeDismissed(reason=command.reason)]
        case Reopen():
            return outcomes.reopen(command, application, standard)
        case Link():
            return outcomes.link(command, application)
        case ReferComplaint():
            return incidents.refer_complaint(command, application, act, registry)
        case AmendRecord():
            return amend_record(command, application)
        case ResetPin():
            if application.pin_resets >= PIN_RESETS_MAX:
                raise refusals.PinResetsExhausted
            return [PinReset()]
        case _:
            assert_never(command)


def submit(
    command: SubmitApplication, application: Application, act: Act, registry: Registry
) -> list[ApplicationEvent]:
    """The citizen clock starts; the standard in force at `act.at` stays the application's own."""
    if application.status is not None:
        raise refusals.ApplicationAlreadySubmitted
    if act.office not in registry.offices:
        raise refusals.OfficeUnknown
    standard = registry.standard_in_force(command.service, registry.local_day(act.at, act.office))
    if standard is None:
        raise refusals.ServiceUnknown
    if act.office not in standard.offices:
        raise refusals.ServiceNotOfferedHere
    if act.channel not in standard.channels:
        raise refusals.ChannelNotOffered
    district, regency = command.district, command.regency
    if standard.sensitive:  # the finest place recorded is the regency
        district, regency = None, regency or (district[:5] if district else None)
    place = district[:5] if district else regency
    if place and place not in registry.regions:
        raise refusals.RegionUnknown
    return [
        Submitted(
            service=command.service,
            standard=standard.standard,
            number=command.number,
            district=district,
            regency=None if district else regency,
        )
    ]


def check_documents(
    command: CheckDocuments, application: Application, act: Act, registry: Registry, standard: StandardPublished
) -> list[ApplicationEvent]:
    only_in(application, *IN_WORK)
    asked_for(command.missing, standard)
    asked_once(command.missing, application)
    if command.complete and command.missing:
        raise refusals.DocumentsIncomplete
    checked = DocumentsChecked(complete=command.complete, missing=command.missing)
    if not command.declare_complete:
        return [checked]
    if not command.complete:
        raise refusals.DocumentsIncomplete
    if application.complete:
        raise refusals.AlreadyComplete
    return [checked, _declared(application, act, registry, standard)]


def return_for_correction(
    command: ReturnForCorrection, application: Application, standard: StandardPublished
) -> list[ApplicationEvent]:
    """Before completeness the legal clock has not started; after it, it pauses only on a listed ground."""
    only_in(application, *IN_WORK)
    if not command.documents:
        raise refusals.DefectsMissing
    asked_for(tuple(document.requirement for document in command.documents), standard)
    missing = tuple(d.requirement for d in command.documents if d.defect is Defect.MISSING)
    asked_once(missing, application)
    pauses = application.running and AWAITING_CORRECTION in standard.grounds
    return [ReturnedForCorrection(documents=command.documents, pauses=pauses)]


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


def _declared(application: Application, act: Act, registry: Registry, standard: StandardPublished) -> DeclaredComplete:
    promise = _promise(application, act, registry, standard)
    return DeclaredComplete(promise=promise, last_minute_percent=standard.last_minute_percent)


def _promise(application: Application, act: Act, registry: Registry, standard: StandardPublished) -> Promise | None:
    """Computed once, then a fact. None where the standard gives no single figure."""
    if standard.promise is None:
        return None
    return promised(
        standard.promise,
        act.at,
        office=application.office,
        service=application.service,
        edition=standard.edition,
        registry=registry,
    )


def refer(command: Refer, application: Application, registry: Registry) -> list[ApplicationEvent]:
    only_in(application, *IN_WORK)
    if command.to not in registry.offices:
        raise refusals.OfficeUnknown
    if command.to == application.office:
        raise refusals.OfficeUnchanged
    return [Referred(referral=application.counted.referrals + 1, to=command.to)]


def answer_referral(command: AnswerReferral, application: Application, act: Act) -> list[ApplicationEvent]:
    """The other office owns the answer. 0 names the oldest open one, as a source does that numbers none."""
    if application.ended:
        raise refusals.ApplicationEnded
    number = command.referral or min(application.referrals, default=0)
    if number not in application.referrals:
        raise refusals.ReferralUnknown
    if act.by is not Role.IMPORT and act.office != application.referrals[number]:
        raise refusals.NotTheReferredOffice
    return [ReferralAnswered(referral=number, advice=command.advice)]


def transfer(command: Transfer, application: Application, registry: Registry) -> list[ApplicationEvent]:
    only_in(application, *UNDECIDED, *GRANTED)
    if command.to not in registry.offices:
        raise refusals.OfficeUnknown
    if command.to == application.office:
        raise refusals.OfficeUnchanged
    return [Transferred(to=command.to)]


def suspend(command: Suspend, application: Application, standard: StandardPublished) -> list[ApplicationEvent]:
    """Only on a ground that the service lists; it pauses the legal clock, which runs only after completeness."""
    only_in(application, *IN_WORK)
    if command.ground not in standard.grounds:
        raise refusals.GroundUnknown
    return [Suspended(ground=command.ground, pauses=application.running)]


def amend_record(command: AmendRecord, application: Application) -> list[ApplicationEvent]:
    """A later event that names the wrong one; open also after an end, since history must be right."""
    if not 0 < command.amends <= application.version:
        raise refusals.EventUnknown
    if command.amends in application.amended:
        raise refusals.AlreadyAmended
    wrong = application.entries[command.amends - 1].event
    has_time = command.corrected_at is not None
    fits = (
        has_time and not isinstance(wrong, RecordAmended)
        if command.amendment is Amendment.TIME
        else not has_time and isinstance(wrong, StageEntered | StageCompleted)
    )
    if not fits:
        raise refusals.AmendmentImpossible
    return [RecordAmended(amends=command.amends, amendment=command.amendment, corrected_at=command.corrected_at)]


CHANNELS_OF_COMMANDS = (Channel.COUNTER, Channel.MOBILE, Channel.SELF_SERVICE, Channel.ELECTRONIC)
"""The four equal ways by which a command may come; imports know more (domain reference, section 3.1)."""


ASIDE = (PromiseMoved, ComplaintReferred)


def is_stale(command: Command, seen: int, application: Application) -> bool:
    """Whether something relevant to `command` came after the version its sender saw.

    Who holds the file inside the office, which PIN opens it, where a complaint went, and a date that a newer calendar
    moved change nothing that another command decides on.
    """
    if seen > application.version:  # a version that never was: its sender saw something else
        return True
    match command:
        case Reassign():
            quiet: tuple[type, ...] = (PinReset, *ASIDE)
        case ResetPin():
            quiet = (Reassigned, *ASIDE)
        case _:
            quiet = (Reassigned, PinReset, *ASIDE)
    return any(not isinstance(entry.event, quiet) for entry in application.entries[seen:])
