"""What may happen to an application.

    decide : Command, Application, Act, Registry -> [Event]     may refuse

Pure: time, ids and the registry come in as values. One function a command, named for it.
"""

from typing import assert_never

from domain import errors
from domain.application import Application, Status
from domain.codes import Amendment, Channel, Role, StagePhase
from domain.commands import (
    AmendRecord,
    AnswerReferral,
    Approve,
    Cancel,
    CheckDocuments,
    Command,
    CompleteStage,
    DeclareComplete,
    EnterStage,
    HandOver,
    Issue,
    Lapse,
    MakeReady,
    Reassign,
    Receive,
    Refer,
    Reject,
    ResetPin,
    Resume,
    ReturnForCorrection,
    SubmitApplication,
    SupplyCorrection,
    Suspend,
    Transfer,
    Withdraw,
)
from domain.events import (
    Act,
    ApplicationEvent,
    Approved,
    Cancelled,
    CorrectionSupplied,
    DeclaredComplete,
    DocumentsChecked,
    HandedOver,
    Issued,
    Lapsed,
    MadeReady,
    PinReset,
    Promise,
    Reassigned,
    Received,
    RecordAmended,
    ReferralAnswered,
    Referred,
    Rejected,
    Resumed,
    ReturnedForCorrection,
    StageCompleted,
    StageEntered,
    Submitted,
    Suspended,
    Transferred,
    Withdrawn,
)
from domain.promises import promised
from domain.registry import Registry, StandardPublished

PIN_RESETS_MAX = 255
"""The QR token has one byte for them (event-format, section 11)."""

AWAITING_CORRECTION = "awaiting-correction"
"""The ground on which a return after completeness pauses the legal clock, where the service lists it."""

UNDECIDED = (Status.SUBMITTED, Status.RECEIVED, Status.RETURNED, Status.PROCESSING, Status.SUSPENDED)
IN_WORK = (Status.RECEIVED, Status.PROCESSING)


def decide(command: Command, application: Application, act: Act, registry: Registry) -> list[ApplicationEvent]:
    """What happens when `command` is asked. Raises the `Refusal` that says why not."""
    if isinstance(command, SubmitApplication):
        return submit(command, application, act, registry)
    if application.status is None:
        raise errors.ApplicationUnknown
    standard = registry.standard(application.service, application.standard)
    if standard is None:
        raise errors.ServiceUnknown
    match command:
        case Receive():
            _only_in(application, Status.SUBMITTED)
            return [Received()]
        case CheckDocuments():
            return check_documents(command, application, act, registry, standard)
        case ReturnForCorrection():
            return return_for_correction(command, application, standard)
        case SupplyCorrection():
            _only_in(application, Status.RETURNED)
            return [CorrectionSupplied()]
        case DeclareComplete():
            return declare_complete(application, act, registry, standard)
        case EnterStage():
            return enter_stage(command, application, standard)
        case CompleteStage():
            return complete_stage(command, application, standard)
        case Refer():
            return refer(command, application, registry)
        case AnswerReferral():
            return answer_referral(command, application, act)
        case Transfer():
            return transfer(command, application, registry)
        case Reassign():
            _only_in(application, *UNDECIDED, Status.APPROVED, Status.ISSUED, Status.READY)
            return [Reassigned(officer=command.officer)]
        case Suspend():
            return suspend(command, application, standard)
        case Resume():
            _only_in(application, Status.SUSPENDED)
            return [Resumed()]
        case Approve():
            return approve(application, standard)
        case Reject():
            _only_in(application, *IN_WORK)
            return [Rejected(reason=command.reason, remedy=command.remedy)]
        case Issue():
            _only_in(application, Status.APPROVED)
            return [Issued()]
        case MakeReady():
            _only_in(application, Status.ISSUED)
            _stages_done(StagePhase.PRODUCTION, application, standard)
            return [MadeReady()]
        case HandOver():
            _only_in(application, Status.ISSUED, Status.READY)
            _stages_done(StagePhase.PRODUCTION, application, standard)
            return [HandedOver(receiver=command.receiver)]
        case Withdraw():
            _only_in(application, *UNDECIDED)
            return [Withdrawn()]
        case Lapse():
            _only_in(application, Status.RETURNED, Status.READY)
            return [Lapsed()]
        case Cancel():
            _only_in(application, *UNDECIDED, Status.APPROVED)
            return [Cancelled(reason=command.reason)]
        case AmendRecord():
            return amend_record(command, application)
        case ResetPin():
            if application.pin_resets >= PIN_RESETS_MAX:
                raise errors.PinResetsExhausted
            return [PinReset()]
        case _:
            assert_never(command)


def submit(
    command: SubmitApplication, application: Application, act: Act, registry: Registry
) -> list[ApplicationEvent]:
    """The citizen clock starts; the standard in force at `act.at` stays the application's own."""
    if application.status is not None:
        raise errors.ApplicationAlreadySubmitted
    if act.office not in registry.offices:
        raise errors.OfficeUnknown
    standard = registry.standard_in_force(command.service, registry.local_day(act.at, act.office))
    if standard is None:
        raise errors.ServiceUnknown
    if act.office not in standard.offices:
        raise errors.ServiceNotOfferedHere
    if act.channel not in standard.channels:
        raise errors.ChannelNotOffered
    district, regency = command.district, command.regency
    if standard.sensitive:  # the finest place recorded is the regency
        district, regency = None, regency or (district[:5] if district else None)
    place = district[:5] if district else regency
    if place and place not in registry.regions:
        raise errors.RegionUnknown
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
    _only_in(application, *IN_WORK)
    _asked_for(command.missing, standard)
    if command.complete and command.missing:
        raise errors.DocumentsIncomplete
    checked = DocumentsChecked(complete=command.complete, missing=command.missing)
    if not command.declare_complete:
        return [checked]
    if not command.complete:
        raise errors.DocumentsIncomplete
    if application.complete:
        raise errors.AlreadyComplete
    return [checked, DeclaredComplete(promise=_promise(application, act, registry, standard))]


def return_for_correction(
    command: ReturnForCorrection, application: Application, standard: StandardPublished
) -> list[ApplicationEvent]:
    """Before completeness the legal clock has not started; after it, it pauses only on a listed ground."""
    _only_in(application, *IN_WORK)
    if not command.documents:
        raise errors.DefectsMissing
    _asked_for(tuple(document.requirement for document in command.documents), standard)
    pauses = application.complete and AWAITING_CORRECTION in standard.grounds
    return [ReturnedForCorrection(documents=command.documents, pauses=pauses)]


def declare_complete(
    application: Application, act: Act, registry: Registry, standard: StandardPublished
) -> list[ApplicationEvent]:
    if application.complete and not application.ended:
        raise errors.AlreadyComplete
    _only_in(application, Status.RECEIVED)
    if application.checked is None:
        raise errors.DocumentsNotChecked
    if not application.checked:
        raise errors.DocumentsIncomplete
    return [DeclaredComplete(promise=_promise(application, act, registry, standard))]


def _promise(application: Application, act: Act, registry: Registry, standard: StandardPublished) -> Promise | None:
    """By the calendar and in the zone of the office that holds the file. Computed once, then a fact."""
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


def enter_stage(command: EnterStage, application: Application, standard: StandardPublished) -> list[ApplicationEvent]:
    _stage_possible(command.stage, application, standard)
    if command.stage in application.entered:
        raise errors.StageAlreadyEntered
    return [StageEntered(stage=command.stage)]


def complete_stage(
    command: CompleteStage, application: Application, standard: StandardPublished
) -> list[ApplicationEvent]:
    _stage_possible(command.stage, application, standard)
    if command.stage not in application.entered and not standard.free_order:
        raise errors.StageNotEntered
    return [StageCompleted(stage=command.stage)]


def _stage_possible(code: str, application: Application, standard: StandardPublished) -> None:
    stage = standard.stage(code)
    if stage is None:
        raise errors.StageUnknown
    if standard.free_order:
        _only_in(application, *UNDECIDED, Status.APPROVED, Status.ISSUED, Status.READY)
        return
    in_review = stage.phase is StagePhase.REVIEW
    _only_in(application, *((Status.PROCESSING,) if in_review else (Status.APPROVED, Status.ISSUED)))
    if code in application.completed:
        raise errors.StageAlreadyCompleted
    if not application.completed.issuperset(standard.required_before(stage)):
        raise errors.StageOutOfOrder


def refer(command: Refer, application: Application, registry: Registry) -> list[ApplicationEvent]:
    _only_in(application, *IN_WORK)
    if command.to not in registry.offices:
        raise errors.OfficeUnknown
    if command.to == application.office:
        raise errors.OfficeUnchanged
    return [Referred(referral=application.referred + 1, to=command.to)]


def answer_referral(command: AnswerReferral, application: Application, act: Act) -> list[ApplicationEvent]:
    """The other office owns the answer. 0 names the oldest open one, as a source does that numbers none."""
    if application.ended:
        raise errors.ApplicationEnded
    number = command.referral or min(application.referrals, default=0)
    if number not in application.referrals:
        raise errors.ReferralUnknown
    if act.by is not Role.IMPORT and act.office != application.referrals[number]:
        raise errors.NotTheReferredOffice
    return [ReferralAnswered(referral=number, advice=command.advice)]


def transfer(command: Transfer, application: Application, registry: Registry) -> list[ApplicationEvent]:
    _only_in(application, *UNDECIDED, Status.APPROVED)
    if command.to not in registry.offices:
        raise errors.OfficeUnknown
    if command.to == application.office:
        raise errors.OfficeUnchanged
    return [Transferred(to=command.to)]


def suspend(command: Suspend, application: Application, standard: StandardPublished) -> list[ApplicationEvent]:
    """Only on a ground that the service lists; it pauses the legal clock, which runs only after completeness."""
    _only_in(application, *IN_WORK)
    if command.ground not in standard.grounds:
        raise errors.GroundUnknown
    return [Suspended(ground=command.ground, pauses=application.complete)]


def approve(application: Application, standard: StandardPublished) -> list[ApplicationEvent]:
    _only_in(application, Status.PROCESSING)
    _stages_done(StagePhase.REVIEW, application, standard)
    if application.referrals:
        raise errors.ReferralOpen
    return [Approved()]


def amend_record(command: AmendRecord, application: Application) -> list[ApplicationEvent]:
    """A later event that names the wrong one; open also after an end, since history must be right."""
    if not 0 < command.amends <= application.version:
        raise errors.EventUnknown
    if command.amends in application.amended:
        raise errors.AlreadyAmended
    wrong = application.entries[command.amends - 1].event
    has_time = command.corrected_at is not None
    fits = (
        has_time and not isinstance(wrong, RecordAmended)
        if command.amendment is Amendment.TIME
        else not has_time and isinstance(wrong, StageEntered | StageCompleted)
    )
    if not fits:
        raise errors.AmendmentImpossible
    return [RecordAmended(amends=command.amends, amendment=command.amendment, corrected_at=command.corrected_at)]


def _only_in(application: Application, *possible: Status) -> None:
    if application.ended:
        raise errors.ApplicationEnded
    if application.status not in possible:
        raise errors.StatusForbids(str(application.status), tuple(possible))


def _asked_for(requirements: tuple[str, ...], standard: StandardPublished) -> None:
    known = {requirement.code for requirement in standard.requirements}
    if not known.issuperset(requirements):
        raise errors.RequirementUnknown


def _stages_done(phase: StagePhase, application: Application, standard: StandardPublished) -> None:
    if not standard.free_order and not application.completed.issuperset(standard.required(phase)):
        raise errors.StagesOpen


CHANNELS_OF_COMMANDS = (Channel.COUNTER, Channel.MOBILE, Channel.SELF_SERVICE, Channel.ELECTRONIC)
"""The four equal ways by which a command may come; imports know more (domain reference, section 3.1)."""


def is_stale(command: Command, seen: int, application: Application) -> bool:
    """Whether something relevant to `command` came after the version its sender saw.

    Who holds the file inside the office and which PIN opens it changes nothing that another command decides on.
    """
    if seen > application.version:  # a version that never was: its sender saw something else
        return True
    match command:
        case Reassign():
            quiet: tuple[type, ...] = (PinReset,)
        case ResetPin():
            quiet = (Reassigned,)
        case _:
            quiet = (Reassigned, PinReset)
    return any(not isinstance(entry.event, quiet) for entry in application.entries[seen:])
