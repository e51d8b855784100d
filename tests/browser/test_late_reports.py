"""The promise on the citizen's page when a decision is recorded, or corrected, after the promised date."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from api.pages.language import BY_CODE
from api.pages.promise import Promised, promised
from api.pages.reader import PageReader
from domain.application.events import ApplicationEvent, Approved, DeclaredComplete, RecordAmended, Recorded, Submitted
from domain.codes import Amendment, Channel, Quality, Role
from domain.provenance import Act, Promise
from domain.registry.calendar import Unit
from projections.progress import ProgressRow, project
from tests.browser.samples import REGISTRY


def november(day: int, hour: int = 3) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


DUE, ALLOWED = november(6, 8), november(9, 8)
PROMISE = Promise(
    unit=Unit.WORKING_DAYS,
    n=4,
    due_at=DUE,
    standard="ktp-el@1",
    calendar="id-2026@1",
    rule="day-zero-is-completeness",
)


def happened(at: datetime, event: ApplicationEvent, recorded_at: datetime | None = None) -> Recorded:
    quality = Quality.DEVICE if recorded_at else Quality.SERVER
    act = Act(at=at, by=Role.OFFICER, channel=Channel.COUNTER, at_quality=quality, office="semarang")
    return Recorded(version=0, act=act, event=event, recorded_at=recorded_at or at)


def page(*after: Recorded, language: str = "en") -> Promised:
    submitted = Submitted(service="ktp-el", standard=1, number="01K2M9XD4TB5")
    row: ProgressRow | None = None
    history = (happened(november(1), submitted), happened(november(2), DeclaredComplete(promise=PROMISE)), *after)
    for version, recorded in enumerate(history, start=1):
        row = project(row, UUID(int=1), replace(recorded, version=version))
    assert row is not None
    shown = promised(PageReader(row=row, registry=REGISTRY, language=BY_CODE[language], now=november(30)))
    assert shown is not None
    return shown


BACKDATED = Approved(report_until=ALLOWED)
LATE = happened(november(9), Approved())
CORRECTED = RecordAmended(amends=3, amendment=Amendment.TIME, corrected_at=november(6), report_until=ALLOWED)


ON_THE_29TH = {
    "en": "Counts as late: decided on Thursday, 5 November 2026, recorded on Sunday, 29 November 2026, 23 days"
    " after the promised date.",
    "id": "Dihitung terlambat: diputuskan pada Kamis, 5 November 2026, dicatat pada Minggu, 29 November 2026, 23"
    " hari setelah tanggal yang dijanjikan.",
}


@pytest.mark.parametrize(("language", "text"), ON_THE_29TH.items(), ids=ON_THE_29TH)
def test_a_decision_of_5_november_that_was_recorded_on_29_november_is_late(language: str, text: str) -> None:
    shown = page(happened(november(5), BACKDATED, november(29)), language=language)
    assert (shown.standing, shown.late) == (text, True)


def test_a_report_within_the_allowance_keeps_the_promise_and_shows_both_times() -> None:
    shown = page(happened(november(5), BACKDATED, november(7)))
    assert not shown.late
    assert shown.remarks[0].startswith(
        "Decided on Thursday, 5 November 2026 and recorded on Saturday, 7 November 2026."
    )


def test_a_report_later_on_the_promised_date_may_be_too_late() -> None:
    shown = page(happened(november(6), Approved(report_until=DUE), november(6, 9)))
    assert shown.late
    assert shown.standing.endswith("later on the promised date.")


def test_a_corrected_time_says_so_in_the_headline() -> None:
    late = page(LATE, happened(november(10), CORRECTED))
    assert late.late
    assert "As corrected by the office on Tuesday, 10 November 2026" in late.standing
    kept = page(LATE, happened(november(9, 5), CORRECTED))
    assert not kept.late
    assert kept.standing.startswith("Kept: the decision came in time. As corrected by the office on Monday")
