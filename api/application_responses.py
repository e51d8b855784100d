"""This module defines the response bodies of one application. The bodies contain facts only. Instants are UTC. Clients
compute the values that depend on today's date.
"""

from datetime import date
from typing import Any
from uuid import UUID

from api.responses import Given
from domain import codes
from domain.application.status import Status
from domain.clocks.ledger import Clock, Party
from service_layer.bodies import Instant


class PromiseBody(Given, kw_only=True):
    """A promised date.

    If the file became complete after closing time or on a closed day, the promise is counted from a later day.
    `counted_from` is this later day, in local time. Otherwise `counted_from` is null.
    """

    unit: str
    n: int
    due_at: Instant
    standard: str
    calendar: str
    rule: str
    counted_from: date | None


class StageState(Given, kw_only=True):
    """A production stage of an application. If the stage must be repeated after a reopening, `undone_at` is the time of
    the reopening. If the work on the stage ended although the stage was not completed, `undone_at` is the time of this
    end. If the office then repeats the stage, `stages` contains another entry for the same stage.
    """

    stage: str
    office: str
    entered_at: Instant | None
    completed_at: Instant | None
    entered_by: int
    completed_by: int | None
    undone_at: Instant | None
    undone_by: int | None


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


class DecisionState(Given, kw_only=True):
    """The first decision on the application: an approval or a rejection.

    `decided_at` is the time of the decision. If this time was corrected, `decided_at` is the corrected time.
    `stated_at` is the time of the decision before any correction. `recorded_at` is the time at which the decision was
    recorded, or null if this time is unknown. The office may record a decision some days after it was made, but not
    later than `report_until`. If the decision was recorded later, it counts as late, and `reported_late` is true. A
    correction may change the time of a decision so that the decision is no longer late. If this correction was recorded
    after `report_until`, the decision still counts as late. `report_until` is null if the office's allowance for late
    reports does not apply to this decision. If the office corrected the time of the decision, `amended_at` is the time
    of this correction.
    """

    decision: codes.Decision
    decided_at: Instant
    decided_by: int
    stated_at: Instant
    recorded_at: Instant | None
    report_until: Instant | None
    reported_late: bool
    amended_at: Instant | None
    amended_by: int | None


class DocumentState(Given, kw_only=True):
    requirement: str
    defect: codes.Defect


class PromiseState(PromiseBody, kw_only=True):
    """A promise that was shown to the applicant. `why` names the cause of the promise. The causes are source,
    completeness, pause, extension, calendar and transfer.
    """

    why: str
    extension: str | None
    set_at: Instant
    set_by: int


class ReceiptState(Given, kw_only=True):
    amount_idr: int
    received_at: Instant
    received_by: int


class PaymentState(Given, kw_only=True):
    """A request for payment. Amounts are whole rupiah.

    `received_idr` is the sum of `receipts`. `received_at` is the time at which the request was paid in full. `open_idr`
    is the amount that the applicant must still pay. If nothing is left to pay, `open_idr` is 0. `excess_idr` is the
    part of the received amount that exceeds the requested amount. `refund_idr` is the amount that was received after
    the application ended. The office must refund this amount. `flags` can contain above_tariff, below_tariff, partial,
    excess and refund.
    """

    payment: int
    amount_idr: int
    tariff_idr: int | None
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
    receipts: list[ReceiptState]
    open_idr: int
    excess_idr: int
    refund_idr: int
    flags: list[str]


class ComplaintState(Given, kw_only=True):
    """A complaint that was referred to SP4N-LAPOR, the national complaint system. `verify_due_at` is the deadline for
    the verification of the complaint, and `answer_due_at` is the deadline for the answer. PermenPANRB 62/2018 sets both
    deadlines.
    """

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
    """The newest dispute. `state` is open, dismissed or reopened."""

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
    """The evidence of a deemed approval. The evidence comes from the event that recorded the deemed approval."""

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
    """An entry of the clock ledger. `kind` is start, pause, resume, stop or restart. `event` names the event that
    caused the entry, and `version` is the stream version of that event.
    """

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
    """The clock ledger. The ledger lists the entries of the two clocks, the spans of each clock, and the holders of the
    file.

    The entries are sorted by their time, which is the field `at`.
    """

    entries: list[LedgerEntryState]
    legal: list[LegalSpanState]
    citizen: SpanState | None
    holders: list[HolderSpanState]
    counts: LedgerCounts


class ApplicationBody(Given, kw_only=True):
    """One application. The body contains facts only. Instants are UTC. Clients compute the values that depend on
    today's date.

    Two fields with the same beginning, for example `submitted_at` and `submitted_by`, describe the same event. The
    field that ends in `_at` is the time of the event. If this time was corrected, the field is the corrected time. The
    field that ends in `_by` is the version of the event. While the legal clock is paused, `paused_since` is the time at
    which the pause began. An undecided application is overdue if its promised time has passed. While the legal clock is
    paused, the application is overdue only if its promised time was before `paused_since`.
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
    paused_since: Instant | None
    documents_complete: bool | None
    to_correct: list[DocumentState]
    stages: list[StageState]
    referrals: list[ReferralState]
    rejection: RejectionState | None
    decision: DecisionState | None
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
    """One event of the timeline. `event` is the name of the event in kebab case. `data` holds the facts of the event.
    If the event was corrected, `amended` holds the correction. The flag `late` means that the event happened before the
    outcome but was recorded after the outcome. The flag `clock_ahead` means that the clock of the recording device was
    ahead of the server's clock. The flag `unlisted_office` means that a supervisor transferred the file to an office
    that the service does not list.
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
    """The timeline. The events are sorted by their time, which is the field `at`. Events with the same time are sorted
    by version. A corrected event is sorted by its corrected time.
    """

    items: list[TimelineEntry]
    next: None = None
