"""For each operation a request that is done: ids, codes and versions that exist, in the state that it takes."""

from typing import Any
from uuid import uuid4

from domain.satisfaction import Element
from tests.api.installation import LICENSING, OFFICES
from tests.api.lives import WAYS, arrive, walk
from tests.running import Jejak

Real = tuple[dict[str, Any], dict[str, str], Any, str | None]
"""Path parameters, headers, body, bearer."""


def real(running: Jejak, name: str) -> Real:
    """With which the operation `name` is done."""
    key = {"Idempotency-Key": str(uuid4())}
    if name in WAYS:
        arrived = arrive(running, name)
        headers = key | {"If-Match": f'"{arrived.version}"'}
        return {"application_id": arrived.id}, headers, arrived.body, running.supervisor(arrived.acting)
    codes = {
        "get-service": {"service": "nib"},
        "get-office": {"office": LICENSING},
        "get-mall": {"mall": "mpp-3374-01"},
        "get-problem": {"code": "limited"},
    }
    if name in codes:
        return codes[name], {}, None, None
    if name == "get-satisfaction":
        return {}, {}, None, None
    if name == "give-satisfaction":
        withdrawn = arrive(running, "withdraw")
        walk(running, withdrawn.id, LICENSING, (("withdraw", {}),), withdrawn.version)
        body = {element.value: 3 for element in Element}
        return {"application_id": withdrawn.id}, key, body, running.officer(LICENSING)
    if name == "get-desk":
        return {}, {}, None, running.officer(LICENSING)
    if name == "get-feed":
        return {"agency": OFFICES[LICENSING]}, {}, None, running.token("--agency", OFFICES[LICENSING])
    if name in ("get-exact-statistics", "get-access-record"):
        return {}, {}, None, running.token("--role", "auditor")
    if name.startswith("get-statistics"):
        return {}, {}, None, None
    if name == "link-applications":
        named = [arrive(running, "receive") for _ in range(2)]
        linked = [{"application_id": one.id, "version": one.version} for one in named]
        return {}, key, {"life_event": "business", "applications": linked}, running.supervisor(LICENSING)
    if name == "submit-application":
        applicant = {"name": "Siti Contoh", "other_document": {"kind": "passport", "number": "X 1"}}
        return {}, key, {"service": "nib", "applicant": applicant}, running.officer(LICENSING)
    if name == "find-by-person":
        return {}, {}, {"nik": "3374014101900001"}, running.officer(LICENSING)
    paper = arrive(running, "receive").paper
    if name == "track":
        return {}, {}, {"number": paper["tracking_number"], "pin": paper["pin"]}, None
    if name == "find-by-number":
        return {}, {}, {"number": paper["tracking_number"]}, running.officer(LICENSING)
    path = {"application_id": paper["application_id"]}
    if name == "open-dossier":
        return path, {}, {"purpose": "inspection"}, running.supervisor(LICENSING)
    if name.startswith("get-"):
        tracked = running.request("POST", "/v1/track", {"number": paper["tracking_number"], "pin": paper["pin"]})
        return path, {}, None, tracked.json()["read_token"]
    return {}, {}, None, None
