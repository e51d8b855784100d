"""The words of a draft: this module writes the tables that give the meaning of the words in a file. A word with a fixed
meaning gets this meaning, and each other activity becomes a stage.
"""

from collections.abc import Iterator

from feeds.history.draft import role
from feeds.history.draft.choice import Choice
from feeds.history.draft.column import ColumnSurvey
from feeds.history.draft.outcomes import ENDS, PRODUCT, outcome, toml_of
from feeds.history.draft.proof import Proof
from feeds.history.draft.survey import Survey
from feeds.history.draft.transitions import transition
from feeds.history.vocabulary import STAGE_CODE_LONGEST, is_pattern, stage_code, toml_text

OTHER = "other"
UNNAMED = "unnamed"
NAME_LONGEST = 200
FREQUENT = 3
TOML_CONCLUDED = '"concluded"'


class StageCodes:
    """The codes of the stages in a draft. Each stage gets an unused code."""

    def __init__(self) -> None:
        self._taken = {OTHER, UNNAMED}

    def stage(self, word: str, event: str = "stage", label: str | None = None) -> str:
        """Returns the TOML value of a stage. The stage is named after the word, or by its label."""
        plain = code = stage_code(word)
        number = 1
        while code in self._taken:
            number += 1
            code = f"{plain[: STAGE_CODE_LONGEST - 8].strip('-')}-{number}"
        self._taken.add(code)
        parts = [f'event = "{event}"']
        if code != plain or is_pattern(word):
            parts.append(f'stage = "{code}"')
        if label:
            shown = toml_text(label[:NAME_LONGEST])
            parts.append(f"id = {shown}, en = {shown}")
        return f'"{event}"' if len(parts) == 1 else f"{{ {', '.join(parts)} }}"


def activities(survey: Survey, choice: Choice, proof: Proof) -> Iterator[str]:
    """Yields one line for each activity, in the order of the file. So the same file always gives the same draft."""
    if choice.shape == "case":
        return
    yield from ("", "[activities]")
    if choice.by_content:
        yield "# CHECK: this column was chosen by content, not by name. Its words are published as names of stages."
    codes = StageCodes()
    activity = choice.activity
    if not activity or activity.filled < survey.count:
        yield f'"" = {{ event = "stage", stage = "{UNNAMED}" }}'
    labels = proof.labels.of(activity.words) if activity else {}
    for word in activity.words if activity else ():
        meaning, ask = proof.paths.meaning(word)
        value = toml_of(meaning) if meaning else codes.stage(word, label=labels.get(word))
        yield f"{toml_text(word)} = {value}" + (f"  # {ask}" if ask else "")
    if activity and activity.overflowing:
        yield f'"*" = {{ event = "stage", stage = "{OTHER}" }}  # there are more activities than these'


def transitions(survey: Survey, choice: Choice) -> Iterator[str]:
    """Yields the table of the lifecycle. If each row reports a completion, the draft needs no such table."""
    column = choice.lifecycle
    if not has_transitions(choice) or not column:
        return
    yield from ("", "[events.transitions]")
    if column.filled < survey.count:
        yield '"" = "completed"'
    for word in column.words:
        meaning = transition(word)
        yield f'{toml_text(word)} = "{meaning or "completed"}"' + ("" if meaning else "  # CHECK: what does this mean?")


def has_transitions(choice: Choice) -> bool:
    column = choice.lifecycle
    return (
        choice.shape == "event"
        and column is not None
        and not column.overflowing
        and any(transition(word) != "completed" for word in column.words)
    )


def states(choice: Choice, column: ColumnSurvey, rows: int) -> Iterator[str]:
    """Yields the keys of `[[times]]` for the end of a case whose kind is in another column. If the time is only the
    time of the last change, a word without a fixed meaning is a stage that the case has entered.
    """
    state = choice.state
    if not state:
        return
    changed = role.has(column.name, "changed")
    codes = StageCodes()
    yield from (f"by = {toml_text(state.name)}", "", "[times.values]")
    if state.filled < rows:
        unnamed = f'{{ event = "stage_entered", stage = "{UNNAMED}" }}'
        yield f'"" = {unnamed if changed else TOML_CONCLUDED}'
    for word in state.words:
        meaning = outcome(word)
        other = codes.stage(word, "stage_entered") if changed else TOML_CONCLUDED
        yield f"{toml_text(word)} = {toml_of(meaning) if meaning else other}"


def of_column(column: ColumnSurvey, codes: StageCodes) -> str:
    """Returns the meaning of a time column. A name such as "tanggal_terbit" has a fixed meaning."""
    meaning = _of_name(column)
    return toml_of(meaning) if meaning else codes.stage(column.name)


def _of_name(column: ColumnSurvey) -> str | None:
    return outcome(" ".join(word for word in role.tokens(column.name) if word not in role.SETS["time"]))


def questions(survey: Survey, choice: Choice, proof: Proof) -> Iterator[str]:
    """Yields questions about the whole draft: the case id, its rivals, and the ends of the cases."""
    if choice.rivals and choice.key:
        key = next((survey.rows[name] for name in choice.key if name in survey.rows), None)
        counts = ", ".join(f"{toml_text(rival.name)} ({rival.different} different values)" for rival in choice.rivals)
        if key:
            yield f"# CHECK: {key.different} cases in {survey.count} rows. Other columns may be the case id: {counts}."
    for name, why in choice.unused.items():
        yield f"# The column {toml_text(name)} {why}, so it is no step."
    yield from _ends(choice, proof)


def _ends(choice: Choice, proof: Proof) -> Iterator[str]:
    if choice.shape == "case":
        outcomes = sum(map(bool, map(outcome, choice.state.words))) if choice.state else 0
        if choice.concluded or any(_of_name(column) in (*ENDS, *PRODUCT) for column in choice.times):
            return
        yield f"# CHECK: this draft ends no case, so {proof.paths.cases} cases stay open. Which column dates the end?"
        if choice.state and outcomes:
            yield f"# The column {toml_text(choice.state.name)} says how a case ended, but no column says when."
        return
    ended = proof.paths.ends(list(choice.activity.words) if choice.activity else [])
    if ended:
        if ended * 2 < proof.paths.cases:
            yield f"# CHECK: {proof.paths.cases - ended} of {proof.paths.cases} cases have no end."
        return
    yield f"# CHECK: this draft ends no case, so {proof.paths.cases} cases stay open. Which words end a case?"
    known = [(word, count) for word, count in proof.paths.last.most_common() if word in _shown(choice)]
    for word, count in known[:FREQUENT]:
        yield f'# {count} cases stop after {toml_text(word)}. If this word ends a case: {toml_text(word)} = "concluded"'


def _shown(choice: Choice) -> set[str]:
    return {*choice.activity.words} if choice.activity else set()
