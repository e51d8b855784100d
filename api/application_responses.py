"""Response bodies of one application, facts only. Instants are UTC. Clients compute what depends on today's date."""

from datetime import date
from typing import Any
from uuid import UUID

from api.responses import Given
from domain import codes
from domain.application.status import Status
from domain.clocks.ledger import Clock, Party
from service_layer.bodies import Instant


class PromiseBody(Given, kw_only=True):
    """A promised date. `counted_from`: the local day on which the completeness counts, if it is a later day than that
    of the completeness (the file was complete after closing time or on a closed day); otherwise null.
    """

    unit: str
    n: int
    due_at: Instant
    standard: str
    calendar: str
    rule: str
    counted_from: date | None


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
    asked_by: int
    answered_at: Instant | None
    answered_by: int | None
    advice: codes.Advice | None


class RejectionState(Given, kw_only=True):
    reason: codes.RejectionReason
    remedy: codes.Remedy


class DocumentState(Given, kw_only=True):
    requirement: str
    defect: codes.Defect


class PromiseState(PromiseBody, kw_only=True):
    """A promise that was shown to the applicant. `why`: source, completeness, pause, extension, calendar."""

    why: str
    extension: str | None
    set_at: Instant
    set_by: int


class PaymentState(Given, kw_only=True):
    payment: int
    amount_idr: int
    pauses: bool
    office: str
    expires_at: Instant | None
    requested_at: Instant
    requested_by: int
    received_idr: int | None
    received_at: Instant | None
    received_by: int | None
    expired_at: Instant | None
    expired_by: int | None


class ComplaintState(Given, kw_only=True):
    """A complaint at SP4N-LAPOR, with its deadlines for verification and answer (PermenPANRB 62/2018)."""

    complaint: int
    kind: codes.ComplaintKind
    verify_due_at: Instant
    answer_due_at: Instant
    referred_at: Instant
    referred_by: int


class ObstacleState(Given, kw_only=True):
    obstacle: int
    code: codes.ObstacleCode
    reported_at: Instant
    reported_by: int
    cleared_at: Instant | None
    cleared_by: int | None


class InspectionState(Given, kw_only=True):
    inspection: int
    on: date
    scheduled_at: Instant
    scheduled_by: int
    done_at: Instant | None
    done_by: int | None


class DisputeState(Given, kw_only=True):
    """The newest dispute. `state`: open, dismissed, reopened."""

    state: str
    reason: codes.DisputeReason
    disputed_at: Instant
    disputed_by: int
    dismissal: codes.DismissalReason | None
    settled_at: Instant | None
    settled_by: int | None


class LinkState(Given, kw_only=True):
    link: UUID
    life_event: codes.LifeEvent
    others: list[UUID]
    supplied: list[str]
    linked_at: Instant
    linked_by: int


class PauseState(Given, kw_only=True):
    since: Instant
    until: Instant


class DeemedState(Given, kw_only=True):
    """The evidence of a grant by silence, as it was at the time of recording."""

    basis: str
    promise: PromiseBody
    complete_at: Instant
    pauses: list[PauseState]
    silent_until: int
    deemed_at: Instant
    deemed_by: int


class LateDecisionState(Given, kw_only=True):
    decision: codes.Decision
    reason: codes.RejectionReason | None
    remedy: codes.Remedy | None
    decided_at: Instant
    decided_by: int


class LedgerEntryState(Given, kw_only=True):
    """An entry of the clock ledger. `kind`: start, pause, resume, stop, restart. Its cause is `event` of `version`."""

    clock: Clock
    kind: str
    at: Instant
    version: int
    event: str
    ground: str | None
    office: str


class SpanState(Given, kw_only=True):
    """A span of time. `until` is null while the span is open."""

    since: Instant
    until: Instant | None


class LegalSpanState(SpanState, kw_only=True):
    running: bool


class HolderSpanState(SpanState, kw_only=True):
    holder: Party
    office: str


class LedgerCounts(Given, kw_only=True):
    returns: int
    last_minute_returns: int
    restarts: int
    pauses: int


class LedgerState(Given, kw_only=True):
    """The clock ledger: the entries that moved the two clocks, the spans of each clock, and the holders of the file.

    Entries are sorted by `at`.
    """

    entries: list[LedgerEntryState]
    legal: list[LegalSpanState]
    citizen: SpanState | None
    holders: list[HolderSpanState]
    counts: LedgerCounts


class ApplicationBody(Given, kw_only=True):
    """An application, facts only. Instants are UTC. Clients compute what depends on today's date.

    An instant `x_at` is the time of the event with version `x_by`, after corrections.
    """

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
    submitted_by: int
    complete_at: Instant | None
    complete_by: int | None
    ended_at: Instant | None
    ended_by: int | None
    promise: PromiseBody | None
    promises: list[PromiseState]
    documents_complete: bool | None
    to_correct: list[DocumentState]
    stages: list[StageState]
    referrals: list[ReferralState]
    rejection: RejectionState | None
    imported: bool
    pin_resets: int
    payments: list[PaymentState]
    complaints: list[ComplaintState]
    obstacles: list[ObstacleState]
    inspections: list[InspectionState]
    dispute: DisputeState | None
    links: list[LinkState]
    deemed: DeemedState | None
    late_decision: LateDecisionState | None
    ledger: LedgerState


class AmendedState(Given, kw_only=True):
    by: int
    amendment: codes.Amendment
    corrected_at: Instant | None


class TimelineEntry(Given, kw_only=True):
    """One event of the timeline. `event` is its name in kebab case, `data` holds its facts, `amended` its correction.

    `flags`: `late` means that the event happened before the outcome and was recorded after it; `clock_ahead` means that
    the clock of the recording device was ahead.
    """

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
    flags: list[str]


class TimelineBody(Given, kw_only=True):
    """The timeline, sorted by `at` and then by version. A corrected event is sorted by its corrected time."""

    items: list[TimelineEntry]
    next: None = None
