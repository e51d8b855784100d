"""What the public sees tells nothing of a few: no count from one to nine, and none that could be worked out."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.disclosure import protect
from projections.figures import COUNTS, DECISIONS, FEW, OUTCOMES, TABLES, Count, Figures, Statistics

NOW = datetime(2026, 11, 25, tzinfo=UTC)
OFFICES = ("office-a", "office-b", "office-c", "office-d")
CHANNELS = ("counter", "mobile", "electronic")
OUTCOME_PARTS = ("granted", "rejected", "withdrawn")


def figures(open_: int, on_time: int, late: int, unjudged: int = 0, **more: int) -> Figures:
    answered = on_time + late + unjudged
    counts = dict.fromkeys(COUNTS, 0) | {
        "submitted": open_ + answered,
        "open": open_,
        "answered": answered,
        "decided": answered,
        "on_time": on_time,
        "late": late,
        "without_deadline": unjudged,
        "granted": answered,
        "on_time_recorded": on_time,
        "late_recorded": late,
    }
    return Figures(**(counts | more), days_median=1.26, days_p90=9.9, open_age_days_median=3.3)


def added(lines: list[Figures]) -> Figures:
    sums = {name: sum(int(getattr(line, name)) for line in lines) for name in COUNTS}
    return Figures(**sums, days_median=1.26, days_p90=9.9, open_age_days_median=3.3)


def statistics(offices: dict[str, Figures], months: dict[str, Figures] | None = None) -> Statistics:
    """The same applications by office and by service; all of them at the counter."""
    total = added(list(offices.values()))
    services = {name.replace("office", "service"): line for name, line in offices.items()}
    tables = {"service": services, "office": offices, "mall": {}, "channel": {"counter": total}, "month": months or {}}
    return Statistics(as_of=NOW, total=total, tables=tables)


def public(exact: Statistics) -> Statistics:
    return protect(exact, exact.tables["service"], exact.tables["office"])


def shown(line: Figures) -> dict[str, Count]:
    return {name: getattr(line, name) for name in COUNTS}


numbers = st.one_of(st.integers(0, 40), st.sampled_from([9, 19, 29, 109]))
lines = st.builds(figures, numbers, numbers, numbers, numbers)
many = st.dictionaries(st.sampled_from([f"office-{n}" for n in range(14)]), lines, min_size=1).map(statistics)


@given(many)
@settings(max_examples=200, deadline=None)
def test_a_count_is_floored_to_tens_or_fewer_than_ten(exact: Statistics) -> None:
    seen = public(exact)
    for name in ("service", "office"):
        for key, line in seen.tables[name].items():
            for count, value in shown(line).items():
                truth = int(getattr(exact.tables[name][key], count))
                assert value == FEW if truth < 10 else isinstance(value, int)
                assert value == FEW or (int(value) % 10 == 0 and 10 <= int(value) <= truth)


@given(many)
@settings(max_examples=60, deadline=None)
def test_no_sum_or_difference_of_shown_figures_is_a_count_from_one_to_nine(exact: Statistics) -> None:
    seen = public(exact)
    for count in COUNTS:
        values = {
            int(value)
            for line in (seen.total, *(line for name in TABLES for line in seen.tables[name].values()))
            if (value := getattr(line, count)) != FEW
        }
        for one, other in combinations(values, 2):
            assert not 0 < abs(one - other) < 10
        for name in TABLES:
            parts = [int(v) for line in seen.tables[name].values() if (v := getattr(line, count)) != FEW]
            if (total := getattr(seen.total, count)) != FEW:
                assert not 0 < abs(int(total) - sum(parts)) < 10


Bounds = tuple[int, int]


def bounds(value: Count) -> Bounds:
    return (0, 9) if value == FEW else (int(value), int(value) + 9)


def narrowed(total: Bounds, parts: list[Bounds]) -> list[Bounds]:
    """What the total says of each part, given the others."""
    low, high = sum(part[0] for part in parts), sum(part[1] for part in parts)
    return [(max(part[0], total[0] - (high - part[1])), min(part[1], total[1] - (low - part[0]))) for part in parts]


@given(many)
@settings(max_examples=200, deadline=None)
def test_no_hidden_figure_is_left_with_one_value(exact: Statistics) -> None:
    """Whoever writes down every sum, and takes each shown figure for what the rule says, pins nothing."""
    seen = public(exact)
    sums = [
        ("submitted", ("open", "answered")),
        ("answered", OUTCOMES),
        ("decided", DECISIONS),
        ("decided", ("on_time", "late", "without_deadline")),
    ]
    for line in (seen.total, *(line for name in TABLES for line in seen.tables[name].values())):
        for total, parts in sums:
            known = [bounds(getattr(line, part)) for part in parts]
            _none_pinned(bounds(getattr(line, total)), known, [getattr(line, part) for part in parts])
    for name in ("service", "office", "channel"):
        for count in COUNTS:
            values = [getattr(line, count) for line in seen.tables[name].values()]
            _none_pinned(bounds(getattr(seen.total, count)), [bounds(value) for value in values], values)


def _none_pinned(total: Bounds, parts: list[Bounds], values: list[Count]) -> None:
    for (low, high), value in zip(narrowed(total, parts), values, strict=True):
        assert value != FEW or low < high or low == 0


def test_nine_parts_that_all_end_in_nine_would_give_the_tenth_away() -> None:
    offices = {f"office-{n}": figures(19, 0, 0) for n in range(9)} | {"office-9": figures(9, 0, 0)}
    exact = statistics(offices)
    seen = public(exact)
    assert exact.total.submitted == 180
    assert seen.total.submitted == 170, "180 would mean that the hidden one is nine"


def test_zero_is_hidden_like_nine() -> None:
    seen = public(
        statistics({"office-a": figures(0, 0, 0), "office-b": figures(9, 0, 0), "office-c": figures(10, 0, 0)})
    )
    assert [line.submitted for line in seen.tables["office"].values()] == [FEW, FEW, 10]


def test_a_service_that_nobody_asked_for_has_its_line() -> None:
    exact = statistics({"office-a": figures(50, 0, 0)})
    seen = protect(exact, ["service-a", "service-z"], OFFICES)
    assert list(seen.tables["service"]) == ["service-a", "service-z"]
    assert list(seen.tables["office"]) == sorted(OFFICES)
    assert len(seen.tables["channel"]) == 9


def test_months_run_from_the_first_that_shows_to_the_last() -> None:
    months = {
        "2025-10": figures(3, 0, 0),
        "2025-11": figures(12, 0, 0),
        "2026-02": figures(30, 0, 0),
        "2026-03": figures(1, 0, 0),
    }
    seen = public(statistics({"office-a": figures(46, 0, 0)}, months))
    assert {key: line.submitted for key, line in seen.tables["month"].items()} == {
        "2025-11": 10,
        "2025-12": FEW,
        "2026-01": FEW,
        "2026-02": 30,
    }


def test_a_share_is_made_of_shown_counts_alone() -> None:
    for on_time, late, share in (
        (97, 24, 80.0),
        (99, 24, 80.0),
        (205, 4, 95.0),
        (205, 9, 95.0),
        (12, 3, None),
        (4, 40, 0.0),
    ):
        seen = public(statistics({"office-a": figures(0, on_time, late)}))
        assert seen.total.on_time_percent == share


def test_the_share_without_a_promised_date_shows_only_if_its_count_does() -> None:
    for on_time, late, unpromised, share in ((40, 0, 60, 60.0), (40, 3, 9, None), (10, 0, 10, None), (0, 0, 90, 100.0)):
        seen = public(statistics({"office-a": figures(0, on_time, late, unpromised)}))
        assert seen.total.without_deadline_percent == share


def test_a_total_of_an_office_that_handed_its_files_on_is_left_as_it_is() -> None:
    """500 were submitted here, and nearly all decided elsewhere: 500 is plainly not the sum of two hidden parts."""
    here = replace(figures(0, 5, 0), submitted=500)
    there = replace(figures(0, 495, 0), submitted=0)
    seen = public(statistics({"office-a": here, "office-b": there}))
    assert (seen.tables["office"]["office-a"].submitted, seen.tables["office"]["office-a"].answered) == (500, FEW)
    close = replace(figures(9, 9, 0), submitted=20)
    assert public(statistics({"office-a": close})).tables["office"]["office-a"].submitted == 10


def test_hand_overs_and_the_offices_own_time_show_where_their_counts_do() -> None:
    days: dict[str, Any] = {
        "handed_over_days_median": 2.2,
        "handed_over_days_p90": 8.8,
        "own_days_median": 0.9,
        "own_days_p90": 4.1,
    }
    names = tuple(days)
    for handed_over, decided, shown_days in (
        (9, 9, (None, None, None, None)),
        (10, 99, (2.0, None, 1.0, None)),
        (100, 100, (2.0, 9.0, 1.0, 4.0)),
    ):
        exact = replace(figures(0, decided, 0, handed_over=handed_over), **days)
        seen = public(replace(statistics({"office-a": exact}), total=exact)).total
        assert tuple(getattr(seen, name) for name in names) == shown_days


def test_days_show_where_their_count_does() -> None:
    few = public(statistics({"office-a": figures(9, 9, 0)})).total
    assert (few.open_age_days_median, few.days_median, few.days_p90) == (None, None, None)
    some = public(statistics({"office-a": figures(10, 99, 0)})).total
    assert (some.open_age_days_median, some.days_median, some.days_p90) == (3.5, 1.5, None)
    assert public(statistics({"office-a": figures(0, 100, 0)})).total.days_p90 == 10.0


def test_nothing_at_all_is_shown_as_nothing() -> None:
    nothing = replace(figures(0, 0, 0), days_median=None, days_p90=None, open_age_days_median=None)
    seen = protect(Statistics(as_of=NOW, total=nothing, tables={name: {} for name in TABLES}), [], [])
    assert set(shown(seen.total).values()) == {FEW}
    assert seen.tables["month"] == {}


def test_a_mall_has_a_line_and_no_sum_because_most_applications_are_in_none() -> None:
    exact = statistics({"office-0": figures(40, 5, 3, 2)})
    with_malls = replace(exact, tables={**exact.tables, "mall": {"mpp-3374-01": figures(5, 1, 1, 0)}})
    seen = protect(with_malls, exact.tables["service"], exact.tables["office"], ["mpp-3374-01", "mpp-3374-02"])
    without = protect(exact, exact.tables["service"], exact.tables["office"])
    assert seen.total == without.total
    assert {key: line.submitted for key, line in seen.tables["mall"].items()} == {
        "mpp-3374-01": FEW,
        "mpp-3374-02": FEW,
    }


@pytest.mark.parametrize(("reported_late", "share"), [(9, None), (10, 5.0), (60, 35.0)])
def test_the_share_reported_late_shows_if_both_its_counts_show(reported_late: int, share: float | None) -> None:
    seen = public(statistics({"office-a": figures(0, 90, 70, reported_late=reported_late)}))
    assert seen.total.reported_late_percent == share
    few = public(statistics({"office-a": figures(0, 10, 10, reported_late=10)}))
    assert few.total.reported_late_percent is None
