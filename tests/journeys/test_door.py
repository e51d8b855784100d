"""Number and PIN are guessed in vain: all processes count together, and the QR stays out of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.lives import arrive
from tests.journeys.receipts import session, tracked, typed
from tests.running import Jejak, Reply, free_port

TRIES = 20


@pytest.fixture(scope="module")
def ports(running: Jejak) -> Iterator[tuple[int, int]]:
    """Of the server, and of a second process on the same data folder."""
    second = free_port()
    process = running.start(verb="api", port=second)
    yield running.port, second
    assert running.stop(process) == 0


def wrong(paper: dict[str, Any]) -> dict[str, Any]:
    return paper | {"pin": f"{(int(paper['pin']) + 1) % 10**8:08}"}


def limited(reply: Reply) -> None:
    assert (reply.status, reply.json()["code"]) == (429, "limited")
    assert 0 < int(reply.headers["Retry-After"]) <= 86_400


def test_wrong_tries_at_two_processes_are_counted_together(running: Jejak, ports: tuple[int, int]) -> None:
    paper = arrive(running, "receive").paper
    for place in range(TRIES):
        reply = tracked(running, wrong(paper), port=ports[place % 2])
        assert (reply.status, reply.json()["code"]) == (403, "wrong-number-or-pin")
    for port in ports:
        limited(tracked(running, wrong(paper), port=port))
        limited(tracked(running, paper, port=port))
        page = typed(running, paper["tracking_number"], paper["pin"], port=port)
        assert page.status == 429
        assert 0 < int(page.headers["Retry-After"]) <= 86_400
        assert session(running.request("GET", paper["qr"], port=port))


def test_another_number_is_not_limited_with_it(running: Jejak, ports: tuple[int, int]) -> None:
    guessed, other = (arrive(running, "receive").paper for _ in range(2))
    for _ in range(TRIES + 1):
        tracked(running, wrong(guessed))
    limited(tracked(running, guessed))
    assert tracked(running, other, port=ports[1]).status == 200


def test_right_tries_are_not_counted(running: Jejak) -> None:
    paper = arrive(running, "receive").paper
    for _ in range(TRIES + 5):
        assert tracked(running, paper).status == 200


def test_a_number_that_does_not_exist_is_answered_and_counted_as_a_wrong_pin(running: Jejak) -> None:
    nobody = {"tracking_number": "01K2M9XD4TB5", "pin": "12345678"}
    replies = [tracked(running, nobody) for _ in range(TRIES + 1)]
    existing = tracked(running, wrong(arrive(running, "receive").paper))
    same = ("type", "title", "status", "detail", "code")
    assert {name: replies[0].json()[name] for name in same} == {name: existing.json()[name] for name in same}
    limited(replies[-1])


def test_a_mistyped_number_is_told_so_and_costs_no_try(running: Jejak) -> None:
    paper = arrive(running, "receive").paper
    number = paper["tracking_number"]
    mistyped = number[:-1] + ("0" if number[-1] != "0" else "1")
    for _ in range(TRIES + 1):
        reply = tracked(running, paper | {"tracking_number": mistyped})
        assert (reply.status, reply.json()["code"], reply.json()["mistake"]) == (422, "number-mistyped", "check-fails")
    assert (
        tracked(running, paper | {"tracking_number": f" {number[:4]}-{number[4:8].lower()} {number[8:]}"}).status == 200
    )
