"""Statistics: the public's figures as JSON and CSV, cut once and cached by anyone; the exact ones for auditors."""

import csv
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from io import StringIO
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.conditional import wait_for_sync
from api.dependencies import dependencies_of
from api.endpoints.applications import json, principal_of
from api.problems import Problem
from domain.json_values import instant
from projections.figures import FIGURES, TABLES, Statistics
from service_layer.rights import relation_for

OPEN_DATA = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
HEAD = ("as_of", "table", "key", *FIGURES)


async def get_statistics(request: Request) -> Response:
    """Read the public's figures: rounded down to tens, and late."""
    found = await dependencies_of(request).statistics.public()
    return cached(request, orjson.dumps(body_of(found)), "application/json", OPEN_DATA)


async def get_statistics_csv(request: Request) -> Response:
    """Read the public's figures as CSV: one row for the total, one for each line of each table."""
    found = await dependencies_of(request).statistics.public()
    return cached(request, csv_of(found).encode(), "text/csv; charset=utf-8; header=present", OPEN_DATA)


async def get_exact_statistics(request: Request) -> Response:
    """Read the exact figures. For auditors: they tell of single applications.

    With `as_of` ages and what is overdue are measured then, in place of now; what is counted is what is known now.
    """
    relation_for("get-exact-statistics", principal_of(request))
    as_of = _as_of(request)
    await wait_for_sync(request, "statistics")
    return json(body_of(await dependencies_of(request).statistics.exact(as_of)), headers={"Cache-Control": "no-store"})


def _as_of(request: Request) -> datetime | None:
    given = request.query_params.get("as_of")
    if given is None:
        return None
    read = _instant(given)
    if read is None:
        detail = "An instant with its offset, as 2026-11-25T00:00:00Z."
        raise Problem("malformed-request", errors=[{"pointer": "?as_of", "detail": detail}])
    return read


def _instant(text: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(text)
        return read.astimezone(UTC) if read.tzinfo else None
    except (ValueError, OverflowError):
        return None


def cached(request: Request, content: bytes, media_type: str, more: Mapping[str, str] | None = None) -> Response:
    """The tag is of the bytes: a position would count events live."""
    etag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "public, max-age=60", **(more or {})}
    seen = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in seen:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def body_of(statistics: Statistics) -> Mapping[str, Any]:
    tables = {
        name: [{"key": key, **asdict(figures)} for key, figures in statistics.tables[name].items()] for name in TABLES
    }
    return {"as_of": instant(statistics.as_of), "total": asdict(statistics.total), "tables": tables}


def csv_of(statistics: Statistics) -> str:
    """RFC 4180 with a head; an empty field is a figure that cannot be given, or may not."""
    written = StringIO()
    writer = csv.writer(written)
    writer.writerow(HEAD)
    as_of = instant(statistics.as_of)
    for table, lines in {"total": {"": statistics.total}, **statistics.tables}.items():
        for key, figures in lines.items():
            writer.writerow((as_of, table, key, *(getattr(figures, name) for name in FIGURES)))
    return written.getvalue()
