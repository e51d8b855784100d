"""The cost of an event on disk: a bound for all tables together, and the page that says where it lies."""

import re

import pytest

from bench import disk
from bench.rig.installed import installed

APPLICATIONS = 500
LINE = re.compile(r"\| \*\*`(.+)`\*\* \| ([\d,]+) \|")


def shown() -> dict[str, int]:
    """The bytes of each table for an application, as docs/disk.md tells them."""
    return {name: int(size.replace(",", "")) for name, size in LINE.findall(disk.DOCUMENT.read_text())}


def test_the_page_says_that_an_event_costs_what_is_promised() -> None:
    [event] = re.findall(r"^\| sum \| [\d,]+ \| ([\d,]+) \|", disk.DOCUMENT.read_text(), re.MULTILINE)
    assert int(event.replace(",", "")) <= disk.MOST


@pytest.mark.timeout(600)
def test_an_event_costs_no_more_than_is_promised_and_lies_where_the_page_says() -> None:
    """In a small fill, the last page of each table and index is not full: it is counted as no cost of an event."""
    with installed() as where:
        measured = disk.filled(where, APPLICATIONS)
    grown = [relation for relation in measured.relations if measured.grown(relation)]
    assert measured.grown_bytes <= disk.MOST * measured.events + disk.PAGE_BYTES * len(grown)
    told = shown()
    for relation in grown:
        each = (measured.grown(relation) - 2 * disk.PAGE_BYTES) / APPLICATIONS
        if not relation.part and each > 0:
            assert each <= 1.15 * told[relation.table], relation
