"""This module writes the text of a draft as TOML. The activities become stages. The draft also contains the earliest
date of the file if a case has no time. It contains no other values of the file.
"""

from collections.abc import Iterable, Iterator
from math import ceil
from pathlib import Path

from feeds.history.draft import role
from feeds.history.draft.choice import Choice
from feeds.history.draft.column import ColumnSurvey
from feeds.history.draft.proof import ZONE, Proof
from feeds.history.draft.survey import Survey
from feeds.history.vocabulary import STAGE_CODE_LONGEST, is_pattern, slug, stage_code, toml_text

SOURCE_LONGEST = 40
OTHER = "other"
UNNAMED = "unnamed"
MANY = 200
ALLOWED = 0.01


def source_of(file: Path) -> str:
    """Returns the name of the source. The name is a slug of the file's name, and contains at least one letter."""
    stem = file.name.removesuffix(".gz").rpartition(".")[0] or file.name
    code = slug(stem, SOURCE_LONGEST)
    return code if any(c.isalpha() for c in code) else f"log-{code}".strip("-")


def draft_text(survey: Survey, choice: Choice, proof: Proof) -> str:
    parts = (_head(survey, choice), _policies(survey, choice, proof), _written(survey, choice), _names(survey))
    tables = (_moments(choice), _events(choice), _activities(survey, choice))
    lines = [line for part in (*parts, _candidates(survey, choice), *tables) for line in part]
    return "\n".join(lines).rstrip("\n") + "\n"


def _head(survey: Survey, choice: Choice) -> Iterator[str]:
    offsets = all(column.offsets == column.filled - column.unread for column in choice.dating)
    check = "all times have an offset" if offsets else "CHECK: some times have no offset; write their time zone here"
    yield "# A draft by `jejak mapping`. Read it, set the meaning of each word, and test it: jejak import --dry-run."
    yield f'source = "{source_of(survey.file)}"'
    yield f"case = {_strings(choice.key) if len(choice.key) != 1 else toml_text(choice.key[0])}"
    yield f'zone = "{ZONE}"  # {check}'


def _policies(survey: Survey, choice: Choice, proof: Proof) -> Iterator[str]:
    yield 'doubled = "earlier"  # for a local time that occurs twice when clocks go back; or "later", "leave_out"'
    yield 'missing = "later"  # for a local time that is skipped when clocks go forward; or "earlier", "leave_out"'
    unread = sum(column.unread for column in [*choice.dating, *([choice.deadline] if choice.deadline else [])])
    dated = choice.at.filled if choice.at else 0
    timeless = survey.count - dated if choice.shape == "event" else 0
    if unread:
        yield f'unreadable_time = "empty"  # {unread} texts cannot be read as times; they are treated as empty'
    if (
        survey.count
        and choice.shape == "event"
        and (not choice.at or choice.at.filled - choice.at.unread < survey.count)
    ):
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
        yield from ("", "[csv]", f'shape = "{choice.shape}"', f"delimiter = {_escaped(survey.table.delimiter)}")
        yield f'encoding = "{survey.table.encoding}"'


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


def _moments(choice: Choice) -> Iterator[str]:
    for name, column in (
        ("submitted", choice.submitted),
        ("deadline", choice.deadline),
        ("concluded", choice.concluded),
    ):
        if column:
            yield from ("", f"[{name}]", f"column = {toml_text(column.name)}", *_formats(column))
    codes: set[str] = set()
    for column in choice.times:
        yield from ("", "[[times]]", f"column = {toml_text(column.name)}", f"event = {_stage(column.name, codes)}")
        yield from _formats(column)


def _events(choice: Choice) -> Iterator[str]:
    if choice.shape == "event":
        yield from ("", "[events]")
        yield f"activity = {toml_text(choice.activity.name if choice.activity else 'concept:name')}"
        yield f"at = {toml_text(choice.at.name if choice.at else 'time:timestamp')}"
        yield from _formats(choice.at) if choice.at else ()


def _activities(survey: Survey, choice: Choice) -> Iterator[str]:
    """Yields one line for each activity, in the order of the file. So the same file always gives the same draft."""
    if choice.shape == "case":
        return
    yield from ("", "[activities]")
    if choice.by_content:
        yield "# CHECK: this column was chosen by content, not by name. Its words are published as names of stages."
    codes = {OTHER, UNNAMED}
    if not choice.activity or choice.activity.filled < survey.count:
        yield f'"" = {{ event = "stage", stage = "{UNNAMED}" }}'
    for word in choice.activity.words if choice.activity else ():
        yield f"{toml_text(word)} = {_stage(word, codes)}"
    if choice.activity and choice.activity.overflowing:
        yield f'"*" = {{ event = "stage", stage = "{OTHER}" }}  # there are more activities than these'


def _stage(word: str, codes: set[str]) -> str:
    """Returns the TOML value of a stage. The stage gets an unused code, and the function adds this code to `codes`."""
    plain = code = stage_code(word)
    number = 1
    while code in codes:
        number += 1
        code = f"{plain[: STAGE_CODE_LONGEST - 8].strip('-')}-{number}"
    codes.add(code)
    if code == plain and not is_pattern(word):
        return '"stage"'
    return f'{{ event = "stage", stage = "{code}" }}'


def _formats(column: ColumnSurvey) -> Iterator[str]:
    if column.formats == ["iso"]:
        return
    check = ""
    if column.is_ambiguous:
        check = "  # CHECK: no date shows which comes first, the day (dmy) or the month (mdy)"
    elif "excel" in column.formats:
        check = "  # CHECK: days since 1900; some old workbooks count from 1904 (excel_1904)"
    yield f"formats = {_strings(column.formats)}{check}"


def _strings(texts: Iterable[str]) -> str:
    return "[" + ", ".join(map(toml_text, texts)) + "]"


def _escaped(delimiter: str) -> str:
    return r'"\t"' if delimiter == "\t" else f'"{delimiter}"'
