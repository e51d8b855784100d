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


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Family card, Population and Civil Registration Office, Semarang City"),
        ("en", "81.94"),
        ("en", "Very good. Lowest: Handling of complaints"),
        ("en", "These figures contain examples"),
        ("id", "88,50"),
        ("id", "Tidak baik. Terendah: Penanganan pengaduan"),
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
    places = [page.index(value) for value in ("88.50", "65.00", "81.94", "25.00")]
    assert places == sorted(places)
