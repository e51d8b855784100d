"""For each operation a request that is done: ids, codes and versions that exist, in the state that it takes."""

from typing import Any
from uuid import uuid4

from tests.api.installation import LICENSING
from tests.api.lives import WAYS, arrive
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
    codes = {"get-service": {"service": "nib"}, "get-office": {"office": LICENSING}, "get-problem": {"code": "limited"}}
    if name in codes:
        return codes[name], {}, None, None
    if name == "get-desk":
        return {}, {}, None, running.officer(LICENSING)
    if name == "get-exact-statistics":
        return {}, {}, None, running.token("--role", "auditor")
    if name.startswith("get-statistics"):
        return {}, {}, None, None
    if name == "submit-application":
        return {}, key, {"service": "nib", "applicant": {"name": "Siti Contoh"}}, running.officer(LICENSING)
    paper = arrive(running, "receive").paper
    if name == "track":
        return {}, {}, {"number": paper["tracking_number"], "pin": paper["pin"]}, None
    path = {"application_id": paper["application_id"]}
    if name == "open-dossier":
        return path, {}, {"purpose": "inspection"}, running.supervisor(LICENSING)
    if name.startswith("get-"):
        tracked = running.request("POST", "/v1/track", {"number": paper["tracking_number"], "pin": paper["pin"]})
        return path, {}, None, tracked.json()["read_token"]
    return {}, {}, None, None
