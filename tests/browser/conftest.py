import gzip
import shutil
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from api.pages.render import (
    LANGUAGES,
    STATIC,
    problem_kind_page,
    problem_page,
    satisfaction_page,
    start_page,
    statistics_page,
    survey_page,
    tracking_page,
)
from api.pages.words import MESSAGES
from tests.browser.desks import desks
from tests.browser.figures import INSTALLATIONS
from tests.browser.samples import ACCESSES, NOW, REGISTRY
from tests.browser.states import STATES
from tests.browser.surveys import APPLICATION, SATISFACTIONS, SURVEYS
from tests.browser.surveys import STATES as SURVEY_STATES

HOST = "mpp.semarang.example"
"""A name of this machine that the browser trusts no more than any other."""
FLAGS = [
    f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
HTML = "text/html; charset=utf-8"


def served() -> dict[str, tuple[bytes, str]]:
    pages: dict[str, str] = {}
    for language in LANGUAGES:
        pages[f"/{language}/"] = start_page(language)
        for message in MESSAGES:
            pages[f"/{language}/?{message}"] = start_page(language, message=message)
        for name, row in STATES.items():
            pages[f"/{language}/applications/{row['application_id']}"] = tracking_page(
                language, row, REGISTRY, ACCESSES if name == "processing" else [], NOW, survey=SURVEYS.get(name, "")
            )
        for state in SURVEY_STATES:
            pages[f"/{language}/survey-{state}"] = survey_page(language, APPLICATION, state, {"time": 2})
        for path, satisfaction in SATISFACTIONS.items():
            pages[f"/{language}/{path}"] = satisfaction_page(language, satisfaction, REGISTRY)
        for path, (statistics, registry) in INSTALLATIONS.items():
            pages[f"/{language}/{path}"] = statistics_page(language, statistics, registry)
        pages |= {f"/{language}/{path}": page for path, page in desks(language).items()}
        pages[f"/{language}/problem"] = problem_page(
            language, status=404, title="Page not found", detail="Nothing at all", code="not-found"
        )
    pages["/problems/stages-open"] = problem_kind_page("id", "stages-open") or ""
    return {path: (page.encode(), HTML) for path, page in pages.items()} | STATIC


class Handler(BaseHTTPRequestHandler):
    content = served()

    def do_GET(self) -> None:
        body, kind = self.content.get(self.path, (b"", HTML))
        packed = gzip.compress(body, 9)
        self.send_response(200 if body else 404)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Encoding", "gzip"),
            ("Content-Length", str(len(packed))),
            ("Content-Security-Policy", POLICY),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(packed)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def base_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")  # an open Playwright breaks every asyncio test after it, so never for the session
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=FLAGS)


@pytest.fixture
def new_page(browser: Browser, base_url: str) -> Iterator[Callable[..., Page]]:
    """Makes pages of contexts as asked; after the test, none may have complained or asked anybody outside."""
    wrong: list[str] = []
    contexts = []

    def make(**options: object) -> Page:
        context = browser.new_context(base_url=base_url, locale="id-ID", reduced_motion="reduce", **options)  # type: ignore[arg-type]  # the options of the test go through as they are
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda r: None if r.url.startswith((base_url, "data:")) else wrong.append(r.url))
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        return page

    yield make
    for context in contexts:
        context.close()
    assert wrong == []
