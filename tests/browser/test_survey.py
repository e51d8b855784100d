"""What the survey and its index say, in both languages."""

from html import unescape

import pytest

from api.pages.render import satisfaction_page, survey_page, tracking_page
from domain.satisfaction import Element, Score
from tests.browser.samples import NOW, REGISTRY, SAMPLES
from tests.browser.surveys import APPLICATION, SATISFACTIONS


def survey(state: str, language: str = "en", **chosen: int) -> str:
    return unescape(survey_page(language, APPLICATION, state, chosen))


def index(path: str, language: str = "en") -> str:
    return unescape(satisfaction_page(language, SATISFACTIONS[path], REGISTRY))


@pytest.mark.parametrize("language", ["id", "en"])
def test_each_element_is_asked_with_four_choices(language: str) -> None:
    page = survey("asked", language)
    for element in Element:
        for score in Score:
            assert f'name="{element.value}" value="{score.value}" required>' in page
    assert page.count("<fieldset") == page.count("<legend") == len(Element)
    assert f'action="/{language}/applications/{APPLICATION}/satisfaction"' in page


def test_what_was_chosen_stays_when_something_is_missing() -> None:
    page = survey("incomplete", fee=4)
    assert "Please answer all nine questions." in page
    assert 'name="fee" value="4" required checked' in page
    assert page.count("checked") == 1


def test_thanks_are_given_once_and_a_second_answer_is_told_so() -> None:
    assert "Thank you. Your answers are recorded." in survey("thanks")
    assert "They can be answered only once." in survey("again")
    assert "Survei hanya dapat diisi satu kali." in survey("again", "id")
    for state in ("thanks", "again"):
        assert "<form" not in survey(state)


def test_the_application_asks_or_thanks_or_says_nothing_of_it() -> None:
    row = SAMPLES["rejected"]
    pages = {
        state: unescape(tracking_page("en", row, REGISTRY, [], NOW, survey=state)) for state in ("", "asked", "given")
    }
    assert f'href="/en/applications/{row["application_id"]}/satisfaction"' in pages["asked"]
    assert "Your answers are recorded." in pages["given"]
    assert "satisfied" not in pages[""]


def test_the_index_of_a_service_and_of_an_office_come_before_those_of_a_service_at_an_office() -> None:
    page = index("satisfaction")
    places = [page.index(f'id="{table}-caption"') for table in ("services", "offices", "satisfaction")]
    assert places == sorted(places)
    assert '<a href="?period=2026">Year 2026</a>' in page
    assert "?period=2026-S2" not in page


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Family card, Population and Civil Registration Office, Semarang City"),
        ("en", "81.94"),
        ("en", "Very good. Between 87.50 and 90.50 with all answers. Lowest: Handling of complaints"),
        ("en", "These figures contain examples"),
        ("en", "Between 79.94 and 82.94 with all answers."),
        ("en", "No grade: both sides of a limit. Between 63.00 and 66.00"),
        ("en", "July to December 2026"),
        ("id", "Juli sampai Desember 2026"),
        ("id", "Tanpa mutu: di kedua sisi batas. Antara 63,00 dan 66,00"),
        ("id", "89,50"),
        ("id", "Tidak baik. Antara 25,00 dan 28,00 dengan semua jawaban. Terendah: Penanganan pengaduan"),
        ("id", "Kamis, 12 November 2026, 10.00 WIB"),
    ],
)
def test_the_index_says(language: str, words: str) -> None:
    assert words in index("satisfaction", language)


def test_a_unit_of_a_few_is_not_named() -> None:
    assert "Passport, Population and Civil" not in index("satisfaction")
    assert "<table" not in index("satisfaction-none")
    assert "That is too few to show." in index("satisfaction-none")


def test_the_most_answered_comes_first() -> None:
    page = index("satisfaction")
    page = page[page.index("satisfaction-caption") :]
    places = [page.index(value) for value in ("89.50", "65.00", "81.94", "27.00")]
    assert places == sorted(places)
