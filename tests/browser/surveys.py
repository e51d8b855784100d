"""The survey in each of its states, and what the public sees of none, and of some."""

from dataclasses import replace

from domain.satisfaction import Element, Grade, Weights
from projections.satisfaction_figures import Satisfaction, SatisfactionUnit
from tests.browser.samples import NOW

APPLICATION = "0192f0c8-6b1e-7c3a-9d57-1f0a2b3c4d5e"
STATES = ("asked", "incomplete", "thanks", "again")
SURVEYS = {"rejected": "asked", "handed-over": "given"}
"""Of the sample applications."""

MEANS = dict.fromkeys(Element, 3.25)
SOME = [
    SatisfactionUnit(
        service=service,
        office=office,
        answered=answered,
        served=120,
        answered_percent=50.0,
        index=index,
        index_least=index - 2,
        index_most=min(index + 1, 100.0),
        grade=grade,
        sufficient=answered > 60,
        lowest=Element.COMPLAINTS,
        means=MEANS,
    )
    for service, office, answered, index, grade in (
        ("kartu-keluarga", "semarang", 90, 89.5, Grade.A),
        ("paspor", "jayapura", 60, 65.0, None),
        ("layanan-yang-tidak-dikenal", "kantor-yang-tidak-dikenal", 30, 27.0, Grade.D),
        ("ktp-el", "makassar", 40, 81.94, Grade.B),
    )
]
NONE = SatisfactionUnit(service="paspor", office="semarang")


def satisfaction(*units: SatisfactionUnit) -> Satisfaction:
    """The figures of these units; each service and each office has the figures of its first unit."""
    services = {unit.service: replace(unit, office=None) for unit in reversed(units)}
    offices = {unit.office: replace(unit, service=None) for unit in reversed(units)}
    return Satisfaction(
        as_of=NOW,
        weights=Weights.EXACT,
        period="2026-S2",
        periods=["2026-S2", "2026-S1", "2026", "2025"],
        services=list(services.values()),
        offices=list(offices.values()),
        units=list(units),
    )


SATISFACTIONS = {"satisfaction": satisfaction(*SOME), "satisfaction-none": satisfaction(NONE)}
