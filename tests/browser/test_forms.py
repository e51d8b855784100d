"""The forms of a running Jejak in a real browser: over plain HTTP, under a name that the browser does not trust."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.api.installation import LICENSING, catalogued
from tests.api.lives import arrive
from tests.browser.conftest import HOST
from tests.running import Jejak


@pytest.fixture(scope="module")
def running() -> Iterator[Jejak]:
    with catalogued() as made:
        yield made


@pytest.fixture(scope="module")
def paper(running: Jejak) -> dict[str, Any]:
    return arrive(running, "receive").paper


@pytest.fixture
def page(paper: dict[str, Any], browser: Browser, running: Jejak) -> Iterator[Page]:  # noqa: ARG001 - nothing can be prepared while a browser is open
    context = browser.new_context(base_url=f"http://{HOST}:{running.port}", locale="id-ID")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_citizen_signs_in_and_out(page: Page, paper: dict[str, Any], language: str) -> None:
    page.goto(f"/{language}/")
    page.fill("input[name=number]", paper["tracking_number"])
    page.fill("input[name=pin]", paper["pin"])
    page.click("main form button")
    assert page.url.endswith(f"/{language}/applications/{paper['application_id']}")
    page.click("form[action$='sign-out'] button")
    assert page.url.endswith(f"/{language}/?signed-out")


def test_who_scans_a_receipt_and_signs_out(page: Page, paper: dict[str, Any]) -> None:
    page.goto(paper["qr"])
    assert page.url.endswith(f"/id/applications/{paper['application_id']}")
    page.click("form[action$='sign-out'] button")
    assert page.url.endswith("/id/?signed-out")


def test_who_scans_a_damaged_code_can_type_the_number(page: Page, paper: dict[str, Any]) -> None:
    page.goto("/id/r/unknown")
    page.fill("input[name=number]", paper["tracking_number"])
    page.fill("input[name=pin]", paper["pin"])
    page.click("main form button")
    assert page.url.endswith(f"/id/applications/{paper['application_id']}")


def test_an_officer_finds_the_file_of_a_citizen_who_states_the_number(
    page: Page, running: Jejak, paper: dict[str, Any]
) -> None:
    page.goto("/id/desk")
    page.fill("[name=token]", running.officer(LICENSING))
    page.click("main form button")
    page.fill("[name=number]", "01K2-M9XD-4TB5")
    page.keyboard.press("Enter")
    assert "Tidak ada berkas dengan nomor ini" in page.inner_text("[role=alert]")
    page.fill("[name=number]", paper["tracking_number"].lower())
    page.keyboard.press("Enter")
    assert "Permohonan diajukan" in page.inner_text(".history")
    page.click("a:has-text('Daftar berkas kantor')")
    assert page.url.endswith("/id/desk")


def test_an_officer_signs_in_and_out(page: Page, running: Jejak) -> None:
    page.goto("/id/desk")
    page.fill("[name=token]", running.officer(LICENSING))
    page.click("main form button")
    assert page.locator("form[action$='desk/sign-out'] button").count() == 1
    page.click("form[action$='desk/sign-out'] button")
    assert page.url.endswith("/id/desk?signed-out")
