import re
from html import unescape

import pytest

from api.pages.language import BY_CODE
from api.pages.render import STATIC, statistics_page
from domain.registry.registry import Registry
from projections.figures import Figures
from tests.browser.figures import INSTALLATIONS, MANY, NAMED, NOTHING, figures, month, statistics
from tests.browser.samples import REGISTRY

everywhere = pytest.mark.parametrize("language", ["id", "en"])


def text(language: str, path: str) -> str:
    shown, registry = INSTALLATIONS[path]
    return unescape(statistics_page(language, shown, registry))


def rows(page: str, table: str) -> list[str]:
    """The names that stand in a table, from the top."""
    inside = page.partition(f'id="{table}-caption"')[2].partition("</table>")[0]
    return re.findall(r'scope="row">([^<]*?) ?<', inside)


@pytest.mark.parametrize(
    ("path", "language", "words"),
    [
        ("statistics", "id", "Dari sekitar 5.220 permohonan, sekitar 4.180 sudah dijawab dan sekitar 1.040 belum"),
        (
            "statistics",
            "id",
            "Dari keputusan yang punya tanggal janji, 88,4% tepat waktu. 10% keputusan tidak punya tanggal janji.",
        ),
        ("statistics", "id", "Kamis, 12 November 2026, 10.00 WIB"),
        ("statistics", "en", "Of about 5,220 applications, about 4,180 have been answered and about 1,040 are"),
        (
            "statistics",
            "en",
            "Of the decisions that had a promised date, 88.4% were on time. 10% of the decisions had no promised date.",
        ),
        (
            "statistics",
            "en",
            "Most often on time: Yearly motor vehicle tax payment, 100%. Least often: First",
        ),
        ("statistics", "en", "Nine in ten decided within</dt><dd>13.5 days"),
        ("statistics", "en", 'Earlier months are in the <a href="/v1/statistics.csv">CSV file</a>.'),
        ("statistics", "en", "These figures contain examples"),
        ("statistics", "en", 'Electronic identity card<span class="heard">,</span> <small>example</small>'),
        ("statistics", "en", 'Front desk<span class="heard">,</span> <small>imported</small>'),
        ("statistics-many", "en", "These are the thirty with the most applications."),
        ("statistics-one", "id", "Dari sekitar 40 permohonan, sekitar 30 sudah dijawab dan kurang dari sepuluh belum"),
        ("statistics-none", "en", "Fewer than ten applications have come in, possibly none."),
        ("statistics-none", "id", "Belum ada angka."),
        ("statistics-few", "en", "Every month has fewer than ten applications, possibly none."),
        ("statistics-zero", "en", "Fewer than ten applications have come in, possibly none."),
    ],
)
def test_the_page_says(path: str, language: str, words: str) -> None:
    assert words in text(language, path)


@pytest.mark.parametrize(
    ("path", "language", "words"),
    [
        ("statistics-one", "en", "example"),
        ("statistics-one", "en", "Most often"),
        ("statistics-one", "en", "Earlier months"),
        ("statistics-one", "en", "A dotted line"),
        ("statistics-none", "en", "had a deadline"),
        ("statistics-none", "en", 'role="img"'),
        ("statistics", "en", "the thirty"),
    ],
)
def test_the_page_says_nothing_of_what_there_is_not(path: str, language: str, words: str) -> None:
    assert words not in text(language, path)


def numbers_of(language: str, given: list[Figures]) -> set[str]:
    reader = BY_CODE[language]
    values = [getattr(one, name) for one in given for name in Figures.__dataclass_fields__]
    return {reader.number(value) for value in values if isinstance(value, int | float)} | {"<10"}


@everywhere
@pytest.mark.parametrize("path", INSTALLATIONS)
def test_every_number_is_one_that_was_given(language: str, path: str) -> None:
    shown, registry = INSTALLATIONS[path]
    page = unescape(statistics_page(language, shown, registry))
    given = numbers_of(language, [shown.total, *(one for table in shown.tables.values() for one in table.values())])
    said = [
        *re.findall(r"<td[^>]*>([^<]+)</td>", page),
        *re.findall(r"<dd>([^<]+)</dd>", page),
        *re.findall(r'<p class="lead">([^<]+)</p>', page),
        *re.findall(r'<p aria-hidden="true">([^<]+)</p>', page),
    ]
    found = {number.rstrip(".,") for each in said for number in re.findall(r"<?[0-9][0-9.,]*|<10", each)}
    assert found <= given


def test_what_is_hidden_has_no_length() -> None:
    page = text("en", "statistics-few")
    assert "<rect" not in page
    assert page.count('class="bar hidden"') == 2 + 7
    assert page.count("<path") == 1


def test_those_with_the_most_applications_stand_first_and_hidden_ones_last() -> None:
    tables = {"service": {"a": NOTHING, "paspor": figures(10), "ktp-el": figures(900), "b": NOTHING}}
    page = statistics_page("en", statistics(figures(910), **tables), REGISTRY)
    assert rows(page, "service") == ["Electronic identity card", "Passport", "a", "b"]


def test_no_more_than_thirty_stand_there() -> None:
    assert len(rows(text("id", "statistics-many"), "service")) == 30 < len(MANY)


def test_the_newest_month_stands_first_and_a_month_of_long_ago_not_at_all() -> None:
    page = text("en", "statistics")
    assert rows(page, "month")[:2] == ["November 2026", "October 2026"]
    assert rows(page, "month")[-1] == "December 2024"


def test_a_month_without_applications_leaves_a_gap_in_the_chart() -> None:
    tables = {"month": {month(0): figures(40), month(2): figures(20)}}
    page = statistics_page("en", statistics(figures(60), **tables), REGISTRY)
    assert re.findall(r'<rect x="(\d+)" y="([0-9.]+)"', page) == [("91", "50.0"), ("111", "0.0")]


def test_bars_of_shares_are_measured_against_the_whole() -> None:
    tables = {"channel": {"counter": figures(400, 0.875)}}
    page = statistics_page("id", statistics(figures(400), **tables), REGISTRY)
    assert '<rect width="87.5%" height="100%"/>' in page


@everywhere
@pytest.mark.parametrize("path", INSTALLATIONS)
def test_a_registry_that_knows_nothing_does_no_harm(language: str, path: str) -> None:
    assert "<h1>" in statistics_page(language, INSTALLATIONS[path][0], Registry())


def test_what_stands_in_codes_is_escaped() -> None:
    tables = {"service": {"<b>x": figures(40)}, "channel": {"<b>y": figures(40)}}
    page = statistics_page("id", statistics(figures(40), **tables), NAMED)
    assert "<b>" not in page
    assert rows(page, "channel") == ["&lt;b&gt;y"]


@everywhere
def test_no_page_holds_a_script_or_a_style_of_its_own(language: str) -> None:
    for path in INSTALLATIONS:
        page = text(language, path)
        assert "<script" not in page
        assert "style=" not in page
        assert "<style" not in page
        assert next(iter(STATIC)) in page


@pytest.mark.parametrize(
    ("number", "indonesian", "english"),
    [(1250, "1.250", "1,250"), (0, "0", "0"), (3.5, "3,5", "3.5"), (1234.0, "1.234", "1,234")],
)
def test_numbers_are_written_as_the_reader_writes_them(number: float, indonesian: str, english: str) -> None:
    assert (BY_CODE["id"].number(number), BY_CODE["en"].number(number)) == (indonesian, english)


def test_shares_and_months_are_written_as_the_reader_writes_them() -> None:
    assert (BY_CODE["id"].percent(87.5), BY_CODE["en"].percent(90)) == ("87,5%", "90%")
    assert (BY_CODE["id"].month("2026-03"), BY_CODE["en"].month("2026-03")) == ("Maret 2026", "March 2026")
