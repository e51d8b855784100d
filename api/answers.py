"""What the API gives, one msgspec type each: they make the schemas of openapi.json, and the tests decode by them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from domain import codes
from domain.application import Status
from projections.figures import Count

Instant = Annotated[datetime, Meta(tz=True)]


class Given(msgspec.Struct, kw_only=True):
    """An answer's body."""


class SubmittedBody(Given, kw_only=True):
    """For the receipt: the number and PIN open the citizen's page, `qr` is its path for a QR code."""

    application_id: UUID
    tracking_number: str
    pin: str
    qr: str
    version: int
    status: Status


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


class PromiseBody(Given, kw_only=True):
    unit: str
    n: int
    due_at: Instant
    standard: str
    calendar: str
    rule: str


class StageState(Given, kw_only=True):
    stage: str
    office: str
    entered_at: Instant | None
    completed_at: Instant | None
    entered_by: int
    completed_by: int | None


class ReferralState(Given, kw_only=True):
    referral: int
    to: str
    asked_at: Instant
    answered_at: Instant | None
    advice: codes.Advice | None


class RejectionState(Given, kw_only=True):
    reason: codes.RejectionReason
    remedy: codes.Remedy


class DocumentState(Given, kw_only=True):
    requirement: str
    defect: codes.Defect


class ApplicationBody(Given, kw_only=True):
    """Facts only: what depends on today is the reader's to compute. Instants are UTC."""

    application_id: UUID
    tracking_number: str
    version: int
    status: Status
    service: str
    standard: int
    channel: codes.Channel
    office: str
    offices: list[str]
    district: str | None
    regency: str | None
    submitted_at: Instant
    complete_at: Instant | None
    ended_at: Instant | None
    promise: PromiseBody | None
    documents_complete: bool | None
    to_correct: list[DocumentState]
    stages: list[StageState]
    referrals: list[ReferralState]
    rejection: RejectionState | None
    imported: bool
    pin_resets: int


class AmendedState(Given, kw_only=True):
    by: int
    amendment: codes.Amendment
    corrected_at: Instant | None


class TimelineEntry(Given, kw_only=True):
    """`event` is the kebab-case name; `data` its closed facts; `amended` what corrected it later."""

    version: int
    event: str
    at: Instant
    at_quality: codes.Quality
    recorded_at: Instant | None
    by: codes.Role
    office: str
    channel: codes.Channel
    data: dict[str, Any]
    amended: AmendedState | None


class TimelineBody(Given, kw_only=True):
    """Sorted by `at` (a corrected one by what it was corrected to), then version."""

    items: list[TimelineEntry]
    next: None = None


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


class NamesBody(Given, kw_only=True):
    id: str
    en: str


class OpeningDayBody(Given, kw_only=True):
    opens: str | None = None
    closes: str | None = None


class OfficeBody(Given, kw_only=True):
    """Seven opening days from Monday, in local time of `zone`; an empty one is closed."""

    code: str
    edition: int
    agency: str
    region: str | None = None
    zone: str
    names: NamesBody
    opening_days: list[OpeningDayBody]
    joint_leave_closed: bool
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

    submitted = open + answered; answered = on_time + late + without_deadline, and the sum of the six outcomes from
    granted to concluded. Null where a figure cannot be given, or may not.
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
    on_time_percent: float | None
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


class HealthBody(Given, kw_only=True):
    status: str


class ReadyBody(Given, kw_only=True):
    """`views` maps each view to how many positions it is behind the log."""

    status: str
    store: bool
    views: dict[str, int]


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
