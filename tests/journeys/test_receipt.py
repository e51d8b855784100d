"""The receipt's PIN and QR can be changed; sealed parts are opened in sight of the citizen, and can be darkened."""

from typing import Any
from uuid import uuid4

from tests.api.installation import LICENSING
from tests.api.lives import Arrived, arrive, done
from tests.journeys.receipts import page_of, tracked, typed
from tests.running import Jejak


def opened(running: Jejak, application: str, purpose: str = "process-application") -> list[Any]:
    path = f"/v1/applications/{application}/open-dossier"
    reply = running.request("POST", path, {"purpose": purpose}, token=running.officer(LICENSING))
    assert reply.status == 200, reply.body
    return [part["content"] for part in reply.json()["items"]]


def issued(running: Jejak) -> Arrived:
    """An application with several sealed parts."""
    arrived = arrive(running, "issue")
    done(running, arrived, "issue")
    return arrived


def test_a_reset_gives_another_pin_and_another_qr_and_the_old_ones_open_nothing(running: Jejak) -> None:
    arrived = arrive(running, "reset-pin")
    key = {"Idempotency-Key": str(uuid4())}
    fresh = done(running, arrived, "reset-pin", **key)
    assert done(running, arrived, "reset-pin", **key).body == fresh.body
    old, new = arrived.paper, fresh.json()
    assert old["tracking_number"] == new["tracking_number"]
    assert (old["pin"], old["qr"]) != (new["pin"], new["qr"])
    assert tracked(running, old).status == 403
    assert running.request("GET", old["qr"]).status == 404
    assert tracked(running, new).status == 200
    let_in = running.request("GET", new["qr"])
    assert "PIN" in page_of(running, let_in, arrived.id)


def test_who_opens_a_dossier_is_seen_by_the_citizen(running: Jejak) -> None:
    arrived = arrive(running, "receive")
    token = tracked(running, arrived.paper).json()["read_token"]
    path = f"/v1/applications/{arrived.id}/accesses"
    assert running.request("GET", path, token=token).json()["items"] == []
    page = page_of(running, running.request("GET", arrived.paper["qr"]), arrived.id)
    assert "Belum ada kantor yang membukanya." in page

    assert opened(running, arrived.id, "verify-identity") == [{"name": "Siti Contoh"}]

    [seen] = running.request("GET", path, token=token).json()["items"]
    assert (seen["office"], seen["role"], seen["purpose"]) == (LICENSING, "officer", "verify-identity")
    name = running.request("GET", f"/v1/offices/{LICENSING}").json()["names"]["en"]
    let_in = typed(running, arrived.paper["tracking_number"], arrived.paper["pin"], language="en")
    section = page_of(running, let_in, arrived.id, "en").partition("Who has opened your personal data")[2]
    assert name in section.partition("</section>")[0]


def test_an_erased_application_keeps_its_story_and_loses_its_sealed_parts_alone(running: Jejak) -> None:
    erased, kept = issued(running), issued(running)
    assert None not in opened(running, erased.id)
    before = [running.request("GET", f"/v1/applications/{erased.id}{part}", token=running.officer(LICENSING)).body
              for part in ("", "/timeline")]  # fmt: skip

    told = running.command("erase", erased.id, "--yes").stdout

    assert told.startswith("destroyed the keys of 1 application")
    assert opened(running, erased.id) == [None, None]
    assert None not in opened(running, kept.id)
    after = [running.request("GET", f"/v1/applications/{erased.id}{part}", token=running.officer(LICENSING)).body
             for part in ("", "/timeline")]  # fmt: skip
    assert after == before
    assert tracked(running, erased.paper).status == 200
    assert running.command("fsck").stdout == "no faults found in the log, the views or the keys\n"
