"""Rendering: this module returns every HTML page as a string.

A page depends only on the values that are passed in: this module reads no database and no clock. No page contains a
script.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.pages import desk, figures, survey, tables, tracking
from api.pages.clock_ledger import clock_ledger
from api.pages.history import history
from api.pages.language import BY_CODE, LANGUAGES, Language
from api.pages.linked import linked
from api.pages.notices import notices
from api.pages.problems import PROBLEMS, ProblemText, in_words
from api.pages.promise import promised
from api.pages.reader import PageReader
from api.pages.steps import steps
from api.pages.words import FIELD_OF, MESSAGES
from domain.registry.registry import Registry
from domain.tracking_number import grouped
from projections.figures import Statistics
from projections.progress import ProgressRow
from projections.satisfaction_figures import Satisfaction
from service_layer.zone import INSTALLATION_ZONE

__all__ = [
    "LANGUAGES",
    "STATIC",
    "desk_door_page",
    "desk_file_page",
    "desk_page",
    "number_page",
    "offices_page",
    "problem_kind_page",
    "problem_page",
    "satisfaction_page",
    "start_page",
    "statistics_page",
    "survey_page",
    "tracking_page",
]

HERE = Path(__file__).parent

_STYLE = (HERE / "static" / "jejak.css").read_bytes()
STYLESHEET = f"/static/jejak-{sha256(_STYLE).hexdigest()[:16]}.css"
STATIC = {STYLESHEET: (_STYLE, "text/css; charset=utf-8")}
"""Files that are served with the pages. A path contains the hash of the file's content, so clients may cache the file
forever.
"""


def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # jinja2.ext.i18n adds this method at run time, so the type checker does not know it
    environment.install_gettext_translations(language.translations, newstyle=True)  # type: ignore[attr-defined]
    environment.globals |= {"language": language, "languages": list(BY_CODE.values()), "stylesheet": STYLESHEET}
    return environment


_ENVIRONMENTS = {code: _environment(BY_CODE[code]) for code in LANGUAGES}


def _page(language: str, template: str, **values: object) -> str:
    return _ENVIRONMENTS[language].get_template(template).render(values)


def start_page(language: str, *, message: str | None = None) -> str:
    """`message` is a code of `MESSAGES`. The page never repeats the number or the PIN that somebody typed."""
    text = BY_CODE[language].say(MESSAGES[message]) if message else None
    wrong = message not in (None, "signed-out")
    return _page(language, "start.html", here="", message=text, wrong=wrong, field=FIELD_OF.get(message or ""))


def tracking_page(
    language: str,
    row: ProgressRow,
    registry: Registry,
    accesses: list[dict[str, Any]],
    now: datetime,
    *,
    survey: str = "",
    others: Sequence[ProgressRow] = (),
) -> str:
    """`row` is a row of the progress view. Each item of `accesses` describes one access to sealed data: `office` is the
    office that opened the data, and `at` is the time of the access. `others` are the rows of the applications to which
    this application is linked. `survey` is "asked" if the applicant is invited to the survey, and "given" if the
    applicant has answered the survey. Otherwise `survey` is empty.
    """
    reading = PageReader(BY_CODE[language], row, registry, now)
    return _page(
        language,
        "tracking.html",
        here=f"applications/{row['application_id']}",
        number=grouped(row["tracking_number"]),
        service=reading.service_name(),
        status=tracking.status(reading),
        example=tracking.example(reading),
        imported=row["imported"],
        promise=promised(reading),
        duty=tracking.duty(reading),
        rejection=tracking.rejection(reading),
        notices=notices(reading),
        linked=linked(reading, others),
        clocks=clock_ledger(reading),
        steps=steps(reading),
        facts=tracking.facts(reading),
        history=history(reading),
        opened=tracking.opened(reading, accesses),
        as_of=tracking.as_of(reading),
        survey=survey,
    )


def survey_page(language: str, application_id: str, state: str, chosen: Mapping[str, int]) -> str:
    """`state` has one of four values: "asked", "incomplete", "thanks" or "again". If `state` is "incomplete", the
    answers in `chosen` stay selected. If `state` is "again", the applicant has already answered the survey.
    """
    back = f"applications/{application_id}"
    questions = survey.questions(BY_CODE[language])
    kept = {question.code: chosen.get(question.code) for question in questions}
    here = f"{back}/satisfaction"
    return _page(language, "survey.html", here=here, back=back, state=state, questions=questions, chosen=kept)


def satisfaction_page(language: str, satisfaction: Satisfaction, registry: Registry) -> str:
    """`satisfaction` contains only published figures. `registry` gives the names of services and offices."""
    reader = BY_CODE[language]
    example = any(
        each.example
        for unit in (*satisfaction.services, *satisfaction.offices, *satisfaction.units)
        if unit.index is not None
        for each in (registry.newest(unit.service or ""), registry.offices.get(unit.office or ""))
        if each
    )
    return _page(
        language,
        "satisfaction.html",
        here="satisfaction",
        example=example,
        period=survey.period_name(reader, satisfaction.period),
        others=[
            (each, survey.period_name(reader, each)) for each in satisfaction.periods if each != satisfaction.period
        ],
        services=survey.shown(reader, registry, satisfaction.services),
        offices=survey.shown(reader, registry, satisfaction.offices),
        lines=survey.shown(reader, registry, satisfaction.units),
        as_of=reader.at_time(satisfaction.as_of, INSTALLATION_ZONE),
    )


CUTS = ("service", "office", "mall", "channel")
"""The tables of the statistics page that group applications by service, office, mall or channel."""


def statistics_page(language: str, statistics: Statistics, registry: Registry) -> str:
    """`statistics` contains only published figures. `registry` gives the names of services, offices and malls."""
    reader = BY_CODE[language]
    cuts = {table: tables.promises(reader, statistics, registry, table) for table in CUTS}
    months, chart = tables.months(reader, statistics)
    return _page(
        language,
        "statistics.html",
        here="statistics",
        example=tables.examples_in(statistics, registry),
        summary=figures.summary(reader, statistics.total),
        key_figures=figures.key_figures(reader, statistics.total),
        months=months,
        older=len(statistics.tables.get("month", ())) > len(months),
        chart=chart,
        chart_text=figures.chart_in_words(reader, chart) if chart else "",
        cuts={table: cut[: tables.LINES_MAX] for table, cut in cuts.items()},
        longer={table: len(cut) > tables.LINES_MAX for table, cut in cuts.items()},
        extremes={table: figures.extremes(reader, cut[: tables.LINES_MAX]) for table, cut in cuts.items()},
        outcomes=tables.outcomes(reader, statistics.total),
        as_of=reader.at_time(statistics.as_of, INSTALLATION_ZONE),
    )


def desk_door_page(language: str, *, message: str | None = None) -> str:
    """The sign-in page. `message` is a code of `DESK_MESSAGES`. The page never repeats the token that somebody
    typed.
    """
    text = BY_CODE[language].say(desk.DESK_MESSAGES[message]) if message else None
    return _page(language, "desk_door.html", here="desk", message=text, wrong=message not in (None, "signed-out"))


def offices_page(language: str, offices: Iterable[str], registry: Registry) -> str:
    """Returns the page on which an agency chooses one of its offices."""
    named = [desk.office_of(BY_CODE[language], code, registry) for code in sorted(offices)]
    return _page(language, "desk.html", here="desk", office=None, offices=named)


def desk_page(
    language: str,
    files: list[dict[str, Any]],
    office: str,
    registry: Registry,
    now: datetime,
    *,
    mine: bool,
    personal: bool,
    more: str,
) -> str:
    """`files` have the fields that `GET /v1/desk` returns. If `personal` is true, the reader is one person and not an
    agency. `more` is the query string of the next page. On the last page, `more` is empty.
    """
    reader = BY_CODE[language]
    return _page(
        language,
        "desk.html",
        here="desk",
        office=desk.office_of(reader, office, registry),
        files=desk.files(reader, files, office, registry),
        mine=mine,
        personal=personal,
        more=more,
        as_of=desk.as_of(reader, now, office, registry),
    )


def number_page(language: str, message: str) -> str:
    """The form for a tracking number, after a number that led to no file. `message` is a code of `NUMBER_MESSAGES`.
    The page never repeats the number that somebody typed.
    """
    text = BY_CODE[language].say(desk.NUMBER_MESSAGES[message])
    return _page(language, "desk_file.html", here="desk", message=text, number="")


def desk_file_page(language: str, row: ProgressRow, registry: Registry, now: datetime) -> str:
    """The page of one application for the staff of an office. `row` is a row of the progress view."""
    reading = PageReader(BY_CODE[language], row, registry, now)
    return _page(
        language,
        "desk_file.html",
        here="desk",
        message="",
        number=grouped(row["tracking_number"]),
        service=reading.service_name(),
        status=tracking.status(reading),
        promise=promised(reading),
        who=tracking.duty(reading).who,
        facts=tracking.facts(reading),
        imported=row["imported"],
        history=history(reading),
        as_of=tracking.as_of(reading),
    )


def problem_page(language: str, *, status: int, title: str, detail: str, code: str) -> str:
    """Returns a problem as a page. If the code is known, the page shows the translated text of the code instead of
    `detail`.
    """
    reader, known = BY_CODE[language], PROBLEMS.get(code)
    fallback = known or PROBLEMS["internal-error"]
    return _page(
        language,
        "problem.html",
        here="",
        status=status,
        title=in_words(reader, title, fallback.title),
        detail=in_words(reader, detail.removeprefix(f"{title}. "), fallback.advice),
        code=code if known else None,
    )


def problem_kind_page(language: str, code: str) -> str | None:
    """Returns the page that explains a problem code in both languages. The reader's language comes first. Returns None
    for an unknown code.
    """
    problem = PROBLEMS.get(code)
    if problem is None:
        return None
    other = next(each for each in LANGUAGES if each != language)
    texts = [_texts(BY_CODE[each], problem) for each in (language, other)]
    return _page(language, "kind.html", here="", code=code, texts=texts)


def _texts(language: Language, problem: ProblemText) -> tuple[str, str, str]:
    return language.code, language.say(problem.title), language.say(problem.advice)
