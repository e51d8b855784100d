"""Test data: three offices in three time zones, five services and two calendars, and histories of applications."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from uuid import UUID

from domain.application.events import (
    ApplicationEvent,
    Approved,
    Cancelled,
    Concluded,
    DeclaredComplete,
    DeemedApproved,
    DefectiveDocument,
    DocumentsChecked,
    HandedOver,
    Issued,
    Lapsed,
    MadeReady,
    Received,
    Recorded,
    ReferralAnswered,
    Referred,
    Rejected,
    ReturnedForCorrection,
    Revoked,
    StageCompleted,
    StageEntered,
    Submitted,
    Suspended,
    Withdrawn,
)
from domain.application.incident_events import InspectionScheduled, ObstacleReported, PaymentRequested
from domain.codes import (
    Advice,
    CancellationReason,
    Channel,
    Defect,
    Kind,
    ObstacleCode,
    Receiver,
    RegionLevel,
    RejectionReason,
    Remedy,
    RevocationGround,
    Role,
    StagePhase,
)
from domain.provenance import Act, Promise
from domain.registry.calendar import Unit
from domain.registry.editions import (
    CalendarPublished,
    OfficeRegistered,
    Registry,
    RegistryEvent,
    Requirement,
    Stage,
    StandardPublished,
    evolve,
)
from domain.registry.places import Names, OpeningDay, Region, RegionsPublished
from domain.registry.terms import DeemedApproval, Extension, PromiseTerms

SEMARANG, MAKASSAR, SORONG = "pemda-3374-disdukcapil", "pemda-7371-disdukcapil", "pemda-9171-disdukcapil"
KTP, INFORMATION, SIP, OLD_PERMIT, MARRIAGE = "ktp-el", "information-request", "sip", "old-permit", "marriage"

MONDAY = datetime(2026, 3, 9, 3, tzinfo=UTC)  # ten in the morning in Semarang
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (MONDAY + timedelta(days=days) for days in range(1, 5))
NEXT_MONDAY_AT_CLOSING = datetime(2026, 3, 16, 8, tzinfo=UTC)
NUMBER = "01K2M9XD4TB5"
APPLICATION = UUID("0192f0c8-6b1e-7c3a-9d57-1f0a2b3c4d5e")
OFFICER, COLLEAGUE = UUID(int=1), UUID(int=2)

OPEN = OpeningDay(opens="08:00", closes="15:00")
CLOSED = OpeningDay()


def names(text: str) -> Names:
    return Names(id=text, en=text)


def an_office(code: str, zone: str) -> OfficeRegistered:
    return OfficeRegistered(
        code=code,
        edition=1,
        agency="disdukcapil",
        region=None,
        zone=zone,
        names=names(code),
        opening_days=(OPEN, OPEN, OPEN, OPEN, OPEN, CLOSED, CLOSED),
    )


def a_standard(
    service: str,
    *stages: Stage,
    standard: int = 1,
    in_force_from: date = date(2026, 1, 1),
    offices: tuple[str, ...] = (SEMARANG,),
    channels: tuple[Channel, ...] = (Channel.COUNTER, Channel.MOBILE),
    grounds: tuple[str, ...] = (),
    promise: PromiseTerms | None = None,
    sensitive: bool = False,
    free_order: bool = False,
    extensions: tuple[Extension, ...] | None = None,
    deemed_approval: DeemedApproval | None = None,
    dispute_days: int | None = None,
) -> StandardPublished:
    return StandardPublished(
        service=service,
        standard=standard,
        in_force_from=in_force_from,
        kind=Kind.NON_LICENSING,
        names=names(service),
        sensitive=sensitive,
        offices=offices,
        channels=channels,
        requirements=tuple(Requirement(code=code, names=names(code)) for code in ("family-card", "photograph")),
        stages=stages,
        free_order=free_order,
        grounds=grounds,
        promise=promise,
        extensions=extensions,
        deemed_approval=deemed_approval,
        dispute_days=dispute_days,
    )


def a_stage(code: str, *after: str, phase: StagePhase = StagePhase.REVIEW, optional: bool = False) -> Stage:
    return Stage(code=code, names=names(code), phase=phase, after=after, optional=optional)


def a_calendar(year: int, *holidays: date) -> CalendarPublished:
    return CalendarPublished(
        code=f"id-{year}",
        edition=1,
        first_day=date(year, 1, 1),
        last_day=date(year, 12, 31),
        holidays=holidays,
        joint_leave=(),
    )


KTP_STAGES = (
    a_stage("verification"),
    a_stage("survey", "verification", optional=True),
    a_stage("interview", "verification", optional=True),
    a_stage("assessment", "verification", "survey"),
    a_stage("printing", phase=StagePhase.PRODUCTION),
    a_stage("lamination", "printing", phase=StagePhase.PRODUCTION, optional=True),
    a_stage("follow-up", phase=StagePhase.AFTERCARE, optional=True),
)
SILENCE_GRANTS = DeemedApproval(basis="uu-30-2014-53", basis_text="UU 30/2014 art. 53")
FIVE_MORE = Extension(code="technical-study", n=5, basis="Perwal 1/2026 art. 2")
KTP_STANDARD = a_standard(
    KTP,
    *KTP_STAGES,
    standard=3,
    offices=(SEMARANG, MAKASSAR, SORONG),
    grounds=("awaiting-correction", "awaiting-payment"),
    promise=PromiseTerms(unit=Unit.WORKING_DAYS, n=5),
    extensions=(FIVE_MORE,),
    deemed_approval=SILENCE_GRANTS,
    dispute_days=30,
)
KTP_FROM_JULY = a_standard(KTP, standard=4, in_force_from=date(2026, 7, 1), channels=(Channel.ELECTRONIC,))

EDITIONS: tuple[RegistryEvent, ...] = (
    an_office(SEMARANG, "Asia/Jakarta"),
    an_office(MAKASSAR, "Asia/Makassar"),
    an_office(SORONG, "Asia/Jayapura"),
    a_calendar(2026, date(2026, 1, 1), date(2026, 12, 25)),
    a_calendar(2027, date(2027, 1, 1)),
    RegionsPublished(
        edition=1,
        regions=(
            Region(code="33", parent=None, level=RegionLevel.PROVINCE, name="Jawa Tengah", zone="Asia/Jakarta"),
            Region(code="33.74", parent="33", level=RegionLevel.CITY, name="Semarang", zone="Asia/Jakarta"),
        ),
    ),
    KTP_STANDARD,
    KTP_FROM_JULY,
    a_standard(INFORMATION),
    a_standard(SIP, a_stage("check"), sensitive=True, promise=PromiseTerms(unit=Unit.CALENDAR_DAYS, n=3)),
    a_standard(OLD_PERMIT, a_stage("advice"), a_stage("drafting", "advice"), free_order=True),
    a_standard(MARRIAGE, promise=PromiseTerms(unit=Unit.SERVICE_MINUTES, n=30), offices=(SORONG,)),
)


def registry_of(editions: Iterable[RegistryEvent]) -> Registry:
    return reduce(evolve, editions, Registry())


REGISTRY = registry_of(EDITIONS)


def an_act(
    at: datetime = MONDAY,
    *,
    office: str = SEMARANG,
    by: Role = Role.OFFICER,
    channel: Channel = Channel.COUNTER,
) -> Act:
    return Act(at=at, by=by, channel=channel, office=office)


def on(at: datetime, event: ApplicationEvent, *, office: str = SEMARANG, by: Role = Role.OFFICER) -> Recorded:
    """Return an event with its own act, for a history. `given` sets its version by its place in the history."""
    return Recorded(version=0, act=an_act(at, office=office, by=by), event=event)


PROMISE = Promise(
    unit=Unit.WORKING_DAYS,
    n=5,
    due_at=NEXT_MONDAY_AT_CLOSING,
    standard="ktp-el@3",
    calendar="id-2026@1",
    rule="day-zero-is-completeness",
)
BLURRED = DefectiveDocument(requirement="photograph", defect=Defect.ILLEGIBLE)


def stage_done(code: str) -> tuple[ApplicationEvent, ...]:
    return (StageEntered(stage=code), StageCompleted(stage=code))


def submitted(service: str, standard: int = 1) -> tuple[ApplicationEvent, ...]:
    return (Submitted(service=service, standard=standard, number=NUMBER),)


SUBMITTED = submitted(KTP, standard=3)
RECEIVED = (*SUBMITTED, Received())
CHECKED = (*RECEIVED, DocumentsChecked(complete=True))
COMPLETE = (*CHECKED, DeclaredComplete(promise=PROMISE))
RETURNED = (*CHECKED, ReturnedForCorrection(documents=(BLURRED,), pauses=False))
PAUSED = (*COMPLETE, ReturnedForCorrection(documents=(BLURRED,), pauses=True))
SUSPENDED = (*COMPLETE, Suspended(ground="awaiting-payment", pauses=True))
REFERRED = (*COMPLETE, Referred(referral=1, to=MAKASSAR))
ANSWERED = (*REFERRED, ReferralAnswered(referral=1, advice=Advice.FAVOURABLE))
REVIEWED = (*COMPLETE, *stage_done("verification"), *stage_done("assessment"))
APPROVED = (*REVIEWED, Approved())
INSPECTION = InspectionScheduled(inspection=1, on=date(2026, 3, 11))
PAYMENT = PaymentRequested(payment=1, amount_idr=50_000, pauses=False)
OUT_OF_STOCK = ObstacleReported(obstacle=1, code=ObstacleCode.BLANK_FORMS)
DEEMED = (
    *COMPLETE,
    DeemedApproved(basis="uu-30-2014-53", promise=PROMISE, complete_at=MONDAY, pauses=(), silent_until=4),
)
PRODUCED = (*APPROVED, *stage_done("printing"))
ISSUED = (*PRODUCED, Issued())
READY = (*ISSUED, MadeReady())
HANDED_OVER = (*READY, HandedOver(receiver=Receiver.APPLICANT))
REJECTED = (*COMPLETE, Rejected(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION))
WITHDRAWN = (*RECEIVED, Withdrawn())
LAPSED = (*RETURNED, Lapsed())
CANCELLED = (*RECEIVED, Cancelled(reason=CancellationReason.DUPLICATE))
REVOKED = (*ISSUED, Revoked(ground=RevocationGround.GRANTED_IN_ERROR))
CONCLUDED = (*RECEIVED, Concluded())
OF_OLD_PERMIT = (*submitted(OLD_PERMIT), Received())
