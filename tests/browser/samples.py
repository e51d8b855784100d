"""One application in each state that a citizen may meet, folded from events by the progress view itself."""

from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any
from uuid import UUID

from domain.application.events import (
    ApplicationEvent,
    Approved,
    Concluded,
    CorrectionSupplied,
    DeclaredComplete,
    DefectiveDocument,
    DocumentsChecked,
    HandedOver,
    Issued,
    MadeReady,
    Received,
    RecordAmended,
    Recorded,
    Rejected,
    ReturnedForCorrection,
    StageCompleted,
    StageEntered,
    Submitted,
    Suspended,
)
from domain.codes import (
    Amendment,
    Channel,
    Defect,
    Kind,
    Quality,
    Receiver,
    RejectionReason,
    Remedy,
    Role,
    StagePhase,
)
from domain.provenance import Act, Promise
from domain.registry.calendar import Unit
from domain.registry.editions import (
    CalendarPublished,
    DeemedApproval,
    Extension,
    Names,
    OfficeRegistered,
    OpeningDay,
    PromiseTerms,
    RegistryEvent,
    Requirement,
    Stage,
    StandardPublished,
)
from domain.registry.registry import Registry, evolve
from projections.progress import ProgressRow, project

NOW = datetime(2026, 11, 12, 3, 0, tzinfo=UTC)  # a Thursday, 10 in the morning in Jakarta
NUMBER = "01K2M9XD4TB5"
HOURS = (*[OpeningDay(opens="08:00", closes="15:00")] * 5, OpeningDay(), OpeningDay())


def office(code: str, zone: str, name: str, english: str, **more: Any) -> OfficeRegistered:
    names = Names(id=name, en=english)
    return OfficeRegistered(
        code=code, edition=1, agency="pemda", region=None, zone=zone, names=names, opening_days=HOURS, **more
    )


def stage(code: str, name: str, english: str, phase: StagePhase, **more: Any) -> Stage:
    return Stage(code=code, names=Names(id=name, en=english), phase=phase, **more)


REVIEW, PRODUCTION = StagePhase.REVIEW, StagePhase.PRODUCTION
STAGES = (
    stage("data-entry", "Entri data", "Data entry", REVIEW),
    stage("validation", "Pemeriksaan ulang data", "Second check of the data", REVIEW),
    stage("survey", "Survei lapangan", "Visit on site", REVIEW, optional=True),
    stage("signing", "Penandatanganan oleh pejabat", "Signing by the official", PRODUCTION),
    stage("printing", "Pencetakan", "Printing", PRODUCTION),
)
REQUIREMENTS = (
    Requirement(code="old-family-card", names=Names(id="Kartu Keluarga lama", en="Old family card")),
    Requirement(code="form-f-1-02", names=Names(id="Formulir F-1.02", en="Form F-1.02")),
)


def standard(code: str, name: str, english: str, **more: Any) -> StandardPublished:
    facts: dict[str, Any] = {
        "kind": Kind.NON_LICENSING,
        "sensitive": False,
        "offices": ("semarang", "makassar", "jayapura"),
        "channels": (Channel.COUNTER, Channel.ELECTRONIC),
        "requirements": REQUIREMENTS,
        "stages": STAGES,
        "grounds": ("trafficking-check",),
    }
    return StandardPublished(
        service=code, standard=1, in_force_from=date(2024, 1, 1), names=Names(id=name, en=english), **(facts | more)
    )


FREE_STAGES = (
    stage("t06", "T06 Determine necessity of stop advice", "T06 Determine necessity of stop advice", REVIEW),
    stage("t10", "T10 Determine necessity to stop indication", "T10 Determine necessity to stop indication", REVIEW),
)
FIVE_DAYS = PromiseTerms(unit=Unit.WORKING_DAYS, n=5)
EDITIONS: tuple[RegistryEvent, ...] = (
    office(
        "semarang",
        "Asia/Jakarta",
        "Dinas Kependudukan dan Pencatatan Sipil Kota Semarang",
        "Population and Civil Registration Office, Semarang City",
    ),
    office("makassar", "Asia/Makassar", "Dinas Kependudukan Kota Makassar", "Population Office, Makassar City"),
    office("jayapura", "Asia/Jayapura", "Dinas Kependudukan Kota Jayapura", "Population Office, Jayapura City"),
    office("desk", "Europe/Amsterdam", "Meja penerimaan", "Front desk", imported=True),
    standard(
        "kartu-keluarga",
        "Kartu Keluarga",
        "Family card",
        fee_idr=0,
        promise=FIVE_DAYS,
        extensions=(Extension(code="technical-study", n=4, basis="Perwal 1/2026 pasal 2"),),
        deemed_approval=DeemedApproval(basis="uu-30-2014-53", basis_text="UU 30/2014 pasal 53"),
    ),
    standard("ktp-el", "KTP elektronik", "Electronic identity card", example=True),
    standard("spp-irt", "Izin pangan rumah", "Home food permit", default_promise=True, promise_basis="UU 30/2014"),
    standard("stnk", "STNK", "Vehicle registration", default_promise=True),
    standard(
        "pbg",
        "Persetujuan bangunan",
        "Building approval",
        no_promise_reason=Names(id="Waktunya bergantung pada bangunan.", en="The time depends on the building."),
    ),
    standard(
        "paspor",
        "Paspor",
        "Passport",
        fee_idr=350_000,
        promise=PromiseTerms(unit=Unit.SERVICE_HOURS, n=24),
        extensions=(Extension(code="further-check", n=7, basis="UU 14/2008"),),
        deemed_approval=DeemedApproval(basis="uu-30-2014-53", basis_text="UU 30/2014"),
        dispute_days=30,
    ),
    standard("receipt", "Tanda terima", "Receipt phase", stages=FREE_STAGES, free_order=True, imported=True),
    CalendarPublished(
        code="id", edition=1, first_day=date(2026, 1, 1), last_day=date(2026, 12, 31), holidays=(), joint_leave=()
    ),
)  # fmt: skip
REGISTRY: Registry = reduce(evolve, EDITIONS, Registry())

Happened = tuple[str, ApplicationEvent]


def promise(due: str, unit: Unit = Unit.WORKING_DAYS, n: int = 5) -> Promise:
    return Promise(unit=unit, n=n, due_at=when(due), standard="kartu-keluarga@1", calendar="id@1", rule="day-zero")


def when(text: str) -> datetime:
    """`text` is a day and an hour of November 2026 in UTC."""
    return datetime.strptime(f"2026-11-{text} +0000", "%Y-%m-%d %H:%M %z")


def submitted(service: str = "kartu-keluarga", **more: Any) -> Submitted:
    return Submitted(service=service, standard=1, number=NUMBER, **more)


def row(place: int, *happened: Happened, at_office: str = "semarang", **act: Any) -> ProgressRow:
    """The progress row of these events; `recorded_at` is a minute after each, or as `late_by` says."""
    late_by = act.pop("late_by", timedelta(minutes=1))
    known: dict[str, Any] = {"by": Role.OFFICER, "channel": Channel.COUNTER, "office": at_office, **act}
    application, told = UUID(int=place), None
    for version, (at, event) in enumerate(happened, start=1):
        moment = when(at)
        entry = Recorded(version=version, act=Act(at=moment, **known), event=event, recorded_at=moment + late_by)
        told = project(told, application, entry)
    assert told is not None
    return told


COMPLETE: tuple[Happened, ...] = (
    ("04 01:12", Received()),
    ("04 01:30", DocumentsChecked(complete=True)),
    ("04 01:30", DeclaredComplete(promise=promise("16 08:00"))),
)
REVIEWED: tuple[Happened, ...] = (
    ("04 02:00", StageEntered(stage="data-entry")),
    ("04 03:00", StageCompleted(stage="data-entry")),
    ("05 01:00", StageEntered(stage="validation")),
    ("06 02:00", StageCompleted(stage="validation")),
)
PRODUCED: tuple[Happened, ...] = (
    ("09 02:00", StageEntered(stage="signing")),
    ("09 03:00", StageCompleted(stage="signing")),
    ("09 04:00", StageEntered(stage="printing")),
    ("10 03:00", StageCompleted(stage="printing")),
    ("10 03:05", Issued()),
    ("10 03:10", MadeReady()),
)
START = ("03 22:10", submitted())
FAULTY = ReturnedForCorrection(
    documents=(
        DefectiveDocument(requirement="old-family-card", defect=Defect.ILLEGIBLE),
        DefectiveDocument(requirement="form-f-1-02", defect=Defect.NOT_SIGNED),
    ),
    pauses=False,
)
OLD = promise("05 08:00", Unit.SOURCE, 0)

SAMPLES = {
    "submitted": row(1, START),
    "no-single-figure": row(2, ("03 22:10", submitted("ktp-el"))),
    "promised-by-law": row(2, ("03 22:10", submitted("spp-irt"))),
    "promised-by-law-alone": row(2, ("03 22:10", submitted("stnk"))),
    "dated-by-law": row(
        2,
        ("03 22:10", submitted("spp-irt")),
        ("04 01:30", DeclaredComplete(promise=promise("11 08:00"))),
    ),
    "no-promise-for-a-reason": row(2, ("03 22:10", submitted("pbg"))),
    "uploaded-late": row(
        2, START, ("04 01:12", Received()), at_quality=Quality.DEVICE, late_by=timedelta(days=3)
    ),
    "returned": row(
        3,
        START,
        ("04 01:12", Received()),
        ("04 01:30", DocumentsChecked(complete=False, missing=("form-f-1-02",))),
        ("04 01:31", FAULTY),
        at_office="makassar",
    ),
    "processing": row(4, START, *COMPLETE, *REVIEWED[:3]),
    "late": row(5, START, *COMPLETE[:2], ("04 01:30", DeclaredComplete(promise=promise("11 08:00"))), *REVIEWED[:1]),
    "suspended": row(
        6,
        ("03 22:10", submitted("paspor")),
        *COMPLETE[:2],
        ("04 01:30", DeclaredComplete(promise=promise("12 08:00", Unit.SERVICE_HOURS, 24))),
        ("05 03:00", Suspended(ground="trafficking-check", pauses=True)),
    ),
    "approved": row(7, START, *COMPLETE, *REVIEWED, ("06 07:00", Approved()), *PRODUCED[:1]),
    "ready": row(8, START, *COMPLETE, *REVIEWED, ("06 07:00", Approved()), *PRODUCED, at_office="jayapura"),
    "handed-over": row(
        9,
        START,
        ("04 01:12", Received()),
        ("04 01:14", FAULTY),
        ("04 01:25", CorrectionSupplied()),
        *COMPLETE[1:],
        *REVIEWED,
        ("06 07:00", Approved()),
        *PRODUCED,
        ("11 02:00", HandedOver(receiver=Receiver.PROXY)),
    ),
    "rejected": row(
        10,
        START,
        *COMPLETE,
        ("06 07:00", Rejected(reason=RejectionReason.DOCUMENTS_NOT_VALID, remedy=Remedy.OBJECTION)),
    ),
    "imported": row(
        11,
        ("02 00:00", submitted("receipt", promise=OLD)),
        ("03 00:00", Received()),
        ("04 00:00", StageCompleted(stage="t10", deviates="stage-out-of-order")),
        ("06 00:00", StageCompleted(stage="t06", deviates="status-forbids")),
        ("09 00:00", Concluded()),
        at_office="desk",
        by=Role.IMPORT,
        channel=Channel.EMAIL,
        at_quality=Quality.DAY,
        late_by=timedelta(days=3),
    ),
    "amended": row(
        12,
        START,
        *COMPLETE,
        *REVIEWED[:2],
        ("06 01:00", StageEntered(stage="survey")),
        ("06 02:00", RecordAmended(amends=7, amendment=Amendment.ENTERED_IN_ERROR)),
        ("06 02:05", RecordAmended(amends=2, amendment=Amendment.TIME, corrected_at=when("04 00:55"))),
    ),
}  # fmt: skip
ACCESSES = [{"at": when("05 02:00"), "office": "semarang", "role": "officer", "purpose": "decision"}]
