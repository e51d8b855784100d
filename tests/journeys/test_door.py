"""Number and PIN are guessed in vain: all processes count together. Who guesses does not lock the owner out."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from domain.pin_limits import FREE_EVERYWHERE, FREE_HERE
from tests.api.lives import arrive
from tests.journeys.receipts import session, tracked, typed
from tests.running import Jejak, Reply, free_port

OWNER = "198.51.100.7"


@pytest.fixture(scope="module")
def ports(running: Jejak) -> Iterator[tuple[int, int]]:
    """Of the server, and of a second process on the same data folder."""
    second = free_port()
    process = running.start(verb="api", port=second)
    yield running.port, second
    assert running.stop(process) == 0


@pytest.fixture(scope="module")
def proxied(running: Jejak) -> Iterator[int]:
    """The port of a process that believes its proxy who the client is."""
    port = free_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORWARDED_ALLOW_IPS", "127.0.0.1")
        process = running.start(verb="api", port=port)
    yield port
    assert running.stop(process) == 0


def wrong(paper: dict[str, Any]) -> dict[str, Any]:
    return paper | {"pin": f"{(int(paper['pin']) + 1) % 10**8:08}"}


def limited(reply: Reply) -> None:
    assert (reply.status, reply.json()["code"]) == (429, "limited")
    assert 0 < int(reply.headers["Retry-After"]) <= 4 * 3600


def from_network(running: Jejak, paper: dict[str, Any], address: str, port: int) -> Reply:
    body = {"number": paper["tracking_number"], "pin": paper["pin"]}
    return running.request("POST", "/v1/track", body, headers={"X-Forwarded-For": address}, port=port)


def test_wrong_tries_at_two_processes_are_counted_together(running: Jejak, ports: tuple[int, int]) -> None:
    paper = arrive(running, "receive").paper
    for place in range(FREE_HERE):
        reply = tracked(running, wrong(paper), port=ports[place % 2])
        assert (reply.status, reply.json()["code"]) == (403, "wrong-number-or-pin")
    for port in ports:
        limited(tracked(running, wrong(paper), port=port))
        limited(tracked(running, paper, port=port))
        page = typed(running, paper["tracking_number"], paper["pin"], port=port)
        assert page.status == 429
        assert "pindai kode QR" in page.body.decode()
        assert 0 < int(page.headers["Retry-After"]) <= 4 * 3600
        assert session(running.request("GET", paper["qr"], port=port))


@pytest.mark.parametrize("addresses", [[f"203.0.{n}.9" for n in range(9)], [f"2001:db8:0:{n}::9" for n in range(9)]])
def test_an_attacker_with_many_networks_does_not_lock_the_owner_out(
    addresses: list[str], running: Jejak, proxied: int
) -> None:
    paper = arrive(running, "receive").paper
    assert from_network(running, paper, OWNER, proxied).status == 200
    tries = [from_network(running, wrong(paper), address, proxied) for address in addresses for _ in range(4)]
    assert [reply.status for reply in tries] == [403] * FREE_EVERYWHERE + [429] * (len(tries) - FREE_EVERYWHERE)
    limited(from_network(running, paper, "192.0.2.1", proxied))
    for neighbour in (OWNER, "198.51.100.99", f"::ffff:{OWNER}"):
        assert from_network(running, paper, neighbour, proxied).status == 200, "the owner's network is known"
    assert session(running.request("GET", paper["qr"], port=proxied)), "the QR code opens everywhere"
    limited(from_network(running, paper, "198.51.101.7", proxied))


def test_addresses_of_one_network_are_one_guesser(running: Jejak, proxied: int) -> None:
    for prefix in ("203.0.113.", "2001:db8:7:7::", "::ffff:203.0.114."):
        paper = arrive(running, "receive").paper
        for host in range(1, FREE_HERE + 1):
            assert from_network(running, wrong(paper), f"{prefix}{host}", proxied).status == 403
        limited(from_network(running, wrong(paper), f"{prefix}77", proxied))


def test_a_client_without_a_trusted_proxy_cannot_choose_its_network(running: Jejak) -> None:
    paper = arrive(running, "receive").paper
    tries = [from_network(running, wrong(paper), f"203.0.{n}.9", running.port) for n in range(FREE_HERE + 1)]
    assert [reply.status for reply in tries] == [403] * FREE_HERE + [429]


def test_a_network_from_which_another_number_was_opened_is_not_known(running: Jejak, proxied: int) -> None:
    own, others = arrive(running, "receive").paper, arrive(running, "receive").paper
    assert from_network(running, own, "192.0.2.50", proxied).status == 200
    for network in range(5):
        for _ in range(4):
            from_network(running, wrong(others), f"203.0.{network}.1", proxied)
    limited(from_network(running, others, "192.0.2.50", proxied))


def test_another_number_is_not_limited_with_it(running: Jejak, ports: tuple[int, int]) -> None:
    guessed, other = (arrive(running, "receive").paper for _ in range(2))
    for _ in range(FREE_HERE + 1):
        tracked(running, wrong(guessed))
    limited(tracked(running, guessed))
    assert tracked(running, other, port=ports[1]).status == 200


def test_right_tries_are_not_counted(running: Jejak) -> None:
    paper = arrive(running, "receive").paper
    for _ in range(FREE_EVERYWHERE + 5):
        assert tracked(running, paper).status == 200


def test_a_number_that_does_not_exist_is_answered_and_counted_as_a_wrong_pin(running: Jejak) -> None:
    nobody = {"tracking_number": "01K2M9XD4TB5", "pin": "12345678"}
    replies = [tracked(running, nobody) for _ in range(FREE_HERE + 1)]
    existing = tracked(running, wrong(arrive(running, "receive").paper))
    same = ("type", "title", "status", "detail", "code")
    assert {name: replies[0].json()[name] for name in same} == {name: existing.json()[name] for name in same}
    limited(replies[-1])


def test_a_mistyped_number_is_told_so_and_costs_no_try(running: Jejak) -> None:
    paper = arrive(running, "receive").paper
    number = paper["tracking_number"]
    mistyped = number[:-1] + ("0" if number[-1] != "0" else "1")
    for _ in range(FREE_EVERYWHERE + 1):
        reply = tracked(running, paper | {"tracking_number": mistyped})
        assert (reply.status, reply.json()["code"], reply.json()["mistake"]) == (422, "number-mistyped", "check-fails")
    assert (
        tracked(running, paper | {"tracking_number": f" {number[:4]}-{number[4:8].lower()} {number[8:]}"}).status == 200
    )


def test_a_qr_code_cannot_be_guessed_and_has_no_limit_that_could_lock_its_owner_out(running: Jejak) -> None:
    paper = arrive(running, "receive").paper
    for changed in range(4, 34):
        token = paper["qr"][: len("/id/r/") + changed % 32] + "A" + paper["qr"][len("/id/r/") + changed % 32 + 1 :]
        if token != paper["qr"]:
            assert running.request("GET", token).status == 404
    assert running.request("GET", f"/id/r/{uuid4()}").status == 404
    assert session(running.request("GET", paper["qr"]))
