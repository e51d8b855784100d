"""The statistics page in words: this module writes the summary, the key figures, and the highest and the lowest line of
each table.

Every number on the page is one of the published figures. This module calculates no new numbers, because a sum could
reveal a hidden figure.
"""

from dataclasses import dataclass

from api.pages.language import Language
from api.pages.tables import Chart, TableLine, days_in
from api.pages.words import N_
from projections.figures import FEW, Count, Figures


@dataclass(frozen=True, slots=True)
class KeyFigure:
    name: str
    text: str


def summary(language: Language, total: Figures) -> str:
    """Says how many applications were submitted, how many are answered, and how many are open. Also says which share of
    the decisions was on time, and which share had no promised date.
    """
    say = language.say
    if total.submitted in (FEW, 0):
        return say(N_("Fewer than ten applications have come in, possibly none. That is too few to show more."))
    first = say(
        N_("Of %(submitted)s applications, %(answered)s have been answered and %(open)s are still open."),
        submitted=_about(language, total.submitted),
        answered=_about(language, total.answered),
        open=_about(language, total.open),
    )
    shares = (
        (N_("Of the decisions that had a promised date, %(share)s were on time."), total.on_time_percent),
        (N_("%(share)s of these decisions were reported too late to count as on time."), total.reported_late_percent),
        (N_("%(share)s of the decisions had no promised date."), total.without_deadline_percent),
    )
    said = (say(words, share=language.percent(share)) for words, share in shares if share is not None)
    return " ".join((first, *said))


def _about(language: Language, count: Count) -> str:
    text = in_words(language, count)
    return text if count == FEW else language.say(N_("about %(count)s"), count=text)


def key_figures(language: Language, total: Figures) -> list[KeyFigure]:
    say = language.say
    counts = (
        (N_("Applications submitted"), total.submitted),
        (N_("Decided"), total.decided),
        (N_("Decided on time"), total.on_time),
        (N_("Decided late, or granted by law"), total.late),
        (N_("Decisions reported late"), total.reported_late),
        (N_("Decided without a promised date"), total.without_deadline),
        (N_("Ended by withdrawal"), total.withdrawn),
        (N_("Ended because nobody came back"), total.lapsed),
        (N_("Ended by cancellation"), total.cancelled),
        (N_("Still open"), total.open),
        (N_("Open past the deadline"), total.overdue),
        (N_("Handed over"), total.handed_over),
    )
    return [
        *(KeyFigure(say(name), in_words(language, count)) for name, count in counts),
        *_shares(language, total),
        *_durations(language, total),
    ]


def _shares(language: Language, total: Figures) -> list[KeyFigure]:
    shares = (
        (N_("Share decided on time"), total.on_time_percent),
        (N_("Share decided without a promised date"), total.without_deadline_percent),
    )
    return [KeyFigure(language.say(name), language.percent(share)) for name, share in shares if share is not None]


def in_words(language: Language, count: Count) -> str:
    return language.number(count) if isinstance(count, int) else language.say(N_("fewer than ten"))


def _durations(language: Language, total: Figures) -> list[KeyFigure]:
    say = language.say
    spans = (
        (N_("Half decided within"), total.days_median),
        (N_("Nine in ten decided within"), total.days_p90),
        (N_("Half handed over within"), total.handed_over_days_median),
        (N_("Nine in ten handed over within"), total.handed_over_days_p90),
        (N_("Office's own time, half within"), total.own_days_median),
        (N_("Office's own time, nine in ten within"), total.own_days_p90),
    )
    return [KeyFigure(say(name), days_in(language, days)) for name, days in spans if days is not None]


def extremes(language: Language, lines: list[TableLine]) -> str:
    """Names the line with the highest percentage of decisions on time, and the line with the lowest percentage. Lines
    without a percentage are ignored. The text is empty if all lines with a percentage have the same percentage.
    """
    shown = [(line.length, line) for line in lines if line.length is not None]
    if not shown:
        return ""
    (high, best), (low, worst) = max(shown, key=lambda each: each[0]), min(shown, key=lambda each: each[0])
    if high == low:
        return ""
    return language.say(
        N_("Most often on time: %(best)s, %(high)s. Least often: %(worst)s, %(low)s."),
        best=best.name,
        high=language.percent(high),
        worst=worst.name,
        low=language.percent(low),
    )


def chart_in_words(language: Language, chart: Chart) -> str:
    """The text alternative of the chart, for readers who cannot see the chart."""
    if chart.highest is None:
        return language.say(N_("Every month has fewer than ten applications, possibly none."))
    months = {"highest": chart.highest, "lowest": chart.lowest, "latest": chart.latest}
    values = {name: f"{month.name}, {in_words(language, month.count)}" for name, month in months.items()}
    return language.say(N_("Highest: %(highest)s. Lowest: %(lowest)s. Latest: %(latest)s."), **values)
