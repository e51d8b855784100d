"""Makes the sample of each topic that has none yet: `python -m tests.history.make`. A sample is never made again.

Each is a stored state, to the byte, as the release wrote it that brought the topic. All of them load for ever. A field
that came later has a sample in `LATER`, named after the topic and what is new.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from domain.application.events import (
    ApplicationEvent,
    Approved,
    Cancelled,
    Concluded,
    CorrectionSupplied,
    DecisionReportedLate,
    DeclaredComplete,
    DeemedApproved,
    DefectiveDocument,
    Disputed,
    DisputeDismissed,
    DocumentsChecked,
    HandedOver,
    Issued,
    Lapsed,
    MadeReady,
    PinReset,
    Reassigned,
    Received,
    RecordAmended,
    ReferralAnswered,
    Referred,
    Rejected,
    Reopened,
    Resumed,
    ReturnedForCorrection,
    Revoked,
    StageCompleted,
    StageEntered,
    Submitted,
    Suspended,
    Transferred,
    Withdrawn,
)
from domain.application.import_events import ImportRestored, ImportUndone
from domain.application.imported_events import StageEnded, StagePlanned
from domain.application.incident_events import (
    ComplaintReferred,
    InspectionDone,
    InspectionScheduled,
    Linked,
    ObstacleCleared,
    ObstacleReported,
    PaymentExpired,
    PaymentReceived,
    PaymentRequested,
)
from domain.application.promise_events import DeadlineExtended, PromiseMoved
from domain.codes import (
    Advice,
    Amendment,
    CancellationReason,
    Channel,
    ComplaintKind,
    Decision,
    Defect,
    DismissalReason,
    DisputeReason,
    Holder,
    Kind,
    LifeEvent,
    ObstacleCode,
    Quality,
    Receiver,
    RegionLevel,
    RejectionReason,
    Remedy,
    RevocationGround,
    Role,
    StagePhase,
    TransferReason,
)
from domain.import_runs import RunCompleted, RunStarted, RunUndone
from domain.intake import IntakeAnswered, IntakeMalformed, IntakeRefused
from domain.provenance import Act, Pause, Promise
from domain.registry.calendar import AfterHours, DayZero, Unit
from domain.registry.editions import (
    CalendarPublished,
    Counter,
    DeemedApproval,
    Extension,
    MallCounter,
    MallRegistered,
    MapPoint,
    Names,
    OfficeRegistered,
    OpeningDay,
    PromiseTerms,
    Region,
    RegionsPublished,
    Requirement,
    SpecialHours,
    Stage,
    StandardPublished,
)
from domain.satisfaction import Answers, Outcome, SatisfactionAnswered, Score
from infra.eventstore.envelope import b64, command_id, digest
from infra.eventstore.rows import rows_of
from infra.eventstore.topics import AnyEvent
from infra.keys.key_store import DossierKey

FOLDER = Path(__file__).parent
STREAM = UUID("0192f0c8-6b1e-7c3a-9d57-1f0a2b3c4d5e")
RUN = UUID("5d0c3a1e-8f57-5b0a-9a41-6c1f0d2e7b33")
COMMAND = UUID("9b2f4f0e-3a53-4c39-8a9e-52d4f6b1c0aa")
KEY = bytes(range(32))
PREVIOUS = b64(bytes(range(32, 64)))
AT = datetime(2026, 3, 13, 2, 10, 5, 250_000, tzinfo=UTC)
BY_AN_OFFICER = Act(at=AT, by=Role.OFFICER, channel=Channel.COUNTER, actor=UUID(int=7), office="pemda-3374-disdukcapil")
BY_AN_IMPORT = Act(
    at=AT, at_quality=Quality.DAY, by=Role.IMPORT, channel=Channel.UNKNOWN, office="pemda-3374-disdukcapil"
)
BY_AN_APPLICANT = Act(at=AT, by=Role.APPLICANT, channel=Channel.ELECTRONIC)
BY_THE_SYSTEM = Act(at=AT, by=Role.SYSTEM, channel=Channel.INTERNAL)

WORKING_DAYS = Promise(
    unit=Unit.WORKING_DAYS,
    n=5,
    due_at=datetime(2026, 3, 20, 8, tzinfo=UTC),
    standard="ktp-el@3",
    calendar="id-2026@2+id-2027@1",
    rule="day-zero-is-completeness",
)
THE_SOURCES_OWN = Promise(unit=Unit.SOURCE, n=0, due_at=AT, standard="permit@1", calendar="", rule="source")
BLURRED = DefectiveDocument(requirement="photograph", defect=Defect.ILLEGIBLE)
NAMES = Names(id="Kartu Tanda Penduduk", en="Identity card")
OPEN, CLOSED = OpeningDay(opens="08:00", closes="15:30"), OpeningDay()

EXAMPLES: tuple[AnyEvent, ...] = (
    Submitted(service="ktp-el", standard=3, number="01K2M9XD4TB5", district="33.74.01", promise=THE_SOURCES_OWN),
    Received(),
    DocumentsChecked(complete=False, missing=("family-card", "photograph")),
    ReturnedForCorrection(documents=(BLURRED,), pauses=True),
    CorrectionSupplied(),
    DeclaredComplete(promise=WORKING_DAYS),
    StageEntered(stage="verification"),
    StagePlanned(stage="verification"),
    StageEnded(stage="verification"),
    StageCompleted(stage="verification", deviates="stage-not-entered"),
    Referred(referral=1, to="pemda-3374-dinkes"),
    ReferralAnswered(referral=1, advice=Advice.FAVOURABLE),
    Transferred(to="pemda-7371-disdukcapil"),
    Reassigned(officer=UUID(int=8)),
    Suspended(ground="awaiting-payment", pauses=True),
    Resumed(),
    Approved(),
    Rejected(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION),
    Issued(),
    MadeReady(),
    HandedOver(receiver=Receiver.PROXY),
    Withdrawn(),
    Lapsed(),
    Cancelled(reason=CancellationReason.DUPLICATE),
    RecordAmended(amends=3, amendment=Amendment.TIME, corrected_at=AT),
    PinReset(),
    InspectionScheduled(inspection=1, on=date(2026, 3, 16)),
    InspectionDone(inspection=1),
    PaymentRequested(payment=1, amount_idr=350_000, pauses=True, expires_at=AT),
    PaymentReceived(payment=1, amount_idr=350_000, promise=WORKING_DAYS),
    PaymentExpired(payment=1),
    ObstacleReported(obstacle=1, code=ObstacleCode.BLANK_FORMS),
    ObstacleCleared(obstacle=1),
    DeadlineExtended(extension="information-request", promise=WORKING_DAYS),
    PromiseMoved(promise=WORKING_DAYS),
    DeemedApproved(
        basis="uu-30-2014-53",
        promise=WORKING_DAYS,
        complete_at=AT,
        pauses=(Pause(since=AT, until=WORKING_DAYS.due_at),),
        silent_until=6,
    ),
    DecisionReportedLate(decision=Decision.REJECTED, reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION),
    Revoked(ground=RevocationGround.COURT_ORDER),
    Disputed(reason=DisputeReason.NOT_RECEIVED),
    DisputeDismissed(reason=DismissalReason.RECEIPT_PROVES_IT),
    Reopened(redo=("printing",)),
    Linked(link=UUID(int=10), life_event=LifeEvent.BIRTH, others=(UUID(int=11),), supplied=("family-card",)),
    ComplaintReferred(complaint=1, kind=ComplaintKind.COMPLAINT, verify_by=WORKING_DAYS, answer_by=WORKING_DAYS),
    Concluded(deviates="application-ended"),
    ImportUndone(run=RUN),
    ImportRestored(run=RUN, events=(1, 2, 5)),
    OfficeRegistered(
        code="pemda-3374-disdukcapil",
        edition=1,
        agency="disdukcapil",
        region="33.74",
        zone="Asia/Jakarta",
        names=Names(id="Dinas Kependudukan dan Pencatatan Sipil", en="Population and civil registration office"),
        opening_days=(OPEN, OPEN, OPEN, OPEN, OPEN, CLOSED, CLOSED),
        example=True,
    ),
    MallRegistered(
        code="mpp-3374-01",
        edition=1,
        names=Names(id="Mal Pelayanan Publik", en="Public service mall"),
        region="33.74",
        address="Jalan Contoh 1, Kota Semarang",
        counters=(
            MallCounter(
                code="civil-registration",
                names=Names(id="Loket kependudukan", en="Civil registration counter"),
                office="pemda-3374-disdukcapil",
            ),
        ),
        example=True,
    ),
    StandardPublished(
        service="ktp-el",
        standard=3,
        in_force_from=date(2026, 1, 1),
        kind=Kind.NON_LICENSING,
        names=NAMES,
        sensitive=False,
        offices=("pemda-3374-disdukcapil",),
        channels=(Channel.COUNTER, Channel.MOBILE),
        requirements=(Requirement(code="family-card", names=Names(id="Kartu Keluarga", en="Family card")),),
        stages=(
            Stage(code="verification", names=Names(id="Verifikasi", en="Verification")),
            Stage(
                code="printing",
                names=Names(id="Pencetakan", en="Printing"),
                phase=StagePhase.PRODUCTION,
                after=("verification",),
                holder=Holder.TECHNICAL_TEAM,
                optional=True,
            ),
        ),
        grounds=("awaiting-payment",),
        promise=PromiseTerms(unit=Unit.WORKING_DAYS, n=5),
        fee_idr=0,
        basis="Perda 1/2026",
        source="contoh",
        figures_as_of=date(2026, 1, 1),
    ),
    CalendarPublished(
        code="id-2026",
        edition=2,
        first_day=date(2026, 1, 1),
        last_day=date(2026, 12, 31),
        holidays=(date(2026, 1, 1), date(2026, 12, 25)),
        joint_leave=(date(2026, 12, 24),),
        source="SKB 3 Menteri",
    ),
    RegionsPublished(
        edition=1,
        regions=(
            Region(code="33", level=RegionLevel.PROVINCE, name="Jawa Tengah", zone="Asia/Jakarta"),
            Region(code="33.74", parent="33", level=RegionLevel.CITY, name="Kota Semarang", zone="Asia/Jakarta"),
        ),
        source="Kemendagri",
    ),
    SatisfactionAnswered(
        service="ktp-el",
        standard=3,
        office="pemda-3374-disdukcapil",
        channel=Channel.COUNTER,
        outcome=Outcome.GRANTED,
        answers=Answers(
            requirements=Score.BEST,
            procedure=Score.GOOD,
            time=Score.POOR,
            fee=Score.BEST,
            product=Score.GOOD,
            competence=Score.GOOD,
            behaviour=Score.BEST,
            complaints=Score.WORST,
            facilities=Score.GOOD,
        ),
    ),
    IntakeAnswered(agency="imigrasi", command=COMMAND, application=STREAM, version=2),
    IntakeRefused(agency="imigrasi", command=COMMAND, code="stale-version", application=STREAM, version=3),
    IntakeMalformed(
        agency="imigrasi", partition=1, offset=4711, code="unprocessable", place="/applicant/nik", command=COMMAND
    ),
    RunStarted(
        source="perizinan",
        file="0f" * 32,
        size=48_213,
        mapping="a1" * 32,
        text='{"source":"perizinan","zone":"Asia/Jakarta"}',
        account="jejak",
    ),
    RunCompleted(applications=3, events=11, duplicates=0, rejected=1),
    RunUndone(applications=3, events=11, account="jejak"),
)

LATER: dict[str, AnyEvent] = {
    "application.submitted.v1~in-a-mall": Submitted(
        service="ktp-el", standard=3, number="01K2M9XD4TB5", mall="mpp-3374-01", counter="civil-registration"
    ),
    "application.handed-over.v1~in-a-mall": HandedOver(
        receiver=Receiver.APPLICANT, mall="mpp-3374-01", counter="civil-registration"
    ),
    "mall.registered.v1~map-point": MallRegistered(
        code="mpp-3374-01",
        edition=2,
        names=Names(id="Mal Pelayanan Publik", en="Public service mall"),
        region="33.74",
        address="Jalan Contoh 1",
        point=MapPoint(latitude="-6.983", longitude="110.4094"),
        counters=(),
    ),
    "application.correction-supplied.v1~promise": CorrectionSupplied(promise=WORKING_DAYS),
    "application.payment-requested.v1~tariff": PaymentRequested(
        payment=1, amount_idr=50_000, pauses=False, tariff_idr=30_000
    ),
    "application.payment-received.v1~part": PaymentReceived(payment=1, amount_idr=500_000, open_idr=1_000_000),
    "application.payment-expired.v1~promise": PaymentExpired(payment=1, promise=WORKING_DAYS),
    "application.declared-complete.v1~last-minute": DeclaredComplete(promise=WORKING_DAYS, last_minute_percent=10),
    "application.approved.v1~report-until": Approved(report_until=WORKING_DAYS.due_at),
    "application.rejected.v1~report-until": Rejected(
        reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION, report_until=WORKING_DAYS.due_at
    ),
    "application.record-amended.v1~report-until": RecordAmended(
        amends=3, amendment=Amendment.TIME, corrected_at=AT, report_until=WORKING_DAYS.due_at
    ),
    "office.registered.v1~late-reports": OfficeRegistered(
        code="pemda-3374-dinkes",
        edition=2,
        agency="pemda-3374",
        zone="Asia/Jakarta",
        names=Names(id="Dinas Kesehatan", en="Health office"),
        opening_days=(OPEN, OPEN, OPEN, OPEN, OPEN, CLOSED, CLOSED),
        late_report_days=2,
        late_report_days_mobile=7,
    ),
    "application.declared-complete.v1~counted-from": DeclaredComplete(
        promise=replace(WORKING_DAYS, counted_from=date(2026, 3, 16))
    ),
    "application.resumed.v1~promise": Resumed(promise=WORKING_DAYS),
    "application.transferred.v1~promise": Transferred(to="pemda-7371-disdukcapil", promise=WORKING_DAYS),
    "application.transferred.v1~unlisted": Transferred(
        to="pemda-3374-dinkes", reason=TransferReason.AUTHORITY_MOVED, unlisted=True
    ),
    "application.stage-entered.v1~holder": StageEntered(stage="signing", holder=Holder.SIGNATORY),
    "service.standard-published.v1~silence": StandardPublished(
        service="sip",
        standard=2,
        in_force_from=date(2026, 1, 1),
        kind=Kind.LICENSING,
        names=Names(id="Surat izin praktik", en="Licence to practise"),
        sensitive=True,
        offices=("pemda-3374-dinkes",),
        channels=(Channel.COUNTER,),
        requirements=(),
        stages=(),
        promise=PromiseTerms(unit=Unit.WORKING_DAYS, n=5),
        extensions=(Extension(code="technical-study", n=3, basis="Perwal 1/2026"),),
        deemed_approval=DeemedApproval(basis="uu-30-2014-53", basis_text="UU 30/2014 art. 53"),
        dispute_days=30,
        last_minute_percent=10,
    ),
    "office.registered.v1~counters": OfficeRegistered(
        code="pemda-3374-dinkes",
        edition=1,
        agency="pemda-3374",
        region="33.74",
        zone="Asia/Jakarta",
        names=Names(id="Dinas Kesehatan", en="Health office"),
        opening_days=(OPEN, OPEN, OPEN, OPEN, OPEN, CLOSED, CLOSED),
        counters=(
            Counter(
                code="sip",
                names=Names(id="Loket izin praktik", en="Counter for licences to practise"),
                opening_days=(CLOSED, OPEN, CLOSED, OPEN, CLOSED, CLOSED, CLOSED),
                services=("sip",),
            ),
        ),
        day_zero=DayZero.DAY_BEFORE,
        after_hours=AfterHours.SAME_DAY,
    ),
    "calendar.published.v1~of-an-office": CalendarPublished(
        code="closures-3374",
        edition=1,
        first_day=date(2026, 2, 18),
        last_day=date(2026, 3, 31),
        holidays=(),
        joint_leave=(),
        offices=("pemda-3374-dinkes",),
        closures=(date(2026, 3, 25),),
        special_hours=(
            SpecialHours(
                first_day=date(2026, 2, 18),
                last_day=date(2026, 3, 19),
                opening_days=(OPEN, OPEN, OPEN, OPEN, CLOSED, CLOSED, CLOSED),
            ),
        ),
    ),
    "service.standard-published.v1~roll-forward": StandardPublished(
        service="sip",
        standard=1,
        in_force_from=date(2026, 1, 1),
        kind=Kind.LICENSING,
        names=Names(id="Surat izin praktik", en="Licence to practise"),
        sensitive=True,
        offices=("pemda-3374-dinkes",),
        channels=(Channel.COUNTER,),
        requirements=(),
        stages=(),
        promise=PromiseTerms(unit=Unit.CALENDAR_DAYS, n=14, roll_forward=True),
    ),
    "service.standard-published.v1~regional": StandardPublished(
        service="kartu-keluarga",
        standard=2,
        in_force_from=date(2026, 1, 1),
        kind=Kind.NON_LICENSING,
        names=Names(id="Kartu Keluarga", en="Family card"),
        sensitive=False,
        offices=("pemda-7371-disdukcapil",),
        channels=(Channel.COUNTER,),
        requirements=(),
        stages=(),
        promise=PromiseTerms(unit=Unit.WORKING_DAYS, n=3),
        region="73.71",
        only_offices=("pemda-7371-disdukcapil",),
        in_force_until=date(2026, 12, 31),
    ),
    "service.standard-published.v1~by-law": StandardPublished(
        service="spp-irt",
        standard=2,
        in_force_from=date(2026, 1, 1),
        kind=Kind.LICENSING,
        names=Names(id="Sertifikat pangan rumah tangga", en="Certificate for home-made food"),
        sensitive=False,
        offices=("pemda-3374-dinkes",),
        channels=(Channel.COUNTER,),
        requirements=(),
        stages=(),
        default_promise=True,
        promise_basis="UU 30/2014 pasal 53, diubah UU 6/2023 pasal 175",
    ),
    "service.standard-published.v1~no-promise": StandardPublished(
        service="pbg",
        standard=2,
        in_force_from=date(2026, 1, 1),
        kind=Kind.LICENSING,
        names=Names(id="Persetujuan bangunan gedung", en="Building approval"),
        sensitive=False,
        offices=("pemda-3374-dpmptsp",),
        channels=(Channel.COUNTER,),
        requirements=(),
        stages=(),
        no_promise_reason=Names(id="Bergantung pada bangunan.", en="Depends on the building."),
    ),
}

SAMPLES: dict[str, AnyEvent] = {**{event.topic: event for event in EXAMPLES}, **LATER}


def sample_of(event: AnyEvent) -> bytes:
    """As the store would write it; what opens a stream has no predecessor, and a submission seals somebody."""
    if isinstance(event, SatisfactionAnswered):
        return _sealing(event, BY_AN_APPLICANT, {"application": str(STREAM)}, opens=True)
    opens = not event.topic.startswith("application.") or isinstance(event, Submitted)
    deviates = isinstance(event, ApplicationEvent) and event.deviates is not None
    act = BY_AN_IMPORT if deviates else BY_AN_OFFICER if event.topic.startswith("application.") else BY_THE_SYSTEM
    return _sealing(event, act, {"name": "Contoh Satu"} if isinstance(event, Submitted) else None, opens=opens)


def _sealing(event: AnyEvent, act: Act, personal: dict[str, str] | None, *, opens: bool) -> bytes:
    [row], _ = rows_of(
        STREAM,
        0 if opens else 6,
        "" if opens else PREVIOUS,
        [event],
        act,
        command=command_id(KEY, "history", event.topic),
        digest=digest(KEY, {}),
        personal={"applicant": personal} if personal else None,
        keys={"applicant": DossierKey(UUID(int=9), "applicant", KEY)},
    )
    return row.state


def main() -> None:
    for name, event in SAMPLES.items():
        file = FOLDER / f"{name}.json"
        if not file.exists():
            file.write_bytes(sample_of(event))
            print(f"made {file.name}")


if __name__ == "__main__":
    main()
