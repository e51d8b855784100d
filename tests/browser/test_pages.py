import os
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Page

from api.pages.words import MESSAGES
from tests.browser.samples import SAMPLES

NewPage = Callable[..., Page]

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
BUDGET = 15 * 1024
PHONE = {"width": 360, "height": 740}

APPLICATIONS = {name: f"applications/{row['application_id']}" for name, row in SAMPLES.items()}
PAGES = {
    "start": "",
    "refused": "?wrong-number-or-pin",
    "signed-out": "?signed-out",
    "problem": "problem",
    **APPLICATIONS,
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


@in_both_languages
@pytest.mark.parametrize("scheme", ["light", "dark"])
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
    print(f"heaviest page: {max(weights.values())} bytes, lightest {min(weights.values())}")
    assert max(weights.values()) <= BUDGET, weights


@in_both_languages
def test_targets_are_large_and_text_is_readable(language: str, new_page: NewPage) -> None:
    page = new_page(viewport=PHONE)
    for path in paths(language):
        page.goto(path)
        small = page.evaluate(
            """[...document.querySelectorAll('button, input, nav a, .mark, .button')]
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
    for path in APPLICATIONS.values():
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
