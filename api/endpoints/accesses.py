"""This endpoint returns the access record: who read which application or desk, and who searched for a person."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.authorization import principal_of
from api.dependencies import dependencies_of
from api.problems import Problem
from api.results import NO_STORE, json
from service_layer.rights import relation_for

OPERATION = "get-access-record"
AFTER, LIMIT = r"0|[1-9][0-9]{0,17}", r"[1-9][0-9]{0,2}|1000"
QUERY: Mapping[str, Mapping[str, Any]] = {
    "after": {
        "type": "integer",
        "minimum": 0,
        "maximum": 10**18 - 1,
        "default": 0,
        "description": "The `next` of the previous page, or the `id` of the last entry that you have",
    },
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
}


async def get_access_record(request: Request) -> Response:
    """Read the access record, page by page.

    Only auditors may read the access record. If you keep the `id` of the last entry, you can later read only the new
    entries. You then miss no entry: entries never change, and every new entry gets a higher `id`.
    """
    dependencies, principal = dependencies_of(request), principal_of(request)
    relation_for(OPERATION, principal)
    after = _number(request, "after", "0", AFTER, "The `next` of the previous page.")
    limit = _number(request, "limit", "100", LIMIT, "A whole number from 1 to 1000.")
    items = await dependencies.accesses.page(after, limit)
    dependencies.accesses.note(OPERATION, principal)
    following = items[-1]["id"] if len(items) == limit else None
    headers = dict(NO_STORE)
    if following is not None:
        headers["Link"] = f'<{request.url.path}?after={following}&limit={limit}>; rel="next"'
    return json({"items": items, "next": following}, headers=headers)


def _number(request: Request, name: str, default: str, pattern: str, detail: str) -> int:
    text = request.query_params.get(name, default)
    if not re.fullmatch(pattern, text):
        raise Problem("malformed-request", errors=[{"pointer": f"?{name}", "detail": detail}])
    return int(text)
