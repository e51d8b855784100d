"""Nobody forgets to raise the version of a view, and no migration drops a view."""

import re

import pytest

from infra.postgres.databases import MIGRATIONS
from tests.upgrades.versions import Recorded, forgotten, present, recorded

LAST_THAT_DROPS = "0016.sql"
DROPS = re.compile(r"\b(DROP|TRUNCATE|DELETE\s+FROM)\b[^;]*\bviews\b", re.IGNORECASE)


def test_the_version_of_each_view_is_recorded() -> None:
    """If this test fails: raise `version` of the view in projections/, then run `python -m tests.upgrades.versions`."""
    assert present() == recorded()


WAS: Recorded = {"version": 2, "form": "columns", "rows": "rows"}


@pytest.mark.parametrize(
    ("change", "is_forgotten"),
    [
        ({}, False),
        ({"rows": "other"}, True),
        ({"form": "other"}, True),
        ({"form": "other", "version": 3}, False),
        ({"version": 3}, False),
        ({"rows": "other", "version": 1}, True),
    ],
)
def test_a_change_without_a_new_number_is_forgotten(change: dict[str, object], *, is_forgotten: bool) -> None:
    now: Recorded = {**WAS, **change}  # type: ignore[typeddict-item]
    assert forgotten({"desk": WAS}, {"desk": now}) == (["desk"] if is_forgotten else [])


def test_no_migration_drops_a_view_any_more() -> None:
    later = [file for file in MIGRATIONS.glob("*/*.sql") if file.name > LAST_THAT_DROPS]
    assert later
    assert [file.name for file in later if DROPS.search(re.sub(r"--.*", "", file.read_text()))] == []
    assert DROPS.search((MIGRATIONS / "events" / LAST_THAT_DROPS).read_text()), "the pattern finds what it looks for"
