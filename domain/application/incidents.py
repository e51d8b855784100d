"""This module decides about incidents during the work: inspections, payments, obstacles and complaints."""

from domain import refusals
from domain.application.commands import (
    ClearObstacle,
    ExpirePayment,
    ReceivePayment,
    RecordInspection,
    ReferComplaint,
    ReportObstacle,
    RequestPayment,
    ScheduleInspection,
)
from domain.application.events import ApplicationEvent
from domain.application.evolve import Application
from domain.application.guards import GRANTED, IN_PRODUCTION, IN_WORK, UNDECIDED, only_in
from domain.application.incident_events import (
    ComplaintReferred,
    InspectionDone,
    InspectionScheduled,
    ObstacleCleared,
    ObstacleReported,
    PaymentExpired,
    PaymentReceived,
    PaymentRequested,
)
from domain.application.outcomes import promise_after
from domain.application.pauses import AWAITING_PAYMENT, of_payment
from domain.promises import steps
from domain.promises.complaints import EDITION, answer_terms, verify_terms
from domain.provenance import Act
from domain.registry.editions import StandardPublished
from domain.registry.registry import Registry


def schedule_inspection(
    command: ScheduleInspection, application: Application, act: Act, registry: Registry
) -> list[ApplicationEvent]:
    only_in(application, *IN_WORK)
    if application.office in registry.offices and command.on < registry.local_day(act.at, application.office):
        raise refusals.InspectionInThePast
    return [InspectionScheduled(inspection=application.counted.inspections + 1, on=command.on)]


def record_inspection(command: RecordInspection, application: Application) -> list[ApplicationEvent]:
    only_in(application, *UNDECIDED)
    if command.inspection not in application.inspections:
        raise refusals.InspectionUnknown
    return [InspectionDone(inspection=command.inspection)]


def request_payment(
    command: RequestPayment, application: Application, standard: StandardPublished
) -> list[ApplicationEvent]:
    """A payment request pauses the legal clock if three conditions hold: the file is complete, nobody has decided, and
    the standard allows a pause for a payment.
    """
    only_in(application, *IN_WORK, *GRANTED)
    pauses = application.running and AWAITING_PAYMENT in standard.grounds
    number = application.counted.payments + 1
    return [
        PaymentRequested(
            payment=number,
            amount_idr=command.amount_idr,
            pauses=pauses,
            expires_at=command.expires_at,
            tariff_idr=standard.fee_idr,
        )
    ]


def receive_payment(
    command: ReceivePayment, application: Application, act: Act, registry: Registry
) -> list[ApplicationEvent]:
    """If only a part of the amount is paid, the request stays open.

    A payment after the end of the application is recorded too, because the office must refund this payment.
    """
    if command.payment not in application.payments:
        raise refusals.ApplicationEnded if application.ended else refusals.PaymentUnknown
    left = application.payments[command.payment] - command.amount_idr
    if left > 0:
        return [PaymentReceived(payment=command.payment, amount_idr=command.amount_idr, open_idr=left)]
    promise = promise_after(of_payment(command.payment), application, act.at, registry)
    return [PaymentReceived(payment=command.payment, amount_idr=command.amount_idr, promise=promise)]


def expire_payment(
    command: ExpirePayment, application: Application, act: Act, registry: Registry
) -> list[ApplicationEvent]:
    if application.ended:
        raise refusals.ApplicationEnded
    if command.payment not in application.payments:
        raise refusals.PaymentUnknown
    promise = promise_after(of_payment(command.payment), application, act.at, registry)
    return [PaymentExpired(payment=command.payment, promise=promise)]


def report_obstacle(command: ReportObstacle, application: Application) -> list[ApplicationEvent]:
    """An obstacle explains a delay but does not excuse the delay, so the clocks run on.

    Several obstacles may be open at the same time.
    """
    only_in(application, *UNDECIDED, *IN_PRODUCTION)
    return [ObstacleReported(obstacle=application.counted.obstacles + 1, code=command.code)]


def clear_obstacle(command: ClearObstacle, application: Application) -> list[ApplicationEvent]:
    if application.ended:
        raise refusals.ApplicationEnded
    if command.obstacle not in application.obstacles:
        raise refusals.ObstacleUnknown
    return [ObstacleCleared(obstacle=command.obstacle)]


def refer_complaint(
    command: ReferComplaint, application: Application, act: Act, registry: Registry
) -> list[ApplicationEvent]:
    """A complaint is also possible after an application has ended.

    SP4N-LAPOR keeps the record of the complaint. The event keeps the due dates of the complaint.
    """
    verify_by, answer_by = (
        steps.promised(
            terms,
            act.at,
            office=application.office,
            service=application.service,
            edition=EDITION,
            registry=registry,
        )
        for terms in (verify_terms(), answer_terms(command.kind))
    )
    number = application.counted.complaints + 1
    return [ComplaintReferred(complaint=number, kind=command.kind, verify_by=verify_by, answer_by=answer_by)]
