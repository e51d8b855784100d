"""Tests of incidents during the work: inspections, payments, obstacles, complaints."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

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
from domain.codes import ComplaintKind, ObstacleCode
from domain.refusals import (
    ApplicationEnded,
    CalendarEnds,
    InspectionInThePast,
    InspectionUnknown,
    ObstacleUnknown,
    PaymentUnknown,
)
from domain.registry.calendar import Unit
from tests.builders import (
    APPROVED,
    CHECKED,
    COMPLETE,
    HANDED_OVER,
    INSPECTION,
    KTP,
    MONDAY,
    OUT_OF_STOCK,
    PAYMENT,
    RECEIVED,
    REGISTRY,
    SIP,
    submitted,
)
from tests.spec import given

LATE_EVENING = datetime(2026, 3, 9, 17, 30, tzinfo=UTC)
"""In Semarang it is already the tenth."""


def test_inspections_are_counted() -> None:
    on = date(2026, 3, 11)
    given(*COMPLETE).when(ScheduleInspection(on=on)).then(InspectionScheduled(inspection=1, on=on))
    given(*COMPLETE, INSPECTION).when(ScheduleInspection(on=on)).then(InspectionScheduled(inspection=2, on=on))
    given(*COMPLETE, INSPECTION).when(RecordInspection(inspection=1)).then(InspectionDone(inspection=1))
    done = (*COMPLETE, INSPECTION, InspectionDone(inspection=1))
    given(*done).when(RecordInspection(inspection=1)).refused(InspectionUnknown)
    given(*done).when(ScheduleInspection(on=on)).then(InspectionScheduled(inspection=2, on=on))


def test_an_inspection_is_on_a_day_of_the_office() -> None:
    today = ScheduleInspection(on=date(2026, 3, 9))
    given(*COMPLETE).when(today).then(InspectionScheduled(inspection=1, on=today.on))
    given(*COMPLETE).when(today, at=LATE_EVENING).refused(InspectionInThePast)


def test_an_office_that_is_not_registered_has_no_calendar_of_its_own() -> None:
    offices = {code: office for code, office in REGISTRY.offices.items() if code != "pemda-3374-disdukcapil"}
    long_ago = ScheduleInspection(on=date(2020, 1, 1))
    given(*COMPLETE, registry=replace(REGISTRY, offices=offices)).when(long_ago).then(
        InspectionScheduled(inspection=1, on=long_ago.on)
    )


def test_a_payment_pauses_the_legal_clock_only_where_that_is_listed_and_the_clock_runs() -> None:
    ask = RequestPayment(amount_idr=50_000, expires_at=MONDAY + timedelta(hours=2))
    asked = PaymentRequested(payment=1, amount_idr=50_000, pauses=True, expires_at=ask.expires_at)
    given(*COMPLETE).when(ask).then(asked)
    given(*CHECKED).when(ask).then(replace(asked, pauses=False))
    given(*APPROVED).when(ask).then(replace(asked, pauses=False))
    unlisted = (*submitted(SIP), *COMPLETE[1:])
    given(*unlisted).when(ask).then(replace(asked, pauses=False))
    given(*COMPLETE, asked).when(ask).then(replace(asked, payment=2))


def test_a_payment_request_names_the_tariff_of_the_standard() -> None:
    priced = replace(REGISTRY, services={KTP: tuple(replace(s, fee_idr=30_000) for s in REGISTRY.services[KTP])})
    asked = PaymentRequested(payment=1, amount_idr=50_000, pauses=True, tariff_idr=30_000)
    given(*COMPLETE, registry=priced).when(RequestPayment(amount_idr=50_000)).then(asked)


def test_a_payment_is_received_or_expires_once() -> None:
    paid, expired = PaymentReceived(payment=1, amount_idr=50_000), PaymentExpired(payment=1)
    given(*COMPLETE, PAYMENT).when(ReceivePayment(payment=1, amount_idr=50_000)).then(paid)
    given(*COMPLETE, PAYMENT).when(ExpirePayment(payment=1)).then(expired)
    for settled in (paid, expired):
        given(*COMPLETE, PAYMENT, settled).when(ExpirePayment(payment=1)).refused(PaymentUnknown)
    given(*COMPLETE, PAYMENT, paid).when(RequestPayment(amount_idr=1)).then(
        PaymentRequested(payment=2, amount_idr=1, pauses=True)
    )


@pytest.mark.parametrize("code", ObstacleCode)
def test_every_obstacle_can_be_reported(code: ObstacleCode) -> None:
    given(*RECEIVED).when(ReportObstacle(code=code)).then(ObstacleReported(obstacle=1, code=code))


def test_there_are_fourteen_obstacle_codes() -> None:
    assert len(ObstacleCode) == 14
    assert all(code.value.startswith("H-") for code in ObstacleCode)


def test_obstacles_overlap() -> None:
    two = (OUT_OF_STOCK, replace(OUT_OF_STOCK, obstacle=2))
    given(*COMPLETE, OUT_OF_STOCK).when(ReportObstacle(code=OUT_OF_STOCK.code)).then(two[1])
    given(*COMPLETE, *two).when(ClearObstacle(obstacle=1)).then(ObstacleCleared(obstacle=1))
    cleared = (*COMPLETE, *two, ObstacleCleared(obstacle=1))
    given(*cleared).when(ClearObstacle(obstacle=1)).refused(ObstacleUnknown)
    given(*cleared).when(ClearObstacle(obstacle=2)).then(ObstacleCleared(obstacle=2))
    given(*HANDED_OVER).when(ClearObstacle(obstacle=1)).refused(ApplicationEnded)


@pytest.mark.parametrize(
    ("kind", "days", "due"),
    [
        (ComplaintKind.INFORMATION, 5, datetime(2026, 3, 16, 8, tzinfo=UTC)),
        (ComplaintKind.COMPLAINT, 14, datetime(2026, 3, 27, 8, tzinfo=UTC)),
        (ComplaintKind.INVESTIGATION, 60, datetime(2026, 6, 1, 8, tzinfo=UTC)),
    ],
)
def test_a_complaint_has_due_dates_of_its_own(kind: ComplaintKind, days: int, due: datetime) -> None:
    [referred] = given(*HANDED_OVER).when(ReferComplaint(kind=kind)).decided()
    assert isinstance(referred, ComplaintReferred)
    assert (referred.complaint, referred.kind) == (1, kind)
    assert (referred.answer_by.unit, referred.answer_by.n, referred.answer_by.due_at) == (Unit.WORKING_DAYS, days, due)
    assert (referred.verify_by.n, referred.verify_by.due_at) == (3, datetime(2026, 3, 12, 8, tzinfo=UTC))
    assert referred.answer_by.standard == "permenpanrb-62-2018@1"
    [second] = given(*HANDED_OVER, referred).when(ReferComplaint(kind=kind)).decided()
    assert second == replace(referred, complaint=2)


def test_without_a_calendar_a_complaint_has_no_due_date() -> None:
    without = replace(REGISTRY, calendars={})
    given(*HANDED_OVER, registry=without).when(ReferComplaint(kind=ComplaintKind.COMPLAINT)).refused(CalendarEnds)
