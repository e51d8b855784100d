"""Events of incidents during the work on an application: inspections, payments, obstacles, links, complaints."""

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
    """`inspection` counts the field inspections of this application from 1. `on` is a date in the office's zone."""

    topic: ClassVar[str] = "application.inspection-scheduled.v1"
    inspection: int
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionDone(Event):
    topic: ClassVar[str] = "application.inspection-done.v1"
    inspection: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequested(Event):
    """`payment` counts the payment requests of this application from 1. `amount_idr`: whole rupiah.

    The payment's own number is sealed. `expires_at`: UTC; absent if the request never expires. `tariff_idr`: the fee in
    the service's standard; absent if the standard gives no single amount.
    """

    topic: ClassVar[str] = "application.payment-requested.v1"
    payment: int
    amount_idr: int
    pauses: bool
    expires_at: datetime | None = None
    tariff_idr: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReceived(Event):
    """`amount_idr`: whole rupiah, of this receipt alone. `open_idr`: what is left to pay; absent if nothing is.

    While something is left to pay, the request stays open and its pause goes on. `promise`: the promise as moved by the
    pause that ends here; absent if no promise moves.
    """

    topic: ClassVar[str] = "application.payment-received.v1"
    payment: int
    amount_idr: int
    promise: Promise | None = None
    open_idr: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentExpired(Event):
    """`promise`: the promise as moved by the pause that ends here; absent if no promise moves."""

    topic: ClassVar[str] = "application.payment-expired.v1"
    payment: int
    promise: Promise | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObstacleReported(Event):
    """`obstacle` counts the obstacles of this application from 1.

    Obstacles may overlap. The clocks run on during an obstacle.
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

    All applications of the life event have one `link`.

    `supplied`: requirements of this service that an earlier application in the list asks for. So the applicant is asked
    once for each requirement.
    """

    topic: ClassVar[str] = "application.linked.v1"
    link: UUID
    life_event: LifeEvent
    others: tuple[UUID, ...]
    supplied: tuple[RequirementCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintReferred(Event):
    """A complaint was referred to SP4N-LAPOR (PermenPANRB 62/2018). The complaint's number at SP4N-LAPOR is sealed.

    `complaint` counts the complaints of this application from 1. `verify_by` and `answer_by` are the complaint's due
    dates.
    """

    topic: ClassVar[str] = "application.complaint-referred.v1"
    complaint: int
    kind: ComplaintKind
    verify_by: Promise
    answer_by: Promise
