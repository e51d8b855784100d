"""The mapping file: this module reads a mapping, and checks the mapping before any log is opened."""

import re
import tomllib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from feeds.history.activity_mapping import code_of, fault, meanings
from feeds.history.draft.role import is_birth
from feeds.history.mapping import Mapping
from feeds.history.time_parsing import WORDS, reader_of, rivals

SOME_TIME = datetime(2026, 11, 23, 13, 45, 59, tzinfo=UTC)


class MappingWrong(Exception):
    """This error means that the mapping cannot be used. Its message names the file, the key and the expected value."""


def read_mapping(file: Path) -> Mapping:
    """Reads and checks a mapping. Raises MappingWrong."""
    try:
        mapping = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Mapping)
    except OSError as error:
        raise MappingWrong(f"{file}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise MappingWrong(f"{file}: {error}") from error
    wrong = _zone(mapping) or _encoding(mapping) or _columns(mapping) or _formats(mapping) or _words(mapping)
    if wrong:
        raise MappingWrong(f"{file}: {wrong}")
    return mapping


def _zone(mapping: Mapping) -> str | None:
    try:
        ZoneInfo(mapping.zone)
    except (KeyError, ValueError, OSError):  # ZoneInfo raises OSError for a folder of zones
        return "zone must be an IANA name such as Asia/Jakarta"
    return None


def _encoding(mapping: Mapping) -> str | None:
    try:
        b"a".decode(mapping.csv.encoding)
    except LookupError:
        return "csv.encoding must be an encoding that Python knows, such as utf-8 or windows-1252"
    except UnicodeError:
        return None  # the encoding exists, but one byte cannot be decoded, because each letter needs two bytes
    return None


def _columns(mapping: Mapping) -> str | None:
    if not mapping.offices.default and not mapping.offices.column:
        return "[offices] needs a column, or a default office"
    if mapping.sheet is not None and mapping.table is not None:
        return "sheet and table exclude each other: a file is a workbook, or it has tables"
    if not mapping.key_columns() and mapping.empty_case == "refuse":
        return 'case needs a column, or empty_case = "each" (each row is a separate case)'
    for column, count in Counter(times.column for times in mapping.times).items():
        if count > 1:
            return f"[[times]] names the column {column!r} twice"
    if (mapping.events.lifecycle is None) != (not mapping.events.transitions):
        return "[events]: `lifecycle` needs `transitions`, and `transitions` needs `lifecycle`"
    moments = [moment for moment in (mapping.submitted, mapping.deadline, mapping.concluded) if moment]
    for column in [*(moment.column for moment in (*moments, *mapping.times)), mapping.events.at]:
        if is_birth(column):
            return f"the column {column!r} dates the life of a person: name it in applicant.birth_date, which is sealed"
    for times in mapping.times:
        if (times.by is None) != (not times.values):
            return f"[[times]] of the column {times.column!r}: `by` needs `values`, and `values` needs `by`"
    return None


def _formats(mapping: Mapping) -> str | None:
    moments = [moment for moment in (mapping.submitted, mapping.deadline, mapping.concluded) if moment]
    for spelling in (*moments, *mapping.times, mapping.events):
        if not spelling.formats:
            return 'formats must name at least one format; "iso" is the usual one'
        for pattern in spelling.formats:
            if pattern not in WORDS and not _can_be_read(pattern):
                return (
                    f"formats: {pattern!r} is not {', '.join(WORDS)} or a strptime pattern with year and day "
                    "(and month; minutes belong to hours, and %p to %I)"
                )
        if rivals(spelling.formats):
            return f"formats: {spelling.formats} give one text two meanings; name one of them"
    return None


def _can_be_read(pattern: str) -> bool:
    try:
        read, is_date = reader_of(pattern)(SOME_TIME.strftime(pattern))
    except (ValueError, re.error):
        return False
    return read.date() == SOME_TIME.date() and (is_date or (read.hour, read.minute) == (13, 45))


def _words(mapping: Mapping) -> str | None:
    codes: dict[str, str] = {}
    for place, word, activity in meanings(mapping):
        wrong = fault(word, activity, mapping)
        if wrong:
            return f"{place}: {wrong}"
        if activity.event == "stage":
            other = codes.setdefault(code_of(word, activity), word)
            if other != word and not activity.stage:
                return f"{place}: give it another stage code, because another activity has the same code"
    return None
