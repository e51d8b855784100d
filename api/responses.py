"""What the API gives, one msgspec type each: they make the schemas of openapi.json, and the tests decode by them."""

from typing import Any
from uuid import UUID

import msgspec

from domain import codes
from domain.application.status import Status
from domain.persons.national_id import Doubt
from domain.registry.calendar import AfterHours, DayZero
from domain.satisfaction import Element, Grade, Weights
from projections.figures import Count
from service_layer.bodies import Instant


class Given(msgspec.Struct, kw_only=True):
    """An answer's body."""


class WarningBody(Given, kw_only=True):
    """What is odd in the request, and may be right: it was done all the same. `code` is stable."""

    pointer: str
    code: Doubt
    detail: str


class SubmittedBody(Given, kw_only=True):
    """For the receipt: the number and PIN open the citizen's page, `qr` is its path for a QR code."""

    application_id: UUID
    tracking_number: str
    pin: str
    qr: str
    version: int
    status: Status
    warnings: list[WarningBody]


class DoneBody(Given, kw_only=True):
    """`events`: the topics of what was appended."""

    application_id: UUID
    version: int
    status: Status
    events: list[str]


class PinResetBody(DoneBody, kw_only=True):
    """The new receipt: number as before, another PIN and QR. The old ones open nothing any more."""

    tracking_number: str
    pin: str
    qr: str


class LinkedBody(Given, kw_only=True):
    """In the order in which they were named."""

    link: UUID
    applications: list[DoneBody]


class AccessEntry(Given, kw_only=True):
    at: Instant
    office: str
    role: str
    purpose: str


class AccessesBody(Given, kw_only=True):
    items: list[AccessEntry]
    next: None = None


class OpenedPart(Given, kw_only=True):
    """`content` is null where the key was destroyed: redacted."""

    version: int
    role: str
    content: dict[str, Any] | None


class OpenedBody(Given, kw_only=True):
    items: list[OpenedPart]


class TrackedBody(Given, kw_only=True):
    """`read_token` opens this one application for reading, as a bearer, for `expires_in` seconds."""

    application_id: UUID
    read_token: str
    expires_in: int


class FoundApplication(Given, kw_only=True):
    application_id: UUID
    service: str
    status: Status
    office: str


class FoundBody(Given, kw_only=True):
    """The newest first; those that the asker's own office is concerned with, and no others."""

    items: list[FoundApplication]
    next: None = None


class AnsweredBody(Given, kw_only=True):
    """`events`: the topics of what was appended, in a stream that is not the application's."""

    application_id: UUID
    events: list[str]


class UnitBody(Given, kw_only=True):
    """A service at an office. Counts are floored to tens; below ten nothing shows. `index` is IKM, `means` are NRR."""

    service: str
    office: str
    answered: Count
    served: Count
    answered_percent: float | None
    index: float | None
    grade: Grade | None
    sufficient: bool | None
    lowest: Element | None
    means: dict[Element, float] | None


class SatisfactionFiguresBody(Given, kw_only=True):
    """As of a full hour. `weights`: what each element counts, since the grade may turn on it."""

    as_of: Instant
    weights: Weights
    units: list[UnitBody]


class NamesBody(Given, kw_only=True):
    id: str
    en: str


class OpeningDayBody(Given, kw_only=True):
    opens: str | None = None
    closes: str | None = None


class CounterBody(Given, kw_only=True):
    code: str
    names: NamesBody
    opening_days: list[OpeningDayBody]
    services: list[str]


class OfficeBody(Given, kw_only=True):
    """Seven opening days from Monday, in local time of `zone`; an empty one is closed.

    A counter keeps hours of its own for its services. No `day_zero` is `completeness`, no `after_hours` `next_opening`.
    """

    code: str
    edition: int
    agency: str
    region: str | None = None
    zone: str
    names: NamesBody
    opening_days: list[OpeningDayBody]
    joint_leave_closed: bool
    counters: list[CounterBody] | None = None
    day_zero: DayZero | None = None
    after_hours: AfterHours | None = None
    example: bool
    imported: bool


class OfficesBody(Given, kw_only=True):
    items: list[OfficeBody]
    next: str | None


class RequirementBody(Given, kw_only=True):
    code: str
    names: NamesBody


class StageStandard(Given, kw_only=True):
    code: str
    names: NamesBody
    phase: codes.StagePhase
    after: list[str]
    holder: codes.Holder
    optional: bool


class PromiseStandard(Given, kw_only=True):
    unit: str
    n: int
    roll_forward: bool | None = None


class ExtensionStandard(Given, kw_only=True):
    """By `n` units of the promise, once, by the law of `basis`."""

    code: str
    n: int
    basis: str


class DeemedApprovalStandard(Given, kw_only=True):
    basis: str
    basis_text: str


class ServiceBody(Given, kw_only=True):
    """The newest edition of the service's standard. `promise` null: its source gives no single figure.

    `deemed_approval`: the law by which silence grants; absent, it does not. `dispute_days`: calendar days after the
    hand-over in which it may be disputed; absent, at any time.
    """

    service: str
    standard: int
    in_force_from: str
    kind: codes.Kind
    names: NamesBody
    sensitive: bool
    offices: list[str]
    channels: list[codes.Channel]
    requirements: list[RequirementBody]
    stages: list[StageStandard]
    free_order: bool
    grounds: list[str]
    promise: PromiseStandard | None = None
    extensions: list[ExtensionStandard] | None = None
    deemed_approval: DeemedApprovalStandard | None = None
    dispute_days: int | None = None
    last_minute_percent: int | None = None
    fee_idr: int | None = None
    basis: str
    source: str
    figures_as_of: str | None = None
    example: bool
    imported: bool


class ServicesBody(Given, kw_only=True):
    items: list[ServiceBody]
    next: str | None


class FiguresBody(Given, kw_only=True):
    """Counts of applications. Public ones are floored to tens, `<10` below ten and for zero; days are of 24 hours.

    submitted = open + answered; answered = on_time + late + without_deadline, the same with the two that end in
    `_recorded`, and the sum of the outcomes: granted to concluded, and deemed_approved. Null where a figure cannot be
    given, or may not.
    """

    submitted: Count
    open: Count
    overdue: Count
    answered: Count
    on_time: Count
    late: Count
    without_deadline: Count
    granted: Count
    rejected: Count
    withdrawn: Count
    lapsed: Count
    cancelled: Count
    concluded: Count
    returned: Count
    deviating: Count
    on_time_recorded: Count
    late_recorded: Count
    deemed_approved: Count
    paused: Count
    restarted: Count
    returned_last_minute: Count
    obstructed: Count
    on_time_percent: float | None
    on_time_recorded_percent: float | None
    open_age_days_median: float | None
    days_median: float | None
    days_p90: float | None


class LineBody(FiguresBody, kw_only=True):
    """`key`: the code of a service or office, a channel, or the month of submission where the office is (2026-03)."""

    key: str


class TablesBody(Given, kw_only=True):
    service: list[LineBody]
    office: list[LineBody]
    channel: list[LineBody]
    month: list[LineBody]


class StatisticsBody(Given, kw_only=True):
    """One line for all, and one table each by service, office, channel and month."""

    as_of: Instant
    total: FiguresBody
    tables: TablesBody


class FileBody(Given, kw_only=True):
    """One file of the queue. `due_at` while a decision is awaited; `deemed_approval_at` where silence grants then.

    `overdue`, `deemed_soon` (within two working days of the office) and `mine` are as of `as_of` and the bearer.
    `payments` and `obstacles`: how many are open. `officer`: whose it is, for supervisors.
    """

    application_id: UUID
    tracking_number: str
    version: int
    service: str
    standard: int
    status: Status | None
    submitted_at: Instant | None
    complete_at: Instant | None
    due_at: Instant | None
    overdue: bool
    deemed_approval_at: Instant | None
    deemed_soon: bool
    paused: bool
    payments: int
    obstacles: int
    disputed: bool
    mine: bool
    officer: UUID | None


class DeskBody(Given, kw_only=True):
    """The open files of an office, the sooner due first, those without a date last."""

    office: str
    as_of: Instant
    items: list[FileBody]
    next: str | None


class ProblemError(Given, kw_only=True):
    pointer: str
    detail: str


class ProblemBody(Given, kw_only=True):
    """RFC 9457. `code` is stable; `type` leads to a page that explains it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    trace_id: str
    errors: list[ProblemError] = []
    version: int = 0
    mistake: str = ""
