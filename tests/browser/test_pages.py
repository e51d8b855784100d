import os
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Page

from api.pages.words import MESSAGES
from tests.browser.desks import DESKS
from tests.browser.figures import INSTALLATIONS
from tests.browser.states import STATES
from tests.browser.surveys import SATISFACTIONS
from tests.browser.surveys import STATES as SURVEY_STATES

NewPage = Callable[..., Page]

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
BUDGET, STATISTICS_BUDGET, DESK_BUDGET = 15 * 1024, 30 * 1024, 50 * 1024
PHONE = {"width": 360, "height": 740}

APPLICATIONS = {name: f"applications/{row['application_id']}" for name, row in STATES.items()}
PAGES = {
    "start": "",
    "refused": "?wrong-number-or-pin",
    "signed-out": "?signed-out",
    "problem": "problem",
    **APPLICATIONS,
    **{f"survey-{state}": f"survey-{state}" for state in SURVEY_STATES},
    **{path: path for path in SATISFACTIONS},
    **{path: path for path in (*INSTALLATIONS, *DESKS)},
}
in_both_languages = pytest.mark.parametrize("language", ["id", "en"])


def paths(language: str) -> list[str]:
    return [*(f"/{language}/{path}" for path in PAGES.values()), "/problems/stages-open"]


def violations(page: Page) -> list[object]:
    page.evaluate(AXE + "; null")
    found: list[object] = page.evaluate(
        """tags => axe.run({runOnly: {type: 'tag', values: tags}})
            .then(r => r.violations.map(v => [v.id, v.nodes.map(n => [n.target, n.failureSummary])]))""",
        TAGS,
    )
    return found


def bytes_on_the_wire(page: Page, path: str) -> int:
    cdp = page.context.new_cdp_session(page)
    sizes: list[int] = []
    cdp.send("Network.enable")
    cdp.send("Network.setCacheDisabled", {"cacheDisabled": True})
    cdp.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    page.goto(path)
    cdp.detach()
    assert len(sizes) == 2, "a page and its style"
    return sum(sizes)


@pytest.mark.parametrize(("language", "scheme"), [("id", "light"), ("en", "light"), ("id", "dark")])
def test_axe_finds_nothing_by_day_and_by_night(language: str, scheme: str, new_page: NewPage) -> None:
    page = new_page(viewport=PHONE, color_scheme=scheme)
    for path in paths(language):
        page.goto(path)
        assert violations(page) == [], path


@in_both_languages
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_no_page_scrolls_sideways(language: str, width: int, new_page: NewPage) -> None:
    page = new_page(viewport={"width": width, "height": 740})
    for path in paths(language):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


@in_both_languages
def test_a_page_with_its_style_is_light(language: str, new_page: NewPage) -> None:
    page = new_page()
    weights = {path: bytes_on_the_wire(page, path) for path in paths(language)}
    figures = {path: weight for path, weight in weights.items() if path.split("/")[-1] in INSTALLATIONS}
    of_desks = {path: weight for path, weight in weights.items() if path.split("/")[-1] in DESKS}
    others = {path: weight for path, weight in weights.items() if path not in figures and path not in of_desks}
    for of, found in (("page", others), ("statistics page", figures), ("desk", of_desks)):
        print(f"heaviest {of}: {max(found.values())} bytes, lightest {min(found.values())}")
    assert max(others.values()) <= BUDGET, others
    assert max(figures.values()) <= STATISTICS_BUDGET, figures
    assert max(of_desks.values()) <= DESK_BUDGET, of_desks


@in_both_languages
def test_targets_are_large_and_text_is_readable(language: str, new_page: NewPage) -> None:
    page = new_page(viewport=PHONE)
    for path in paths(language):
        page.goto(path)
        small = page.evaluate(
            """[...document.querySelectorAll('button, input, nav a, .mark, .button, .target')]
                .filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"""
        )
        tiny = page.evaluate(
            """[...document.body.querySelectorAll('*')]
                .filter(e => parseFloat(getComputedStyle(e).fontSize) < 16).map(e => e.outerHTML)"""
        )
        assert (small, tiny) == ([], []), path


def test_without_scripts_everything_stands_there(new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(f"/id/{APPLICATIONS['processing']}")
    assert page.title() == "Kartu Keluarga: sedang diproses - Jejak"
    assert "Senin, 16 November 2026" in page.inner_text(".promise")
    assert "4 hari lagi" in page.inner_text(".promise")


def test_the_keyboard_reaches_number_pin_and_button(new_page: NewPage) -> None:
    page = new_page()
    page.goto("/id/")
    reached = []
    for _ in range(6):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("(e => e.id || e.className || e.tagName)(document.activeElement)"))
    assert reached == ["skip", "mark", "A", "number", "pin", "BUTTON"]


@pytest.mark.parametrize("path", ["statistics", "statistics-many", "statistics-none"])
def test_the_keyboard_reaches_every_table_of_figures(path: str, new_page: NewPage) -> None:
    page = new_page(viewport={"width": 320, "height": 740})
    page.goto(f"/id/{path}")
    regions = page.locator("[role=region]")
    names = [page.locator(f"#{each.get_attribute('aria-labelledby')}").inner_text() for each in regions.all()]
    assert len(set(names)) == len(names) == page.locator("table").count()
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.getAttribute('aria-labelledby')"))
    assert reached >= {each.get_attribute("aria-labelledby") for each in regions.all()}


def test_a_table_that_is_too_wide_scrolls_by_the_keyboard(new_page: NewPage) -> None:
    page = new_page(viewport={"width": 660, "height": 740})  # on a telephone, each figure has a line of its own
    page.goto("/id/statistics-many")
    region = page.locator("[aria-labelledby=office-caption]")
    assert region.evaluate("e => e.scrollWidth > e.clientWidth")
    region.focus()
    page.keyboard.press("ArrowRight")
    frames = (
        "new Promise(done => { let left = 30; (function next() { left-- ? requestAnimationFrame(next) : done() })() })"
    )
    page.evaluate(frames)
    assert region.evaluate("e => e.scrollLeft") > 0


def test_a_chart_tells_its_essence(new_page: NewPage) -> None:
    page = new_page()
    page.goto("/en/statistics")
    chart = page.get_by_role("img", name="Applications submitted per month Highest: August 2025, 300.")
    assert "Lowest: June 2025, fewer than ten. Latest: November 2026, 110." in (chart.text_content() or "")


@pytest.mark.parametrize("width", [360, 1280])
def test_figures_stay_a_table_at_every_width(width: int, new_page: NewPage) -> None:
    page = new_page(viewport={"width": width, "height": 740})
    page.goto("/en/statistics")
    table = page.get_by_role("table", name="Services, the most used first. The bar shows the share decided on time.")
    assert table.get_by_role("columnheader").all_inner_texts()[:3] == ["Service", "On time", "How many"]
    line = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Family card"))
    assert line.get_by_role("cell").all_inner_texts() == [
        "98.1%",
        "1,480",
        "1 day",
        "3 days",
        "3 days",
        "0.5 days",
        "10%",
    ]


def test_a_screen_reader_hears_a_comma_between_a_step_and_its_state(new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"/id/{APPLICATIONS['processing']}")
    for name in ("Berkas lengkap, selesai", "Pemeriksaan ulang data, sekarang", "Keputusan, berikutnya"):
        assert page.get_by_role("heading", name=name, exact=True).count() == 1, name


def test_the_skip_link_shows_when_reached(new_page: NewPage) -> None:
    page = new_page()
    page.goto("/id/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_is_announced_and_points_at_its_field(message: str, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"/en/?{message}")
    notice = page.get_by_role("status" if message == "signed-out" else "alert")
    assert MESSAGES[message] in notice.inner_text()
    for link in notice.locator("a").all():
        field = page.locator(link.get_attribute("href") or "")
        assert field.get_attribute("aria-invalid") == "true"
        described = (field.get_attribute("aria-describedby") or "").split()
        assert MESSAGES[message] in [page.locator(f"#{part}").inner_text() for part in described]


@in_both_languages
def test_the_other_language_is_the_same_page(language: str, new_page: NewPage) -> None:
    page, other = new_page(), {"id": "en", "en": "id"}[language]
    for path in (*APPLICATIONS.values(), "statistics"):
        page.goto(f"/{language}/{path}")
        link = page.locator("nav a")
        assert page.get_attribute("html", "lang") == language
        assert (link.get_attribute("hreflang"), link.get_attribute("lang")) == (other, other)
        assert link.get_attribute("href") == f"/{other}/{path}"


@pytest.mark.skipif("JEJAK_SCREENSHOTS" not in os.environ, reason="JEJAK_SCREENSHOTS names no folder")
@in_both_languages
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_screenshots(language: str, scheme: str, new_page: NewPage) -> None:
    folder = Path(os.environ["JEJAK_SCREENSHOTS"])
    for width in (360, 1280):
        page = new_page(viewport={"width": width, "height": 740}, color_scheme=scheme)
        for name, path in PAGES.items():
            page.goto(f"/{language}/{path}")
            page.screenshot(path=folder / f"{name}-{language}-{width}-{scheme}.png", full_page=True)
