"""Endpoints of the statistics: everybody can read the public figures as JSON or CSV, and auditors can read the exact
figures. Shared caches may store the public figures.
"""

import csv
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.authorization import principal_of
from api.conditional import wait_for_sync
from api.dependencies import dependencies_of
from api.problems import Problem
from api.results import NO_STORE, OPEN_DATA, cached, json
from domain.json_values import instant
from projections.figures import FIGURES, TABLES, Statistics
from service_layer.rights import relation_for

HEAD = ("as_of", "table", "key", *FIGURES)


async def get_statistics(request: Request) -> Response:
    """Read the public figures. The figures are rounded down to tens and published with a delay."""
    figures = await dependencies_of(request).statistics.public()
    return cached(request, orjson.dumps(body_of(figures)), "application/json", OPEN_DATA)


async def get_statistics_csv(request: Request) -> Response:
    """Read the public figures as CSV: one row for the total, and one row for each line of each table."""
    figures = await dependencies_of(request).statistics.public()
    return cached(request, csv_of(figures).encode(), "text/csv; charset=utf-8; header=present", OPEN_DATA)


async def get_exact_statistics(request: Request) -> Response:
    """Read the exact figures.

    Only auditors may read the exact figures, because exact figures can reveal single applications.

    The figures leave out facts that happened after the time `as_of`. The default of `as_of` is now. For example, an
    application that was decided after `as_of` counts as open. An application that was submitted after `as_of` is left
    out. A fact that happened before `as_of` is included even if it was recorded or corrected later.
    """
    relation_for("get-exact-statistics", principal_of(request))
    as_of = _as_of(request)
    await wait_for_sync(request, "statistics")
    return json(body_of(await dependencies_of(request).statistics.exact(as_of)), headers=NO_STORE)


def _as_of(request: Request) -> datetime | None:
    text = request.query_params.get("as_of")
    if text is None:
        return None
    as_of = _instant(text)
    if as_of is None:
        detail = "Send an instant with its offset, for example 2026-11-25T00:00:00Z."
        raise Problem("malformed-request", errors=[{"pointer": "?as_of", "detail": detail}])
    return as_of


def _instant(text: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(text)
        return read.astimezone(UTC) if read.tzinfo else None
    except (ValueError, OverflowError):
        return None


def body_of(statistics: Statistics) -> Mapping[str, Any]:
    tables = {
        name: [{"key": key, **asdict(figures)} for key, figures in statistics.tables[name].items()] for name in TABLES
    }
    return {"as_of": instant(statistics.as_of), "total": asdict(statistics.total), "tables": tables}


def csv_of(statistics: Statistics) -> str:
    """Returns CSV (RFC 4180) with a header line. If a figure is withheld or cannot be computed, its field is empty."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(HEAD)
    as_of = instant(statistics.as_of)
    for table, lines in {"total": {"": statistics.total}, **statistics.tables}.items():
        for key, figures in lines.items():
            writer.writerow((as_of, table, key, *(getattr(figures, name) for name in FIGURES)))
    return text.getvalue()
