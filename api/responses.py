"""Response bodies: each body is one msgspec type. The schemas of openapi.json and the tests use these types."""

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
    """A warning that a value in the request may be wrong.

    The value may be right, so the command was carried out. `code` is stable.
    """

    pointer: str
    code: WarningCode
    detail: str


class SubmittedBody(Given, kw_only=True):
    """A new application, together with the data of the receipt. The number and the PIN open the citizen's page. `qr` is
    the path that the QR code contains.
    """

    application_id: UUID
    tracking_number: str
    pin: str
    qr: str
    version: int
    status: Status
    warnings: list[WarningBody]


class DoneBody(Given, kw_only=True):
    """A command that was carried out. `events` lists the event types of the appended events."""

    application_id: UUID
    version: int
    status: Status
    events: list[str]


class PinResetBody(DoneBody, kw_only=True):
    """The new receipt has the same number, a new PIN and a new QR path. The old PIN and QR code no longer work."""

    tracking_number: str
    pin: str
    qr: str


class LinkedBody(Given, kw_only=True):
    """A link. The applications are in the order of the request. `waiting` lists the applications of other offices that
    still have to accept the link.
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


class AccessRecordEntry(Given, kw_only=True):
    """One entry of the access record. An entry contains references, and never a person's data.

    `operation` is one of these names: `get-application`, `get-timeline`, `get-accesses`, `get-desk`, `open-dossier`,
    `find-by-number`, `find-by-person` or `get-access-record`. `role`, `office`, `agency` and `actor` say who carried
    out the operation. `actor` is the random reference of a member of staff. `desk` is the office whose desk was read.

    The entry of a search has the field `person`, the random reference of the person with this NIK. If the NIK is
    unknown, `person` is null. There is another entry, with `application_id`, for each application that the search
    showed.

    Equal readings within about one second share one entry, and `times` is the number of these readings.
    """

    id: int
    at: Instant
    operation: str
    role: str
    office: str
    agency: str
    actor: UUID | None
    application_id: UUID | None
    desk: str | None
    person: UUID | None
    purpose: str
    times: int


class AccessRecordBody(Given, kw_only=True):
    """A page of the access record, in the order in which the entries were stored.

    `next` is the value of `after` for the next page. If there are no more entries now, `next` is null.
    """

    items: list[AccessRecordEntry]
    next: int | None


class OpenedPart(Given, kw_only=True):
    """The content of a sealed part. If the dossier key of the sealed part was destroyed, `content` is null. Such a part
    is called redacted.
    """

    version: int
    role: str
    content: dict[str, Any] | None


class OpenedBody(Given, kw_only=True):
    items: list[OpenedPart]


class TrackedBody(Given, kw_only=True):
    """`read_token` is a bearer token. For `expires_in` seconds, the client can use this token to read this one
    application.
    """

    application_id: UUID
    read_token: str
    expires_in: int


class FoundApplication(Given, kw_only=True):
    """An application that a search has found. The other facts are at `/v1/applications/{application_id}`."""

    application_id: UUID
    service: str
    status: Status
    office: str


class FoundBody(Given, kw_only=True):
    """A list of a person's applications. The list contains only the applications that concern the client's office. The
    newest application comes first.
    """

    items: list[FoundApplication]
    next: None = None


class AnsweredBody(Given, kw_only=True):
    """The survey was answered. `events` lists the event types of the appended events. These events are in a stream of
    the survey.
    """

    application_id: UUID
    events: list[str]


class UnitBody(Given, kw_only=True):
    """The satisfaction figures of a service, of an office, or of a service at an office. If `service` or `office` is
    null, the figures are about all services or all offices.

    Each count is a sum of smaller counts. The smaller counts are rounded down to tens before they are added. `index` is
    the satisfaction index (IKM). `means` contains the mean score (NRR) of each element. `index` and `means` are shown
    if at least 30 answers are counted. Some answers are not counted. If all answers were counted, the index would lie
    between `index_least` and `index_most`. If these two values have different grades, `grade` is null. The exact number
    of applicants is not public. Several numbers of applicants may fit the published counts. `sufficient` is true if the
    sample is large enough for each of these numbers.
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
    """The public satisfaction index of a period. The index is computed at full hours.

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

    Public counts are rounded down to tens. A public count below ten is shown as `<10`. A count of zero is also shown as
    `<10`.

    A day has 24 hours. The counts add up as follows:

        submitted = open + answered
        answered = decided + withdrawn + lapsed + cancelled
        decided = granted + rejected + concluded + deemed_approved
        decided = on_time + late + without_deadline
        decided = on_time_recorded + late_recorded + without_deadline

    `reported_late` is a part of `late`. `reported_late` counts decisions that were made before the deadline but
    recorded too late: after the office's allowance for late reports, or after the deemed approval.

    In the table of offices, each figure counts an application at only one office. Depending on the figure, this is for
    example the office of the submission, the office of the decision, the office that had the file at the deadline, or
    the office that has the file now. Each figure has its own rule. So the counts on the line of an office do not add
    up.

    `days` is the time from the submission to the decision. `handed_over_days` is the time from the submission to the
    hand-over. `own_days` is the time from the submission to the decision, without the time in which the office waited
    for the applicant, for a payment or for another agency. A figure is null if it cannot be computed or is withheld.
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
    """One line of a table. `key` is the code of a service, an office or a mall, the name of a channel, or a month. The
    month is the month of submission in the office's time zone, for example 2026-03.
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
    """The total of all applications, and the tables by service, office, mall, channel and month."""

    as_of: Instant
    total: FiguresBody
    tables: TablesBody


class FileBody(Given, kw_only=True):
    """One file of the queue.

    `due_at` is set while a decision is awaited. If the office does not decide by `deemed_approval_at`, the law grants
    the application at that time.

    `overdue` is true if the due date had passed at the time `as_of`. `deemed_soon` is true if at most two working days
    are left from `as_of` until `deemed_approval_at`. The office's calendar gives the working days. `mine` is true if
    the file is assigned to the client. `payments` is the number of open payments, and `obstacles` is the number of open
    obstacles. `officer` is the officer to whom the file is assigned. Only supervisors see the field `officer`.
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
    """The open files of an office, sorted by due date. The files without a due date come last."""

    office: str
    as_of: Instant
    items: list[FileBody]
    next: str | None


class ProblemError(Given, kw_only=True):
    pointer: str
    detail: str


class ProblemBody(Given, kw_only=True):
    """A problem as RFC 9457 defines it. `code` is stable. `type` is the address of a page that explains the code."""

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
