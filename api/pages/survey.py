"""The satisfaction survey in words: it has nine questions with four choices each. This module also makes the table of
the public index.

Questions and choices follow the questionnaire of PermenPANRB 14/2017.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from api.pages.language import Language
from api.pages.tables import LINES_MAX, TableLine, count_in
from api.pages.words import N_
from domain.registry.registry import Registry
from domain.satisfaction import Element, Grade
from projections.satisfaction_figures import SatisfactionUnit

Choices = tuple[str, str, str, str]

FIT: Choices = (N_("Did not fit"), N_("Did not fit well"), N_("Fitted"), N_("Fitted very well"))
ELEMENTS: dict[Element, tuple[str, str, Choices]] = {
    Element.REQUIREMENTS: (N_("Requirements"), N_("Did the requirements fit the kind of service?"), FIT),
    Element.PROCEDURE: (
        N_("Procedure"),
        N_("How easy was the procedure?"),
        (N_("Not easy"), N_("Not very easy"), N_("Easy"), N_("Very easy")),
    ),
    Element.TIME: (
        N_("Time taken"),
        N_("How quick was the service?"),
        (N_("Not quick"), N_("Not very quick"), N_("Quick"), N_("Very quick")),
    ),
    Element.FEE: (
        N_("Fee"),
        N_("How reasonable was the fee?"),
        (N_("Very expensive"), N_("Rather expensive"), N_("Cheap"), N_("Free of charge")),
    ),
    Element.PRODUCT: (N_("Product"), N_("Did the result fit the standard of the service?"), FIT),
    Element.COMPETENCE: (
        N_("Competence of the officers"),
        N_("How capable were the officers?"),
        (N_("Not capable"), N_("Not very capable"), N_("Capable"), N_("Very capable")),
    ),
    Element.BEHAVIOUR: (
        N_("Behaviour of the officers"),
        N_("How polite and friendly were the officers?"),
        (N_("Not polite"), N_("Not very polite"), N_("Polite"), N_("Very polite")),
    ),
    Element.COMPLAINTS: (
        N_("Handling of complaints, suggestions and comments"),
        N_("How are complaints, suggestions and comments handled?"),
        (
            N_("There is no way to give them"),
            N_("There is one, but it does not work"),
            N_("It could work better"),
            N_("It works well"),
        ),
    ),
    Element.FACILITIES: (
        N_("Facilities"),
        N_("How good are the facilities?"),
        (N_("Bad"), N_("Fair"), N_("Good"), N_("Very good")),
    ),
}
GRADES = {Grade.A: N_("Very good."), Grade.B: N_("Good."), Grade.C: N_("Not so good."), Grade.D: N_("Not good.")}


@dataclass(frozen=True, slots=True)
class Question:
    """`choices` are sorted from the worst to the best. Each choice has a text, and the value (1 to 4) that the form
    sends.
    """

    code: str
    name: str
    asks: str
    choices: list[tuple[int, str]]


def questions(language: Language) -> list[Question]:
    return [
        Question(
            element.value, language.say(name), language.say(asks), list(enumerate(map(language.say, choices), start=1))
        )
        for element, (name, asks, choices) in ELEMENTS.items()
    ]


def shown(language: Language, registry: Registry, units: Iterable[SatisfactionUnit]) -> list[TableLine]:
    """Returns one line for each unit that has a published index. A unit is a service, an office, or a service at an
    office. At most `LINES_MAX` lines are returned. The units with the most answers come first.
    """
    published = sorted(
        (unit for unit in units if unit.index is not None),
        key=lambda unit: (
            -(unit.answered if isinstance(unit.answered, int) else 0),
            unit.service or "",
            unit.office or "",
        ),
    )
    return [_line(language, registry, unit) for unit in published[:LINES_MAX]]


def period_name(language: Language, period: str) -> str:
    """Returns the name of a semester (`2026-S2`) or of a year (`2026`)."""
    year, _, half = period.partition("-")
    names = {"": N_("Year %(year)s"), "S1": N_("January to June %(year)s"), "S2": N_("July to December %(year)s")}
    return language.say(names[half], year=year)


def _line(language: Language, registry: Registry, unit: SatisfactionUnit) -> TableLine:
    cells = [
        language.hundredths(unit.index) if unit.index is not None else "",
        unit.grade or "",
        count_in(language, unit.answered),
        language.say(N_("yes") if unit.sufficient else N_("not yet")),
    ]
    return TableLine(_name(language, registry, unit), cells, unit.index, _remark(language, unit))


def _name(language: Language, registry: Registry, unit: SatisfactionUnit) -> str:
    names = []
    if unit.service is not None:
        standard = registry.newest(unit.service)
        names.append(language.of(standard.names) if standard else unit.service)
    if unit.office is not None:
        office = registry.offices.get(unit.office)
        names.append(language.of(office.names) if office else unit.office)
    return ", ".join(names)


def _remark(language: Language, unit: SatisfactionUnit) -> str:
    """Returns one text with three parts: the grade in words, the bounds of the index, and the element with the lowest
    mean. If there is no grade, the first part says so.
    """
    if unit.index_least is None or unit.index_most is None or unit.lowest is None:
        return ""
    bound = language.say(
        N_("Between %(least)s and %(most)s with all answers."),
        least=language.hundredths(unit.index_least),
        most=language.hundredths(unit.index_most),
    )
    graded = language.say(GRADES[unit.grade]) if unit.grade else language.say(N_("No grade: both sides of a limit."))
    lowest = language.say(N_("Lowest: %(element)s"), element=language.say(ELEMENTS[unit.lowest][0]))
    return f"{graded} {bound} {lowest}"
