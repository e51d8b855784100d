"""Incidents are events during the work on an application: inspections, payments, obstacles, links and complaints."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from domain.codes import (
    ComplaintKind,
    LifeEvent,
    ObstacleCode,
    RequirementCode,
)
from domain.provenance import Event, Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionScheduled(Event):
    """`inspection` is the number of the inspection, counted from 1 for each application.

    The field `on` is the date of the inspection in the office's time zone.
    """

    topic: ClassVar[str] = "application.inspection-scheduled.v1"
    inspection: int
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionDone(Event):
    topic: ClassVar[str] = "application.inspection-done.v1"
    inspection: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequested(Event):
    """`payment` is the number of the request, counted from 1 for each application. `amount_idr` is in whole rupiah.

    The number of the payment in the payment system is stored in a sealed part of the event. `expires_at` is in UTC. If
    the request never expires, `expires_at` is absent. `tariff_idr` is the fee in the service's standard. `tariff_idr`
    is absent if the standard gives no single amount.
    """

    topic: ClassVar[str] = "application.payment-requested.v1"
    payment: int
    amount_idr: int
    pauses: bool
    expires_at: datetime | None = None
    tariff_idr: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReceived(Event):
    """`amount_idr` is the amount of this receipt alone.

    `open_idr` is the amount that is left to pay. If nothing is left to pay, `open_idr` is absent. Both amounts are in
    whole rupiah.

    While something is left to pay, the request stays open, and the pause of the legal clock goes on. After the full
    payment, the pause ends. If the pause moves the promised date, `promise` is the promise with the new date. Otherwise
    `promise` is absent.
    """

    topic: ClassVar[str] = "application.payment-received.v1"
    payment: int
    amount_idr: int
    promise: Promise | None = None
    open_idr: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentExpired(Event):
    """The event ends a pause. If the pause moves the promised date, `promise` is the promise with the new date. If the
    date does not move, `promise` is absent.
    """

    topic: ClassVar[str] = "application.payment-expired.v1"
    payment: int
    promise: Promise | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObstacleReported(Event):
    """`obstacle` identifies the obstacle within its application: the first obstacle has the number 1.

    Obstacles may overlap. An obstacle pauses neither of the two clocks.
    """

    topic: ClassVar[str] = "application.obstacle-reported.v1"
    obstacle: int
    code: ObstacleCode


@dataclass(frozen=True, slots=True, kw_only=True)
class ObstacleCleared(Event):
    topic: ClassVar[str] = "application.obstacle-cleared.v1"
    obstacle: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked(Event):
    """The application belongs to a life event that needs several services.

    All applications of the life event have the same `link`.

    `supplied` holds the requirements that another application of the life event already asks for. So the applicant is
    asked only once for each requirement.
    """

    topic: ClassVar[str] = "application.linked.v1"
    link: UUID
    life_event: LifeEvent
    others: tuple[UUID, ...]
    supplied: tuple[RequirementCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintReferred(Event):
    """A complaint was referred to SP4N-LAPOR (PermenPANRB 62/2018). The complaint's number at SP4N-LAPOR is stored in a
    sealed part of the event.

    `complaint` is the number of the complaint, counted from 1 for each application. `verify_by` and `answer_by` are the
    dates by which the complaint must be verified and answered.
    """

    topic: ClassVar[str] = "application.complaint-referred.v1"
    complaint: int
    kind: ComplaintKind
    verify_by: Promise
    answer_by: Promise
