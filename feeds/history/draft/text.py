"""This module writes the text of a draft as TOML. The activities become stages. The draft also contains the earliest
date of the file if a case has no time. It contains no other values of the file.
"""

import re
from collections.abc import Iterable, Iterator
from math import ceil
from pathlib import Path
from zoneinfo import ZoneInfo

from feeds.history.draft import role
from feeds.history.draft.choice import Choice
from feeds.history.draft.column import ColumnSurvey
from feeds.history.draft.proof import Proof
from feeds.history.draft.survey import Survey
from feeds.history.draft.words import StageCodes, activities, has_transitions, of_column, questions, states, transitions
from feeds.history.formats.kinds import FileKind, kind_of
from feeds.history.mapping import Csv
from feeds.history.source import Log
from feeds.history.vocabulary import slug, toml_text

SOURCE_LONGEST = 40
MANY = 200
ALLOWED = 0.01


def source_of(log: Log) -> str:
    """Returns the name of the source. The name is a slug of the file's name, and contains at least one letter."""
    name = re.sub(r"\.(gz|zip)$", "", log.name, flags=re.IGNORECASE)
    stem = name.rpartition(".")[0] or name
    code = slug(stem, SOURCE_LONGEST)
    return code if any(c.isalpha() for c in code) else f"log-{code}".strip("-")


def draft_text(survey: Survey, choice: Choice, proof: Proof) -> str:
    zone = ZoneInfo(proof.zone)
    parts = (_head(survey, choice, proof), _policies(survey, choice, proof), _written(survey, choice), _names(survey))
    tables = (
        _moments(survey, choice, zone),
        _events(choice, zone),
        transitions(survey, choice),
        activities(survey, choice, proof),
    )
    lines = [line for part in (*parts, _candidates(survey, choice), _persons(survey), *tables) for line in part]
    return "\n".join(lines).rstrip("\n") + "\n"


def _head(survey: Survey, choice: Choice, proof: Proof) -> Iterator[str]:
    offsets = all(column.offsets == column.filled - column.unread for column in choice.dating)
    check = "all times have an offset" if offsets else "CHECK: some times have no offset; write their time zone here"
    if proof.zone_is_sure:
        check = f"the offsets in the file fit this zone, and {check}"
    yield "# A draft by `jejak mapping`. Read it, set the meaning of each word, and test it: jejak import --dry-run."
    yield f'source = "{source_of(survey.file)}"'
    yield f"case = {_strings(choice.key) if len(choice.key) != 1 else toml_text(choice.key[0])}"
    if survey.part is not None:
        is_sheet = isinstance(survey.file, Path) and kind_of(survey.file) is FileKind.WORKBOOK
        yield f"{'sheet' if is_sheet else 'table'} = {toml_text(survey.part)}"
    yield f'zone = "{proof.zone}"  # {check}'
    yield from questions(survey, choice, proof)


def _policies(survey: Survey, choice: Choice, proof: Proof) -> Iterator[str]:
    yield 'doubled = "earlier"  # for a local time that occurs twice when clocks go back; or "later", "leave_out"'
    yield 'missing = "later"  # for a local time that is skipped when clocks go forward; or "earlier", "leave_out"'
    unread = sum(column.unread for column in [*choice.dating, *([choice.deadline] if choice.deadline else [])])
    dated = max((column.filled for column in (choice.at, choice.started) if column), default=0)
    timeless = survey.count - dated if choice.shape == "event" else 0
    if unread:
        yield f'unreadable_time = "empty"  # {unread} texts cannot be read as times; they are treated as empty'
    if survey.count and choice.shape == "event" and (not choice.at or dated - choice.at.unread < survey.count):
        yield 'empty_time = "previous"  # an event without a time gets the time of the previous event of its case'
    if proof.unsubmitted and choice.submitted:
        yield f'empty_submission = "first_event"  # {proof.unsubmitted} cases have no time of submission'
    if proof.nameless:
        yield f'empty_case = "each"  # {proof.nameless} rows or traces have no case id; each becomes a separate case'
    replaced = unread + timeless + proof.unsubmitted + proof.undated
    if replaced > ALLOWED * survey.count:
        share = min(ceil(1000 * replaced / max(survey.count, 1)) / 1000, 1)
        yield f"# replaced_at_most = {share}  # CHECK: {replaced} times are replaced, more than 1 % of the rows"
    if proof.undated and proof.first:
        yield f"undated = {proof.first}  # {proof.undated} cases have no time; they get the first day of the file"


def _written(survey: Survey, choice: Choice) -> Iterator[str]:
    if survey.table:
        yield from ("", "[csv]", f'shape = "{choice.shape}"')
        if isinstance(survey.file, Path) and kind_of(survey.file) is FileKind.CSV:
            yield f"delimiter = {_escaped(survey.table.delimiter)}"
            yield f'encoding = "{survey.table.encoding}"'
        yield from _layout(survey.table)
        if survey.loose and survey.count > len(survey.loose):
            yield f"# CHECK: most cells of the last rows are empty. If they are no data: skip_rows = {survey.loose}"


def _layout(table: Csv) -> Iterator[str]:
    if table.header_row is not None:
        yield f"header_row = {table.header_row}"
    if table.skip_rows:
        words = ", ".join(str(word) if isinstance(word, int) else toml_text(word) for word in table.skip_rows)
        yield f"skip_rows = [{words}]  # rows that are no data"
    if table.fill_down:
        yield f"fill_down = {_strings(table.fill_down)}  # CHECK: an empty cell gets the text of the row above"
    if table.join:
        yield from ("", "[csv.join]", *(f"{toml_text(name)} = {_strings(parts)}" for name, parts in table.join.items()))


def _names(survey: Survey) -> Iterator[str]:
    source, shown = source_of(survey.file), toml_text(source_of(survey.file))
    yield from ("", "[service]", f'code = "{source}-service"', f"id = {shown}", f"en = {shown}")
    yield from ("", "[offices]", f'agency = "{source}"')
    yield f'default = {{ code = "{source}-office", id = {shown}, en = {shown} }}'


def _candidates(survey: Survey, choice: Choice) -> Iterator[str]:
    """Yields comments about columns that may contain the office or the channel. A comment says how many different
    values the column has. A comment never quotes these values.
    """
    taken = {*choice.key, *(column.name for column in (choice.activity, *choice.dating) if column)}
    columns = survey.rows if survey.table else survey.cases
    for table, wanted in (("offices", "office"), ("channels", "channel")):
        for column in columns.values():
            if role.has(column.name, wanted) and 1 < column.different <= MANY and column.name not in taken:
                yield f"# [{table}] may have: column = {toml_text(column.name)}  # {column.different} different values"


def _persons(survey: Survey) -> Iterator[str]:
    """Yields comments about columns that may contain personal data. The draft uses none of these columns."""
    for column in (survey.rows if survey.table else survey.cases).values():
        field = role.applicant_field(column.name)
        if field:
            yield f"# [applicant] may have: {field} = {toml_text(column.name)}  # an import seals it"
        elif column.is_personal:
            yield f"# The column {toml_text(column.name)} looks personal, so the draft does not use it."


def _moments(survey: Survey, choice: Choice, zone: ZoneInfo) -> Iterator[str]:
    concluded = None if choice.state else choice.concluded
    for name, column in (("submitted", choice.submitted), ("deadline", choice.deadline), ("concluded", concluded)):
        if column:
            yield from ("", f"[{name}]", f"column = {toml_text(column.name)}", *_spelling(column, zone))
    codes = StageCodes()
    for column in choice.times:
        yield from ("", "[[times]]", f"column = {toml_text(column.name)}", f"event = {of_column(column, codes)}")
        yield from _spelling(column, zone)
    if choice.state and choice.concluded:
        yield from ("", "[[times]]", f"column = {toml_text(choice.concluded.name)}", *_spelling(choice.concluded, zone))
        yield from states(choice, choice.concluded, survey.count)


def _events(choice: Choice, zone: ZoneInfo) -> Iterator[str]:
    if choice.shape == "event":
        yield from ("", "[events]")
        yield f"activity = {toml_text(choice.activity.name if choice.activity else 'concept:name')}"
        yield f"at = {toml_text(choice.at.name if choice.at else 'time:timestamp')}"
        if choice.started:
            yield f"started = {toml_text(choice.started.name)}"
        if choice.lifecycle and has_transitions(choice):
            yield f"lifecycle = {toml_text(choice.lifecycle.name)}"
        yield from _spelling(choice.at, zone, choice.started) if choice.at else ()


def _spelling(column: ColumnSurvey, zone: ZoneInfo, other: ColumnSurvey | None = None) -> Iterator[str]:
    """Yields the formats, and the times of day that stand for a date. `other` is a column with the same spelling."""
    formats = list(dict.fromkeys([*column.formats, *(other.formats if other else ())]))
    check = ""
    if column.is_ambiguous:
        check = "  # CHECK: no date shows which comes first, the day (dmy) or the month (mdy)"
    elif "excel" in formats:
        check = "  # CHECK: days since 1900; some old workbooks count from 1904 (excel_1904)"
    if formats != ["iso"]:
        yield f"formats = {_strings(formats)}{check}"
    midnights = sorted({*column.moments.day_at(zone), *(other.moments.day_at(zone) if other else ())})
    if midnights:
        yield f"day_at = {_strings(midnights)}  # CHECK: does this time of day mean that only the date is known?"


def _strings(texts: Iterable[str]) -> str:
    return "[" + ", ".join(map(toml_text, texts)) + "]"


def _escaped(delimiter: str) -> str:
    return r'"\t"' if delimiter == "\t" else f'"{delimiter}"'
