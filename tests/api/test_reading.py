"""A reader sees its own write, and is told nothing twice: Sync-Token, Prefer and ETag."""

from urllib.parse import quote

import pytest

from tests.api.installation import LICENSING
from tests.api.lives import Arrived, arrive, do, done
from tests.running import Jejak, Reply

PARTS = ("", "/timeline", "/accesses")


def read(running: Jejak, arrived: Arrived, part: str = "", **headers: str) -> Reply:
    path = f"/v1/applications/{arrived.id}{part}"
    return running.request("GET", path, token=running.supervisor(LICENSING), headers=headers)


def test_who_sends_the_token_back_reads_its_own_write(running: Jejak) -> None:
    arrived = arrive(running, "receive")
    for command, version in (("receive", 2), ("reset-pin", 3), ("withdraw", 4)):
        written = do(
            running, arrived, command, running.supervisor(LICENSING), Prefer="", **{"If-Match": f'"{version - 1}"'}
        )
        for part in PARTS:
            seen = read(running, arrived, part, **{"Sync-Token": written.headers["Sync-Token"]})
            assert seen.status == 200
        assert read(running, arrived).json()["version"] == version
        assert read(running, arrived, "/timeline").json()["items"][-1]["version"] == version


@pytest.mark.parametrize(
    "token", ["", "x", "applications=1", "applications=1.1", "applications=1.999999999999", "applications=99999.1",
              "applications=" + "A" * 40]
)  # fmt: skip
def test_a_token_that_nobody_was_given_is_malformed_and_tells_nothing(token: str, running: Jejak) -> None:
    """Positions could be tried one by one: the answers showed where the log ends."""
    arrived = arrive(running, "receive")
    for part in PARTS:
        reply = read(running, arrived, part, **{"Sync-Token": token})
        assert (reply.status, reply.json()["code"]) == (400, "malformed-request")


def test_who_prefers_to_wait_is_answered_when_the_view_has_it(running: Jejak) -> None:
    arrived = arrive(running, "receive")
    waited = done(running, arrived, "receive", Prefer="respond-async, wait=3")
    assert waited.headers["Preference-Applied"] == "wait=3"
    assert read(running, arrived).json()["status"] == "received"


@pytest.mark.parametrize("prefer", ["", "wait", "wait=", "wait=x", "wait=-1", "return=minimal"])
def test_another_preference_is_no_fault_and_not_applied(prefer: str, running: Jejak) -> None:
    assert "Preference-Applied" not in done(running, arrive(running, "receive"), "receive", Prefer=prefer).headers


def test_what_one_has_is_not_sent_again(running: Jejak) -> None:
    arrived = arrive(running, "receive")
    done(running, arrived, "receive")
    whole = read(running, arrived)
    assert (whole.status, whole.headers["ETag"]) == (200, '"2"')
    same = read(running, arrived, **{"If-None-Match": '"2"'})
    assert (same.status, same.body, same.headers["ETag"]) == (304, b"", '"2"')
    assert read(running, arrived, **{"If-None-Match": '"1", "2"'}).status == 304
    assert read(running, arrived, **{"If-None-Match": '"1"'}).status == 200


def test_lists_are_read_page_by_page_and_each_item_once(running: Jejak) -> None:
    for kind, code in (("services", "service"), ("offices", "code"), ("malls", "code")):
        every = [item[code] for item in running.request("GET", f"/v1/{kind}?limit=100").json()["items"]]
        read_on, path = [], f"/v1/{kind}?limit=3"
        while path:
            reply = running.request("GET", path)
            read_on += [item[code] for item in reply.json()["items"]]
            following = reply.json()["next"]
            assert (following is None) == ("Link" not in reply.headers)
            path = following and f"/v1/{kind}?limit=3&after={following}"
        assert read_on == every == sorted(set(every))


def test_a_standard_says_what_silence_means_how_it_may_be_extended_and_how_long_disputed(running: Jejak) -> None:
    silent = running.request("GET", "/v1/services/sip").json()
    assert silent["deemed_approval"]["basis"] == "uu-30-2014-53"
    assert silent["dispute_days"] == 30
    extended = running.request("GET", "/v1/services/informasi-publik").json()
    assert extended["extensions"] == [{"code": "further-search", "n": 7, "basis": "UU 14/2008"}]
    assert "deemed_approval" not in extended


def test_a_service_says_where_each_edition_of_its_standard_applies(running: Jejak) -> None:
    services = {item["service"]: item for item in running.request("GET", "/v1/services?limit=100").json()["items"]}
    national = running.request("GET", "/v1/services/kartu-keluarga").json()
    assert services["kartu-keluarga"] == national
    assert (national["standard"], national.get("region")) == (1, None)
    assert [(each["standard"], each.get("region"), each["promise"]["n"]) for each in national["editions"]] == [
        (1, None, 1),
        (2, "73.71", 3),
    ]
    found = {
        office: running.request("GET", f"/v1/services/kartu-keluarga?office={office}").json()["standard"]
        for office in ("pemda-7371-disdukcapil", "pemda-3374-disdukcapil", "pemda-9171-disdukcapil")
    }
    assert list(found.values()) == [2, 1, 1]
    assert running.request("GET", "/v1/services/kartu-keluarga?office=nowhere").status == 404


def test_a_mall_is_read_with_its_place_and_its_counters(running: Jejak) -> None:
    mall = running.request("GET", "/v1/malls/mpp-3374-01").json()
    assert [mall] == running.request("GET", "/v1/malls").json()["items"]
    assert (mall["region"], mall["address"], mall["example"]) == ("33.74", "Jalan Contoh 1, Kota Semarang", True)
    assert {"code": "licensing", "office": "pemda-3374-dpmptsp"}.items() <= mall["counters"][1].items()
    assert running.request("GET", "/v1/malls/mpp-9999-01").status == 404


@pytest.mark.parametrize(
    "limit", ["0", "101", "-1", "1.0", "x", "", "\u0661", "00500", "9" * 5000, "0001" + "9" * 5000]
)
def test_a_page_has_between_one_and_a_hundred_items(limit: str, running: Jejak) -> None:
    reply = running.request("GET", f"/v1/offices?limit={quote(limit)}")
    assert (reply.status, reply.json()["errors"][0]["pointer"]) == (400, "?limit")


def test_a_place_to_go_on_from_is_a_code(running: Jejak) -> None:
    reply = running.request("GET", f"/v1/services?after={'a' * 101}")
    assert (reply.status, reply.json()["errors"][0]["pointer"]) == (400, "?after")


def test_a_link_leads_to_the_next_page_of_the_same_size(running: Jejak) -> None:
    link = running.request("GET", "/v1/offices?limit=2").headers["Link"]
    address = link.partition(">")[0].lstrip("<")
    assert len(running.request("GET", address).json()["items"]) == 2
