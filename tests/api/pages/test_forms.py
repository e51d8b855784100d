"""The forms of the pages: they work from our own pages in every browser, and from no other site."""

from itertools import product
from typing import Any

import pytest

from tests.api.installation import LICENSING
from tests.api.lives import arrive
from tests.running import Jejak

FORM = "application/x-www-form-urlencoded"
SITES = (None, "same-origin", "none", "same-site", "cross-site")
ORIGINS = ("", "null", "ours", "another")
REFERRERS = ("", "ours", "another")
FORMS = ("track", "sign-out", "desk", "desk/sign-out", "applications/{}/satisfaction")
ANOTHER = "http://ours.example.net"
"""The name of this site begins with the name of ours."""


@pytest.fixture(scope="module")
def paper(running: Jejak) -> dict[str, Any]:
    return arrive(running, "receive").paper


def sent(running: Jejak, site: str | None, origin: str, referer: str) -> dict[str, str]:
    """The headers of a post, as a browser sends them from a page of this site."""
    address = {"ours": f"http://127.0.0.1:{running.port}", "another": ANOTHER, "null": "null"}
    return {
        "Content-Type": FORM,
        **({"Sec-Fetch-Site": site} if site else {}),
        **({"Origin": address[origin]} if origin else {}),
        **({"Referer": f"{address[referer]}/id/"} if referer else {}),
    }


@pytest.mark.parametrize("form", FORMS)
def test_only_our_own_pages_post_a_form(running: Jejak, paper: dict[str, Any], form: str) -> None:
    path = f"/id/{form.format(paper['application_id'])}"
    fields = f"number={paper['tracking_number']}&pin={paper['pin']}&token={running.officer(LICENSING)}".encode()
    for site, origin, referer in product(SITES, ORIGINS, REFERRERS):
        ours = site in ("same-origin", "none") if site else "another" not in (origin, referer)
        reply = running.request("POST", path, fields, headers=sent(running, site, origin, referer))
        assert (reply.status == 303) is ours, (site, origin, referer, reply.status)
        assert (reply.status == 403) is not ours, (site, origin, referer, reply.status)


def test_the_name_of_the_host_is_compared_without_case(running: Jejak) -> None:
    headers = {"Content-Type": FORM, "Host": "MPP.semarang.example:8000", "Origin": "http://mpp.semarang.example:8000"}
    assert running.request("POST", "/id/sign-out", b"", headers=headers).status == 303
    assert running.request("POST", "/id/sign-out", b"", headers={**headers, "Host": "other.example"}).status == 403


def test_a_page_with_a_form_tells_our_own_site_where_the_form_was(running: Jejak, paper: dict[str, Any]) -> None:
    """With "no-referrer", a browser would send `Origin: null` with the form."""
    for path in ("/id/", "/en/desk", "/id/statistics"):
        assert running.request("GET", path).headers["Referrer-Policy"] == "same-origin"
    for path in (paper["qr"], "/id/r/unknown"):
        assert running.request("GET", path).headers["Referrer-Policy"] == "no-referrer"
