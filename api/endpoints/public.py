"""Endpoints without a bearer token: they serve tracking by number and PIN, the catalogue, and explanations of
problems.
"""

import re
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.browser import language_of
from api.conditional import body_of
from api.dependencies import dependencies_of
from api.pages.render import problem_kind_page
from api.problems import Problem
from api.results import NO_STORE, json
from domain.json_values import data_of
from domain.pin import parse_pin
from domain.registry.editions import StandardPublished
from domain.registry.registry import Registry
from domain.tracking_number import parse_tracking_number
from service_layer import bodies
from service_layer.faults import ViewBehind

CATALOGUE = {"Cache-Control": "public, max-age=60"}
EDITION_FIELDS = ("standard", "in_force_from", "in_force_until", "region", "only_offices", "promise")
LIMIT = r"[1-9][0-9]?|100"
AFTER_MAX = 100
PREFIXES = {4: 24, 6: 64}


async def track(request: Request) -> Response:
    """Exchange the tracking number and PIN of a receipt for a read token.

    With this token, the client can read only this one application.
    """
    body, _ = await body_of(request, bodies.TrackBody)
    application_id = await admitted(request, body.number, body.pin)
    token, seconds = dependencies_of(request).tokens.read_token(application_id)
    tracked = {"application_id": str(application_id), "read_token": token, "expires_in": seconds}
    return json(tracked, headers=NO_STORE)


async def admitted(request: Request, typed_number: str, typed_pin: str) -> UUID:
    """Returns the application with this number, if the PIN is right. Every try is counted before the PIN is checked, so
    parallel requests cannot get around the limit.

    If the view is behind, a right number may not be found. Then the try is not counted.

    Raises NumberMistyped, ViewBehind, and Problem `limited` or `wrong-number-or-pin`. A number that does not exist gets
    the same answer as a wrong PIN.
    """
    dependencies = dependencies_of(request)
    number = parse_tracking_number(typed_number)
    network = network_of(request.client.host if request.client else "")
    _, end = await dependencies.views.log_end()
    is_current = await dependencies.views.reached(end, seconds=1)
    row = await dependencies.views.row_by_number(number)
    if row is None and not is_current:
        raise ViewBehind
    retry_after = await dependencies.door.knock(number, network)
    if retry_after:
        raise Problem("limited", headers={"Retry-After": str(retry_after)})
    resets = row["pin_resets"] if row else 0
    right = dependencies.receipts.is_pin(parse_pin(typed_pin), number, resets)
    if row is None or not right:
        dependencies.meter.pin_failure()
        raise Problem("wrong-number-or-pin")
    await dependencies.door.open(number, network)
    return UUID(row["application_id"])


def network_of(address: str) -> str:
    """Returns the network of an address. Tries from the same network are counted together. The network is the first 24
    bits (/24) of the IPv4 address, or the first 64 bits (/64) of the IPv6 address. A socket for IPv6 may show an IPv4
    address in the form of an IPv6 address. The function treats this as the IPv4 address.

    One household can use all addresses of an IPv6 /64, so an attacker must not get a new try for each address. An
    attacker can also rent 256 neighbouring IPv4 addresses, so these addresses are one network, too. If a provider gives
    a household another address, this address is often in the same /24. So the household is still in a known network.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    return str(ip_network((parsed, PREFIXES[parsed.version]), strict=False))


async def list_services(request: Request) -> Response:
    """List the services.

    Each service is returned with the newest national edition of its standard, and with the places where other editions
    apply.
    """
    registry = await dependencies_of(request).catalogue.registry()
    codes, following = _page(request, sorted(registry.services))
    items = [_service(standard, registry) for code in codes if (standard := registry.newest(code))]
    return _listed(request, items, following)


async def get_service(request: Request) -> Response:
    """Read one service's standard: requirements, stages, promise, fee, and the places where other editions apply.

    If the query names an `office`, the answer is the edition that is in force at this office today. The office's time
    zone decides which day is today.
    """
    dependencies = dependencies_of(request)
    registry = await dependencies.catalogue.registry()
    service, office = request.path_params["service"], request.query_params.get("office")
    if office is None:
        standard = registry.newest(service)
    elif office in registry.offices:
        standard = registry.standard_in_force(service, registry.local_day(dependencies.now(), office), office)
    else:
        standard = None
    if standard is None:
        raise Problem("not-found")
    return json(_service(standard, registry), headers=CATALOGUE)


def _service(standard: StandardPublished, registry: Registry) -> dict[str, Any]:
    """Returns the body of a standard. `editions` lists every edition of the standard. Each edition has the place where
    it applies and its first day in force.
    """
    editions = [
        {name: value for name, value in _plain(edition).items() if name in EDITION_FIELDS}
        for edition in registry.services[standard.service]
    ]
    return {**_plain(standard), "editions": editions}


def _plain(standard: StandardPublished) -> dict[str, Any]:
    """Returns the data of the edition. If the standard names no time, `promise` is the default time of the law."""
    return {**data_of(standard), "promise": data_of(standard.terms)} if standard.terms else data_of(standard)


async def list_offices(request: Request) -> Response:
    """List the offices, with their zones and opening hours."""
    registry = await dependencies_of(request).catalogue.registry()
    codes, following = _page(request, sorted(registry.offices))
    return _listed(request, [data_of(registry.offices[code]) for code in codes], following)


async def get_office(request: Request) -> Response:
    """Read one office."""
    registry = await dependencies_of(request).catalogue.registry()
    office = registry.offices.get(request.path_params["office"])
    if office is None:
        raise Problem("not-found")
    return json(data_of(office), headers=CATALOGUE)


async def list_malls(request: Request) -> Response:
    """List the public service malls, with their places and counters."""
    registry = await dependencies_of(request).catalogue.registry()
    codes, following = _page(request, sorted(registry.malls))
    return _listed(request, [data_of(registry.malls[code]) for code in codes], following)


async def get_mall(request: Request) -> Response:
    """Read one mall."""
    registry = await dependencies_of(request).catalogue.registry()
    mall = registry.malls.get(request.path_params["mall"])
    if mall is None:
        raise Problem("not-found")
    return json(data_of(mall), headers=CATALOGUE)


def _page(request: Request, codes: list[str]) -> tuple[list[str], str | None]:
    """Returns one page of the codes. Also returns the value that the client must send as `after` to get the next page.
    `after` is the last code of the previous page.
    """
    limit = request.query_params.get("limit", "50")
    if not re.fullmatch(LIMIT, limit):
        detail = "A whole number from 1 to 100."
        raise Problem("malformed-request", errors=[{"pointer": "?limit", "detail": detail}])
    after = request.query_params.get("after", "")
    if len(after) > AFTER_MAX:
        detail = "At most 100 characters: the last code of the previous page."
        raise Problem("malformed-request", errors=[{"pointer": "?after", "detail": detail}])
    left = [code for code in codes if code > after]
    page = left[: int(limit)]
    return page, page[-1] if len(left) > len(page) else None


def _listed(request: Request, items: list[dict[str, Any]], following: str | None) -> Response:
    headers = dict(CATALOGUE)
    if following:
        limit = f"&limit={request.query_params['limit']}" if "limit" in request.query_params else ""
        headers["Link"] = f'<{request.url.path}?after={following}{limit}>; rel="next"'
    return json({"items": items, "next": following}, headers=headers)


async def get_problem(request: Request) -> Response:
    """Read the page that explains a problem code.

    The page has an Indonesian and an English text. If Accept-Language begins with English, the English text comes
    first. Otherwise the Indonesian text comes first.
    """
    page = problem_kind_page(language_of(request), request.path_params["code"])
    if page is None:
        raise Problem("not-found")
    return HTMLResponse(page, headers={"Cache-Control": "public, max-age=3600", "Vary": "Accept-Language"})
