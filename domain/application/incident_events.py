"""Facts of what happens to a file on its way: inspections, payments, obstacles, links, complaints."""

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
    """`inspection` counts the field inspections of this application from 1; `on` is the office's local day."""

    topic: ClassVar[str] = "application.inspection-scheduled.v1"
    inspection: int
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionDone(Event):
    topic: ClassVar[str] = "application.inspection-done.v1"
    inspection: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequested(Event):
    """`payment` counts the requests of this application from 1; the amount in whole rupiah; its number is sealed."""

    topic: ClassVar[str] = "application.payment-requested.v1"
    payment: int
    amount_idr: int
    pauses: bool
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReceived(Event):
    """`promise`: moved by the pause that ends here, if one does."""

    topic: ClassVar[str] = "application.payment-received.v1"
    payment: int
    amount_idr: int
    promise: Promise | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentExpired(Event):
    """`promise`: moved by the pause that ends here, if one does."""

    topic: ClassVar[str] = "application.payment-expired.v1"
    payment: int
    promise: Promise | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObstacleReported(Event):
    """`obstacle` counts those of this application from 1: they may overlap. The clocks run on."""

    topic: ClassVar[str] = "application.obstacle-reported.v1"
    obstacle: int
    code: ObstacleCode


@dataclass(frozen=True, slots=True, kw_only=True)
class ObstacleCleared(Event):
    topic: ClassVar[str] = "application.obstacle-cleared.v1"
    obstacle: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked(Event):
    """One life event needs several services: the same `link` stands in each of their streams.

    `supplied`: requirements of this service that an application earlier in the list asks for; they are asked once.
    """

    topic: ClassVar[str] = "application.linked.v1"
    link: UUID
    life_event: LifeEvent
    others: tuple[UUID, ...]
    supplied: tuple[RequirementCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintReferred(Event):
    """A complaint went to SP4N-LAPOR (PermenPANRB 62/2018), its number sealed; it has due dates of its own.

    `complaint` counts those of this application from 1.
    """

    topic: ClassVar[str] = "application.complaint-referred.v1"
    complaint: int
    kind: ComplaintKind
    verify_by: Promise
    answer_by: Promise
