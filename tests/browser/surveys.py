"""The survey in each of its states, and what the public sees of none, and of some."""

from domain.satisfaction import Element, Grade, Weights
from projections.satisfaction import Satisfaction, SatisfactionUnit
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
        grade=grade,
        sufficient=answered > 60,
        lowest=Element.COMPLAINTS,
        means=MEANS,
    )
    for service, office, answered, index, grade in (
        ("kartu-keluarga", "semarang", 90, 88.5, Grade.A),
        ("paspor", "jayapura", 60, 65.0, Grade.C),
        ("layanan-yang-tidak-dikenal", "kantor-yang-tidak-dikenal", 10, 25.0, Grade.D),
        ("ktp-el", "makassar", 40, 81.94, Grade.B),
    )
]
SATISFACTIONS = {
    "satisfaction": Satisfaction(
        as_of=NOW, weights=Weights.EXACT, units=[*SOME, SatisfactionUnit(service="paspor", office="semarang")]
    ),
    "satisfaction-none": Satisfaction(
        as_of=NOW, weights=Weights.EXACT, units=[SatisfactionUnit(service="paspor", office="semarang")]
    ),
}
