from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.application.commands import CheckDocuments, DeclareComplete, ReturnForCorrection, SupplyCorrection
from domain.application.events import (
    ApplicationEvent,
    CorrectionSupplied,
    DeclaredComplete,
    DefectiveDocument,
    DocumentsChecked,
    Received,
    ReturnedForCorrection,
    Transferred,
)
from domain.provenance import Promise
from domain.refusals import (
    AlreadyComplete,
    ApplicationEnded,
    CalendarEnds,
    DefectsMissing,
    DocumentsIncomplete,
    DocumentsNotChecked,
    OfficeUnknown,
    RequirementUnknown,
    StatusForbids,
)
from domain.registry.calendar import Unit
from domain.registry.registry import evolve
from tests.builders import (
    BLURRED,
    CHECKED,
    COMPLETE,
    HANDED_OVER,
    INFORMATION,
    KTP,
    KTP_STANDARD,
    MAKASSAR,
    MARRIAGE,
    MONDAY,
    PAUSED,
    PROMISE,
    RECEIVED,
    REGISTRY,
    RETURNED,
    SIP,
    SORONG,
    SUBMITTED,
    a_calendar,
    on,
    submitted,
)
from tests.spec import given

RETURN = ReturnForCorrection(documents=(BLURRED,))
CHECK_AND_DECLARE = CheckDocuments(complete=True, declare_complete=True)
LAST_DAY_OF_2027 = datetime(2027, 12, 30, 3, tzinfo=UTC)


def test_documents_are_checked_complete_or_with_what_is_missing() -> None:
    given(*RECEIVED).when(CheckDocuments(complete=True)).then(DocumentsChecked(complete=True))
    given(*RECEIVED).when(CheckDocuments(complete=False, missing=("photograph",))).then(
        DocumentsChecked(complete=False, missing=("photograph",))
    )


def test_a_file_is_not_complete_while_something_is_missing() -> None:
    given(*RECEIVED).when(CheckDocuments(complete=True, missing=("photograph",))).refused(DocumentsIncomplete)
    given(*RECEIVED).when(CheckDocuments(complete=False, declare_complete=True)).refused(DocumentsIncomplete)


def test_only_what_the_standard_asks_for_can_be_missing_or_defective() -> None:
    given(*RECEIVED).when(CheckDocuments(complete=False, missing=("diploma",))).refused(RequirementUnknown)
    unasked = DefectiveDocument(requirement="diploma", defect=BLURRED.defect)
    given(*RECEIVED).when(ReturnForCorrection(documents=(BLURRED, unasked))).refused(RequirementUnknown)


def test_documents_are_not_checked_before_the_file_is_received() -> None:
    given(*SUBMITTED).when(CheckDocuments(complete=True)).refused(StatusForbids)


def test_one_act_may_check_and_declare_complete() -> None:
    given(*RECEIVED).when(CHECK_AND_DECLARE).then(DocumentsChecked(complete=True), DeclaredComplete(promise=PROMISE))


def test_a_complete_file_is_promised_a_date() -> None:
    given(*CHECKED).when(DeclareComplete(), at=MONDAY).then(DeclaredComplete(promise=PROMISE))


def test_a_file_is_declared_complete_once() -> None:
    given(*COMPLETE).when(DeclareComplete()).refused(AlreadyComplete)
    given(*COMPLETE).when(CHECK_AND_DECLARE).refused(AlreadyComplete)
    given(*PAUSED).when(DeclareComplete()).refused(AlreadyComplete)


def test_of_an_ended_application_it_is_said_that_it_ended_not_that_it_was_complete() -> None:
    given(*HANDED_OVER).when(DeclareComplete()).refused(ApplicationEnded)


def test_only_a_file_whose_documents_were_found_complete_is_declared_complete() -> None:
    given(*RECEIVED).when(DeclareComplete()).refused(DocumentsNotChecked)
    given(*RECEIVED, DocumentsChecked(complete=False)).when(DeclareComplete()).refused(DocumentsIncomplete)
    given(*SUBMITTED).when(DeclareComplete()).refused(StatusForbids)


def test_a_corrected_file_is_checked_again() -> None:
    given(*RETURNED, CorrectionSupplied()).when(DeclareComplete()).refused(DocumentsNotChecked)


def test_a_service_without_a_single_figure_promises_no_date() -> None:
    given(*submitted(INFORMATION), Received(), DocumentsChecked(complete=True)).when(DeclareComplete()).then(
        DeclaredComplete(promise=None)
    )


def test_the_promise_is_counted_at_the_office_that_holds_the_file() -> None:
    given(*RECEIVED, Transferred(to=MAKASSAR)).when(CHECK_AND_DECLARE).then(
        DocumentsChecked(complete=True),
        DeclaredComplete(
            promise=Promise(
                unit=Unit.WORKING_DAYS,
                n=5,
                due_at=datetime(2026, 3, 16, 7, tzinfo=UTC),
                standard="ktp-el@3",
                calendar="id-2026@1",
                rule="day-zero-is-completeness",
            )
        ),
    )


def test_a_promise_names_all_calendars_it_was_counted_by() -> None:
    [_, declared] = given(*RECEIVED).when(CHECK_AND_DECLARE, at=datetime(2026, 12, 30, 3, tzinfo=UTC)).decided()
    assert isinstance(declared, DeclaredComplete)
    assert declared.promise
    assert declared.promise.calendar == "id-2026@1+id-2027@1"
    assert declared.promise.due_at == datetime(2027, 1, 7, 8, tzinfo=UTC)


def test_the_day_by_which_calendars_are_named_is_the_offices_own() -> None:
    without_holiday = given(
        *(on(MONDAY, event, office=SORONG) for event in (*submitted(MARRIAGE), Received())),
        registry=evolve(REGISTRY, a_calendar(2027)),
    )
    evening = datetime(2026, 12, 31, 6, 45, tzinfo=UTC)  # a quarter of an hour after closing in Sorong
    [_, declared] = without_holiday.when(CHECK_AND_DECLARE, at=evening, office=SORONG).decided()
    assert isinstance(declared, DeclaredComplete)
    assert declared.promise
    assert declared.promise.due_at == datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # 2027 in Sorong
    assert declared.promise.calendar == "id-2026@1+id-2027@1"


def test_no_date_is_promised_beyond_the_calendar() -> None:
    given(*RECEIVED).when(CHECK_AND_DECLARE, at=LAST_DAY_OF_2027).refused(CalendarEnds)
    given(*RECEIVED).when(CHECK_AND_DECLARE, at=datetime(2030, 1, 1, tzinfo=UTC)).refused(CalendarEnds)
    given(*CHECKED).when(DeclareComplete(), at=LAST_DAY_OF_2027).refused(CalendarEnds)


def test_no_date_is_promised_by_an_office_that_is_not_registered() -> None:
    given(*RECEIVED, Transferred(to="no-such-office")).when(CHECK_AND_DECLARE).refused(OfficeUnknown)


def test_a_return_names_all_defects_at_once() -> None:
    given(*CHECKED).when(RETURN).then(ReturnedForCorrection(documents=(BLURRED,), pauses=False))
    given(*CHECKED).when(ReturnForCorrection(documents=())).refused(DefectsMissing)
    given(*SUBMITTED).when(RETURN).refused(StatusForbids)


def test_after_completeness_a_return_pauses_the_clock_only_on_a_listed_ground() -> None:
    given(*COMPLETE).when(RETURN).then(ReturnedForCorrection(documents=(BLURRED,), pauses=True))
    of_sip = (*submitted(SIP), Received(), DeclaredComplete())
    given(*of_sip).when(RETURN).then(ReturnedForCorrection(documents=(BLURRED,), pauses=False))


@pytest.mark.parametrize(("history", "status"), [(RETURNED, "received"), (PAUSED, "processing")])
def test_a_correction_leads_back_to_where_the_file_was(history: tuple[ApplicationEvent, ...], status: str) -> None:
    given(*history).when(SupplyCorrection()).then(CorrectionSupplied())
    assert given(*history, CorrectionSupplied()).application.status == status


def test_only_a_returned_file_is_corrected() -> None:
    given(*CHECKED).when(SupplyCorrection()).refused(StatusForbids)


def test_completeness_says_what_the_service_calls_the_last_minute() -> None:
    strict = replace(KTP_STANDARD, last_minute_percent=10)
    registry = replace(REGISTRY, services={**REGISTRY.services, KTP: (strict,)})
    given(*CHECKED, registry=registry).when(DeclareComplete()).then(
        DeclaredComplete(promise=PROMISE, last_minute_percent=10)
    )
