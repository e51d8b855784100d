"""Logs as nobody would wish to get them: for hypothesis to draw, as CSV of both shapes and as XES."""

import csv
import io
from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

from hypothesis import strategies as st

ODD_NAMES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12), min_size=3, max_size=6, unique=True
)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)
WORDS = st.sampled_from(
    [
        "Terima",
        "Periksa",
        "periksa!",
        "審査",
        "審 査",
        "*",
        "a*b",
        "[x]",
        'kata "kutip"',
        "baris\nbaru",
        "koma, titik;",
        "-",
        "",
        " ",
    ]
)
CASES = st.sampled_from(["A-1", "A-2", "a,2", "B\n3", '"4"', "5", "6", "7", "", "  "])
ISO = st.sampled_from(
    [
        "2026-03-02",
        "2026-03-02 09:00:00",
        "2026-03-02T09:00:00+07:00",
        "2011-11-06 01:30:00",
        "2026-03-05T00:00:00.123Z",
    ]
)
LOCAL = st.sampled_from(["02/03/2026 09:00", "13/03/2026 09:00", "31/12/2025 23:59"])
GARBAGE = st.sampled_from(["N/A", "0000-00-00 00:00:00", "kemarin", "2026-02-30"])
TIMES = st.one_of(ISO, ISO, ISO, LOCAL, st.just(""))
EXTRA = st.one_of(TEXT, st.just("x"), st.integers(0, 99).map(str))

Row = Sequence[str]
Facts = dict[str, str]


class Written(NamedTuple):
    delimiter: str
    end: str
    encoding: str
    quoted: bool


@st.composite
def tables(
    draw: st.DrawFn, columns: Sequence[st.SearchStrategy[str]], names: st.SearchStrategy[list[str]]
) -> list[Row]:
    """A header and its rows, some of them doubled; at least one time can be read."""
    header = draw(names)
    strategies = [*columns, *[EXTRA] * len(header)][: len(header)]
    rows: list[Row] = draw(st.lists(st.tuples(*strategies), min_size=1, max_size=25))
    doubled = draw(st.lists(st.sampled_from(rows), max_size=3))
    return [header, *rows, *doubled]


def as_csv(table: Sequence[Row], written: Written) -> bytes:
    text = io.StringIO(newline="")
    # the writer leaves a line feed bare where it does not end its rows
    all_quoted = written.quoted or written.end == "\r"
    writer = csv.writer(
        text,
        delimiter=written.delimiter,
        lineterminator=written.end,
        quoting=csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL,
    )
    writer.writerows(table)
    return text.getvalue().encode(written.encoding)


def as_xes(cases: Sequence[tuple[Facts, Sequence[Facts]]]) -> bytes:
    lines = ["<log>"]
    for attributes, events in cases:
        lines.append("<trace>" + _attributes(attributes))
        lines += [f"<event>{_attributes(event)}</event>" for event in events]
        lines.append("</trace>")
    return "\n".join([*lines, "</log>"]).encode()


def _attributes(told: Facts) -> str:
    return "".join(f"<string key={quoteattr(key)} value={quoteattr(_xml(value))}/>" for key, value in told.items())


def _xml(text: str) -> str:
    """What XML can hold."""
    return "".join(c for c in text if c >= " " and not "\ufffe" <= c <= "\uffff")
