"""Response bodies, one msgspec type each. The schemas of openapi.json come from them, and tests decode with them."""

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
    """A response body."""


class WarningBody(Given, kw_only=True):
    """A doubt about a value of the request.

    The value may be right, so the command was carried out. `code` is stable.
    """

    pointer: str
    code: Doubt
    detail: str


class SubmittedBody(Given, kw_only=True):
    """A new application, with the data of the receipt. Number and PIN open the citizen's page; `qr` is its QR path."""

    application_id: UUID
    tracking_number: str
    pin: str
    qr: str
    version: int
    status: Status
    warnings: list[WarningBody]


class DoneBody(Given, kw_only=True):
    """A command that was carried out. `events`: the topics of the events that were appended."""

    application_id: UUID
    version: int
    status: Status
    events: list[str]


class PinResetBody(DoneBody, kw_only=True):
    """The new receipt: the same number with a new PIN and QR path. The old PIN and QR code no longer work."""

    tracking_number: str
    pin: str
    qr: str


class LinkedBody(Given, kw_only=True):
    """A link. The applications are in the order of the request."""

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
    """A sealed part, opened. `content` is null if its key was destroyed (redacted)."""

    version: int
    role: str
    content: dict[str, Any] | None


class OpenedBody(Given, kw_only=True):
    items: list[OpenedPart]


class TrackedBody(Given, kw_only=True):
    """`read_token` is a bearer token that reads this one application for `expires_in` seconds."""

    application_id: UUID
    read_token: str
    expires_in: int


class FoundApplication(Given, kw_only=True):
    application_id: UUID
    service: str
    status: Status
    office: str


class FoundBody(Given, kw_only=True):
    """The applications of a person that concern the bearer's office, newest first."""

    items: list[FoundApplication]
    next: None = None


class AnsweredBody(Given, kw_only=True):
    """The survey was answered. `events`: the topics of the events that were appended, in a stream of the survey."""

    application_id: UUID
    events: list[str]


class UnitBody(Given, kw_only=True):
    """The satisfaction figures of a service, of an office, or of a service at an office; `null` stands for all.

    Counts are sums of counts that are rounded down to tens. `index` is the IKM, `means` are the NRR of the elements,
    both from 30 counted answers on. With the answers that were left out, the index lies between `index_least` and
    `index_most`; without a `grade`, these two have different grades. `sufficient`: whether the counted answers
    represent as many applicants as the published counts allow.
    """

    service: str | None
    office: str | None
    answered: Count
    served: Count
    answered_percent: float | None
    index: float | None
    index_least: float | None
    index_most: float | None
    grade: Grade | None
    sufficient: bool | None
    lowest: Element | None
    means: dict[Element, float] | None


class SatisfactionFiguresBody(Given, kw_only=True):
    """The public satisfaction index of a period, as of a full hour.

    `weights`: the weight of each element; it can change a grade. `period`: a semester (2026-S2) or a year (2026).
    `periods`: the periods that can be read. `units`: each service at each office.
    """

    as_of: Instant
    weights: Weights
    period: str
    periods: list[str]
    services: list[UnitBody]
    offices: list[UnitBody]
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
    """An office. It has seven opening days from Monday, in local time of `zone`; on an empty day it is closed.

    A counter has its own opening days for its services. The default of `day_zero` is `completeness`, the default of
    `after_hours` is `next_opening`.
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
    """An extension of the promise by `n` of its units. It is allowed once, by the law in `basis`."""

    code: str
    n: int
    basis: str


class DeemedApprovalStandard(Given, kw_only=True):
    basis: str
    basis_text: str


class ServiceBody(Given, kw_only=True):
    """The newest edition of a service's standard. `promise` is null if its source gives no single figure.

    `deemed_approval`: the law by which silence grants the application; if absent, silence does not grant it.
    `dispute_days`: the calendar days after the hand-over in which a dispute is possible; if absent, there is no limit.
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
    """Counts of applications.

    Public counts are rounded down to tens, with `<10` below ten and for zero. A day is 24 hours.

    submitted = open + answered. answered = on_time + late + without_deadline, also with the two counts that end in
    `_recorded`. answered is also the sum of the outcomes: granted to concluded, and deemed_approved. A figure is null
    if it cannot be computed or is withheld.
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
    """One line of a table. `key`: the code of a service or an office, a channel, or the month of submission in the
    office's time zone (for example 2026-03).
    """

    key: str


class TablesBody(Given, kw_only=True):
    service: list[LineBody]
    office: list[LineBody]
    channel: list[LineBody]
    month: list[LineBody]


class StatisticsBody(Given, kw_only=True):
    """The total of all applications, and one table each by service, office, channel and month."""

    as_of: Instant
    total: FiguresBody
    tables: TablesBody


class FileBody(Given, kw_only=True):
    """One file of the queue.

    `due_at` is set while a decision is awaited; `deemed_approval_at` is when silence grants it.

    `overdue` and `deemed_soon` (within two working days of the office) hold at `as_of`; `mine` is about the bearer.
    `payments` and `obstacles` count the open ones. `officer`: the officer of the file, shown to supervisors only.
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
    """The open files of an office, sorted by due date; files without a due date come last."""

    office: str
    as_of: Instant
    items: list[FileBody]
    next: str | None


class ProblemError(Given, kw_only=True):
    pointer: str
    detail: str


class ProblemBody(Given, kw_only=True):
    """A problem by RFC 9457. `code` is stable. `type` is the address of a page that explains the code."""

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
