"""A running Jejak that knows the example catalogue and holds no application yet, with a bearer of every kind."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from infra import catalogue
from infra.composition import Installation, installation
from infra.keys.tokens import SignedTokens
from infra.postgres.databases import databases
from infra.settings import settings_from
from service_layer.rights import Bearer, Principal
from tests.running import Jejak, jejak

LICENSING = "pemda-3374-dpmptsp"
IMMIGRATION = "vertikal-imigrasi-3374"
INFORMATION = "pemda-3374-ppid"
HEALTH = "pemda-3374-dinkes"
SEMARANG = "pemda-3374-disdukcapil"
MAKASSAR = "pemda-7371-disdukcapil"
INSURANCE = "bpjs-kesehatan-3374"
OFFICES = {
    LICENSING: "pemda-3374",
    IMMIGRATION: "imigrasi",
    INFORMATION: "pemda-3374",
    HEALTH: "pemda-3374",
    SEMARANG: "pemda-3374",
    MAKASSAR: "pemda-7371",
    INSURANCE: "bpjs",
}
TOKEN_SECONDS = 4 * 3600
"""Longer than the longest test."""


@contextmanager
def catalogued() -> Iterator[Jejak]:
    with jejak() as running:
        asyncio.run(furnish(running, publish=True))
        yield running


async def furnish(running: Jejak, *, publish: bool) -> None:
    """Signs all bearers at once: a process of `jejak token` for each would take longer than the tests."""
    settings = settings_from(running.environment())
    with databases(settings) as found:
        async with installation(settings, found) as made:
            if publish:
                editions = [*catalogue.basics(), *catalogue.examples()]
                await made.editions.publish(editions, made.recorder, made.named.commands[0])
            running.tokens |= signed(made)


async def ended_bearer(running: Jejak, office: str) -> str:
    """An officer's bearer that has already expired. `jejak token` refuses to make one."""
    settings = settings_from(running.environment())
    with databases(settings) as found:
        async with installation(settings, found) as made:
            tokens = SignedTokens(made.named.token, made.named.read_token)
            return tokens.bearer(Principal(bearer=Bearer.OFFICER, actor=uuid4(), office=office), seconds=0)


Signed = dict[tuple[str, ...], str]


def signed(made: Installation) -> Signed:
    tokens = SignedTokens(made.named.token, made.named.read_token)

    def bearer(kind: Bearer, *, office: str = "", agency: str = "") -> str:
        principal = Principal(bearer=kind, actor=uuid4(), office=office, agency=agency)
        return tokens.bearer(principal, seconds=TOKEN_SECONDS)

    everywhere: Signed = {("--role", kind.value): bearer(kind) for kind in (Bearer.AUDITOR, Bearer.OPERATOR)}
    in_offices: Signed = {
        ("--role", kind.value, "--office", office): bearer(kind, office=office)
        for kind in (Bearer.OFFICER, Bearer.SUPERVISOR)
        for office in OFFICES
    }
    agencies: Signed = {("--agency", agency): bearer(Bearer.AGENCY, agency=agency) for agency in set(OFFICES.values())}
    return {**everywhere, **in_offices, **agencies}
