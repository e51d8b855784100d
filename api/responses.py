"""Response bodies, one msgspec type each. The schemas of openapi.json and the tests use these types."""

from typing import Any
from uuid import UUID

import msgspec

from domain.application.status import Status
from domain.satisfaction import Element, Grade, Weights
from projections.figures import Count
from service_layer.bodies import Instant
from service_layer.identity import WarningCode


class Given(msgspec.Struct, kw_only=True):
    """A response body."""


class WarningBody(Given, kw_only=True):
    """A doubt about a value in the request.

    The value may be right, so the command was carried out. `code` is stable.
    """

    pointer: str
    code: WarningCode
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
    """A command that was carried out. `events`: the event types of the events that were appended."""

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
    """A link. The applications are in the order of the request. `waiting` lists the applications that other offices
    hold and for which those offices have not accepted the link yet.
    """

    link: UUID
    applications: list[DoneBody]
    waiting: list[UUID] = []


class AccessEntry(Given, kw_only=True):
    at: Instant
    office: str
    role: str
    purpose: str


class AccessesBody(Given, kw_only=True):
    items: list[AccessEntry]
    next: None = None


class OpenedPart(Given, kw_only=True):
    """A sealed part, opened. `content` is null if the dossier key of the sealed part was destroyed (redacted)."""

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
    """The survey was answered. `events`: the event types of the appended events, in a stream of the survey."""

    application_id: UUID
    events: list[str]


class UnitBody(Given, kw_only=True):
    """The satisfaction figures of a service, of an office, or of a service at an office; `null` stands for all.

    Counts are sums of counts that are rounded down to tens. `index` is the IKM. `means` contains the NRR of each
    element. Both are shown from 30 counted answers on. With the answers that were left out, the index lies between
    `index_least` and `index_most`. If these two have different grades, `grade` is null. `sufficient` says whether the
    sample is large enough for every number of applicants that the published counts allow.
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

    `weights` is the weight of each element. The choice of the weight can change a grade. `period` is a semester
    (2026-S2) or a year (2026). `periods` lists the periods that can be read. `units` has a line for each service at
    each office.
    """

    as_of: Instant
    weights: Weights
    period: str
    periods: list[str]
    services: list[UnitBody]
    offices: list[UnitBody]
    units: list[UnitBody]


class FiguresBody(Given, kw_only=True):
    """Counts of applications.

    Public counts are rounded down to tens. A public count below ten is shown as `<10`, also if the count is zero. A day
    is 24 hours. submitted = open + answered. answered = decided + withdrawn + lapsed + cancelled + concluded. decided =
    granted + rejected + deemed_approved. decided = on_time + late + without_deadline. decided = on_time_recorded +
    late_recorded + without_deadline. reported_late is a part of late: decisions with a time before the deadline that
    were recorded after the office's allowance for late reports, or after silence had granted. On the line of an office,
    each figure counts at its own office: the office where the application was submitted, where it was decided, where
    the file lay when the deadline passed, or where the file lies now. So these sums do not hold on the line of an
    office. `days` is the time from the submission to the decision. `handed_over_days` is the time from the submission
    to the hand-over. `own_days` is the time from the submission to the decision, without the time in which the office
    waited for the applicant, for a payment or for another agency. A figure is null if it cannot be computed or is
    withheld.
    """

    submitted: Count
    open: Count
    overdue: Count
    answered: Count
    decided: Count
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
    handed_over: Count
    paused: Count
    restarted: Count
    returned_last_minute: Count
    obstructed: Count
    reported_late: Count
    on_time_percent: float | None
    on_time_recorded_percent: float | None
    without_deadline_percent: float | None
    reported_late_percent: float | None
    open_age_days_median: float | None
    days_median: float | None
    days_p90: float | None
    handed_over_days_median: float | None
    handed_over_days_p90: float | None
    own_days_median: float | None
    own_days_p90: float | None


class LineBody(FiguresBody, kw_only=True):
    """One line of a table. `key` is the code of a service, office or mall, or a channel, or a month. The month is the
    month of submission in the office's time zone, for example 2026-03.
    """

    key: str


class TablesBody(Given, kw_only=True):
    """The tables of the statistics. The table `mall` counts the applications submitted in each mall. An application
    that was not submitted in a mall is missing from the table `mall`.
    """

    service: list[LineBody]
    office: list[LineBody]
    mall: list[LineBody]
    channel: list[LineBody]
    month: list[LineBody]


class StatisticsBody(Given, kw_only=True):
    """The total of all applications, and one table each by service, office, mall, channel and month."""

    as_of: Instant
    total: FiguresBody
    tables: TablesBody


class FileBody(Given, kw_only=True):
    """One file of the queue.

    `due_at` is set while a decision is awaited. At `deemed_approval_at`, silence grants the application.

    `overdue` says whether the due date was over at the time `as_of`. `deemed_soon` says whether silence grants the
    application at most two working days of the office after `as_of`. If `mine` is true, the bearer is the officer of
    the file. `payments` and `obstacles` count the open payments and obstacles. `officer` is the officer of the file.
    Only supervisors see the field `officer`.
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
