"""From which day the promised date was counted, in both languages, so that the citizen can count up to it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape

import pytest

from api.pages.render import tracking_page
from domain.application.events import DeclaredComplete, DeemedApproved, DocumentsChecked, Received
from domain.promises.steps import promised
from domain.registry.calendar import Unit
from domain.registry.editions import PromiseTerms
from domain.registry.registry import Registry
from projections.progress import ProgressRow
from tests.browser.samples import REGISTRY, START, promise, row, when

NOW = datetime(2026, 11, 9, 3, 0, tzinfo=UTC)
MONDAY = date(2026, 11, 9)
ONE_DAY = replace(promise("10 08:00", Unit.CALENDAR_DAYS, 1), counted_from=MONDAY)


def declared(at: str, counted_from: date | None = MONDAY) -> ProgressRow:
    complete = DeclaredComplete(promise=replace(ONE_DAY, counted_from=counted_from))
    return row(1, START, ("04 01:12", Received()), (at, DocumentsChecked(complete=True)), (at, complete))


def page(sample: ProgressRow, language: str, registry: Registry = REGISTRY) -> str:
    return unescape(tracking_page(language, sample, registry, [], NOW)).replace("\N{NO-BREAK SPACE}", " ")


def test_complete_on_friday_at_15_30_after_closing_time_one_calendar_day_is_tuesday_and_the_page_says_why() -> None:
    terms, friday = PromiseTerms(unit=Unit.CALENDAR_DAYS, n=1), when("27 08:30")
    counted = promised(
        terms, friday, office="semarang", service="kartu-keluarga", edition="kartu-keluarga@1", registry=REGISTRY
    )
    complete = DeclaredComplete(promise=counted)
    shown = page(row(1, START, ("26 03:00", Received()), ("27 08:30", complete)), "en")
    assert "Tuesday, 1 December 2026" in shown
    assert "1 calendar day. Received after closing time, so counted from Monday, 30 November 2026." in shown


@pytest.mark.parametrize(
    ("at", "language", "words"),
    [
        ("06 08:30", "en", "1 calendar day. Received after closing time, so counted from Monday, 9 November 2026."),
        ("06 08:30", "id", "Berkas diterima lengkap setelah jam tutup, jadi dihitung mulai Senin, 9 November 2026."),
        ("07 03:00", "en", "Received on a day when the office was closed, so counted from Monday, 9 November 2026."),
        (
            "07 03:00",
            "id",
            "Berkas diterima lengkap pada hari kantor tutup, jadi dihitung mulai Senin, 9 November 2026.",
        ),
    ],
)
def test_a_date_that_is_counted_from_a_later_day_says_which(at: str, language: str, words: str) -> None:
    shown = page(declared(at), language)
    assert words in shown
    assert ("Selasa" if language == "id" else "Tuesday") + ", 10 November 2026" in shown


def test_a_file_complete_in_opening_hours_is_counted_from_its_own_day() -> None:
    shown = page(declared("09 02:00", None), "en")
    assert "1 calendar day, counted from Monday, 9 November 2026." in shown
    assert "Received after" not in shown


@pytest.mark.parametrize("known", [Registry(), replace(REGISTRY, calendars={})], ids=["no office", "no calendar"])
def test_the_day_is_said_also_where_the_registry_no_longer_knows_it(known: Registry) -> None:
    assert "so counted from Monday, 9 November 2026." in page(declared("06 08:30"), "en", known)


def test_a_grant_by_silence_names_the_day_from_which_it_was_counted() -> None:
    deemed = DeemedApproved(
        basis="uu-30-2014-53", promise=ONE_DAY, complete_at=when("06 08:30"), pauses=(), silent_until=4
    )
    complete = DeclaredComplete(promise=ONE_DAY)
    checked = (START, ("04 01:12", Received()), ("06 08:30", DocumentsChecked(complete=True)), ("06 08:30", complete))
    shown = page(row(1, *checked, ("10 08:00", deemed)), "en")
    assert "The time was counted from Monday, 9 November 2026, with 0 pauses." in shown
