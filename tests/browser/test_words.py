from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from api.pages.render import STATIC, problem_kind_page, problem_page, start_page, tracking_page
from domain.application.events import Reassigned, Received
from domain.codes import Channel, Role
from domain.refusal_tree import all_refusals
from domain.registry.registry import Registry
from projections.progress import ProgressRow
from tests.browser.samples import ACCESSES, NOW, REGISTRY, START, row, submitted
from tests.browser.states import IN_MARCH, STATES

OF_API = [
    "malformed-request",
    "unauthenticated",
    "forbidden",
    "not-found",
    "method-not-allowed",
    "stale-version",
    "precondition-required",
    "key-required",
    "key-reused",
    "application-erased",
    "application-unreadable",
    "too-large",
    "limited",
    "behind",
    "token-ahead",
    "unavailable",
    "wrong-number-or-pin",
    "number-mistyped",
    "not-acceptable",
    "internal-error",
]


def text(
    name: str | ProgressRow, language: str = "en", now: datetime = NOW, accesses: list[dict[str, Any]] | None = None
) -> str:
    sample = STATES[name] if isinstance(name, str) else name
    page = unescape(tracking_page(language, sample, REGISTRY, accesses or [], now))
    return page.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        ("submitted", "5 working days after your file is complete"),
        ("no-single-figure", "The standard of this service gives no fixed time."),
        ("promised-by-law", "5 working days after your file is complete"),
        ("promised-by-law", "names no time, so the time set by law applies (UU 30/2014)."),
        ("promised-by-law-alone", "names no time, so the time set by law applies."),
        ("dated-by-law", "names no time, so the time set by law applies (UU 30/2014)."),
        ("no-promise-for-a-reason", "The time depends on the building."),
        ("no-single-figure", "This is an example, not a real application."),
        ("no-single-figure", "depends on your case"),
        ("returned", "Old family card: cannot be read"),
        ("returned", "09:12 WITA"),
        ("processing", "On time: in 4 days."),
        ("processing", "Nothing. Each new step will appear on this page."),
        ("late", "Late: this date passed 1 day ago."),
        ("suspended", "While your application waits, the clock is stopped."),
        ("suspended", "15:00 WIB"),
        ("suspended", "once, by 7 hours of opening time (UU 14/2008)"),
        ("suspended", "your application counts as granted (UU 30/2014)"),
        ("suspended", "you can dispute it within 30 days of receiving it"),
        ("ready", "Collect it at Population Office, Jayapura City."),
        ("ready", "Kept: the decision came in time."),
        ("ready", "WIT<"),
        ("handed-over", "Handed over to the applicant's proxy"),
        ("rejected", "the documents are not valid"),
        ("rejected", "you may object in writing"),
        ("imported", "This history comes from the agency's own data."),
        ("imported", "Not kept: the application ended 4 days late."),
        ("imported", "In the agency's data, this step does not follow the usual order."),
        ("imported", "Outside the usual order: Other stages must be completed before this stage."),
        ("uploaded-late", "Recorded on Saturday, 7 November 2026."),
        ("amended", "Corrected by the office: it happened on Wednesday, 4 November 2026, 07:55 WIB."),
        ("amended", "this was recorded by mistake and does not count"),
    ],
)
def test_the_page_says(sample: str, words: str) -> None:
    assert words in text(sample)


AFTER_THE_PAUSE = {
    "en": (
        "Friday, 27 March 2026",
        "Tuesday, 31 March 2026",
        "It was Friday, 27 March 2026, now Tuesday, 31 March 2026, because the clock was paused for 2 working days.",
        [
            "Your time begins",
            "The office's clock starts",
            "The office's clock is paused",
            "The office's clock runs again",
        ],
    ),
    "id": (
        "Jumat, 27 Maret 2026",
        "Selasa, 31 Maret 2026",
        "Semula Jumat, 27 Maret 2026, sekarang Selasa, 31 Maret 2026, karena hitungan waktu berhenti selama 2 hari",
        ["Waktu Anda mulai dihitung", "Waktu kantor mulai", "Waktu kantor berhenti", "Waktu kantor berjalan lagi"],
    ),
}


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_promise_of_five_working_days_and_a_pause_of_two(language: str) -> None:
    """Complete on Friday the 13th of March; the holidays in between move it to the 27th, the pause to the 31st."""
    before, after, why, ledger = AFTER_THE_PAUSE[language]
    assert f'<p class="big"><time datetime="2026-03-27">{before}</time>' in text("promised", language, IN_MARCH)
    paused = text("moved", language, IN_MARCH + timedelta(days=4))
    assert f'<p class="big"><time datetime="2026-03-31">{after}</time>' in paused
    assert why in paused
    table = paused.partition('<table class="clocks">')[2].partition("</table>")[0]
    assert [words in table for words in ledger] == [True] * 4
    assert table.index(ledger[2]) < table.index("2026-03-25T09:00+07:00") < table.index(ledger[3])


def test_open_spans_are_measured_up_to_today() -> None:
    assert "Since submission: 13 days 20 hours." in text("promised", now=IN_MARCH)
    assert "Since submission: 14 days 20 hours." in text("promised", now=IN_MARCH + timedelta(days=1))
    assert "Since submission: less than a minute." in text("promised", now=IN_MARCH - timedelta(days=30))


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        ("moved", "Documents returned for correction (waiting for corrected documents)"),
        ("moved", "you, the applicant</th><td>2 days"),
        ("unpaid", "Please pay. See “Payments” below."),
        ("unpaid", "IDR 350,000, to be paid by Friday, 13 November 2026, 15:00 WIB."),
        ("unpaid", "Who must act now: you<"),
        ("unpaid", "While your application waits, the clock is stopped."),
        ("linked", "IDR 20,000, paid on Friday, 6 November 2026."),
        ("linked", "It is linked with 2 other applications: a birth."),
        ("linked", "not needed again here: Old family card."),
        ("held-up", "blank forms have run out: since Thursday, 5 November 2026, not solved yet"),
        ("held-up", "weather or terrain blocks the way: from Thursday, 5 November 2026 to Tuesday, 10 November 2026"),
        ("held-up", "Who must act now: another agency: Population Office, Makassar City"),
        ("held-up", "planned for Monday, 9 November 2026, done on Monday, 9 November 2026"),
        ("held-up", "because the deadline was extended: Perwal 1/2026 pasal 2."),
        ("held-up", "because the days off changed."),
        ("held-up", "to be checked by Monday, 16 November 2026, answered by Monday, 30 November 2026."),
        ("silent", "Not kept: no decision came by this date."),
        ("silent", "Therefore the application counts as granted by law (UU 30/2014 pasal 53)."),
        ("silent", "This system only recorded that. Neither the system nor an official made a decision."),
        ("silent", "with 1 pause."),
        ("silent", "Decided on Tuesday, 10 November 2026, but recorded after the outcome: rejected."),
        ("disputed", "Nothing. The office must answer your dispute."),
        ("disputed", "The office has not answered yet."),
        ("reopened", "The office agreed on Thursday, 12 November 2026 and is doing the work again."),
        ("reopened", "Your time continues as if it had not ended"),
        ("reopened", "Who must act now: technical team, Population and Civil Registration Office, Semarang City"),
        ("revoked", "Revoked by the office: something stated was not true"),
        ("revoked", "Who must act now: nobody"),
        ("known-late", "This was recorded only after the outcome. The outcome does not change."),
        ("known-late", "The clock of the device that recorded this was ahead."),
    ],
)
def test_the_page_of_clocks_says(sample: str, words: str) -> None:
    assert words in text(sample)


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        ("processing", "Pengajuan<"),
        ("processing", "Entri data dimulai<"),
        ("processing", "Entri data selesai<"),
        ("processing", "Siapa yang pernah membuka data pribadi Anda"),
        ("held-up", "<h2>Kendala</h2>"),
        ("silent", "Karena itu permohonan ini dianggap dikabulkan menurut UU 30/2014 pasal 53."),
    ],
)
def test_the_page_says_in_indonesian(sample: str, words: str) -> None:
    assert words in text(sample, "id")


def test_what_the_system_does_by_itself_is_said() -> None:
    sample = row(22, START, ("04 01:12", Received()), by=Role.SYSTEM, channel=Channel.INTERNAL)
    assert "Semarang City · automatically, by the system" in text(sample)
    assert "· otomatis oleh" in text(sample, "id")


def test_a_date_only_has_no_hour() -> None:
    history = text("imported").partition('class="steps"')[2].partition("<footer>")[0]
    assert "UTC+" not in history
    assert '<time datetime="2026-11-04">Wednesday, 4 November 2026</time>' in history


def test_today_and_the_days_around_it() -> None:
    due = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
    assert "On time: today." in text("processing", now=due)
    assert "Late: this date passed today." in text("processing", now=due + timedelta(minutes=1))
    assert "On time: in 1 day." in text("processing", now=due - timedelta(days=1))
    assert "Late: this date passed 2 days ago." in text("processing", now=due + timedelta(days=2))


def test_a_closed_day_is_said() -> None:
    sunday = datetime(2026, 11, 15, 3, 0, tzinfo=UTC)
    assert "Open today, Sunday</dt><dd>closed" in text("processing", now=sunday)


def test_who_opened_sealed_data_stands_there_without_a_person() -> None:
    told = text("processing", accesses=ACCESSES)
    assert 'Semarang City, <time datetime="2026-11-05T09:00+07:00">' in told


def test_no_officer_is_named() -> None:
    officer = UUID("11111111-2222-4333-8444-555555555555")
    told = text(row(20, START, ("04 01:00", Reassigned(officer=officer))))
    assert "File given to another officer" in told
    assert str(officer) not in told


def test_a_row_that_the_registry_does_not_know_is_shown_all_the_same() -> None:
    for sample in STATES.values():
        assert "<h1>" in tracking_page("id", sample, Registry(), [], NOW)


def test_what_stands_in_codes_is_escaped() -> None:
    assert "<b>x" not in tracking_page("id", row(21, ("03 22:10", submitted("<b>x"))), REGISTRY, [], NOW)


def test_no_page_holds_a_script_or_a_style_of_its_own() -> None:
    for page in (start_page("id"), *(text(name, "id") for name in STATES)):
        assert "<script" not in page
        assert "style=" not in page
        assert "%" not in page
        assert next(iter(STATIC)) in page


@pytest.mark.parametrize("code", [*OF_API, *(refusal.code for refusal in all_refusals())])
def test_every_code_has_a_page_in_both_languages(code: str) -> None:
    page = problem_kind_page("id", code)
    assert page is not None
    assert '<section lang="id">' in page
    assert '<section lang="en">' in page


def test_an_unknown_code_has_no_page() -> None:
    assert problem_kind_page("id", "no-such-code") is None


def test_a_refusal_is_told_in_the_readers_language() -> None:
    for refusal in all_refusals():
        detail = f"{refusal.title}. {refusal.advice}"
        facts: dict[str, Any] = {"status": 409, "title": refusal.title, "detail": detail, "code": refusal.code}
        assert refusal.title not in problem_page("id", **facts)
        assert refusal.advice not in unescape(problem_page("id", **facts))
        assert refusal.advice in unescape(problem_page("en", **facts))


def test_a_detail_of_no_known_kind_is_told_as_our_mistake() -> None:
    page = problem_page("id", status=500, title="Odd 100%", detail="Very odd", code="odd")
    assert "Odd" not in page
    assert "Terjadi kesalahan di sisi kami" in page
