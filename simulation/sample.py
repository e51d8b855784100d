"""The sample is the first application that a visitor sees.

The sample was returned once, corrected and declared complete. The sample now waits for another office's answer to a
referral.
"""

from collections.abc import Iterator
from datetime import timedelta

from domain.application import commands
from domain.application.events import DefectiveDocument
from domain.codes import Channel, Defect
from simulation.life import Intention, Life
from simulation.mall import Arrival, Mall, NotSimulated

SERVICE, ASKED = "sip", "pemda-3374-dinkes"
OPENINGS = 8
"""The sample is submitted in the opening with this number, counted back from the end of the plan.

The sample is declared complete in the fourth opening from the end. So the promised date is soon after the end.
"""


def sample(mall: Mall) -> Life:
    """Return the life of the sample. The ordinal of the sample is 0. Raises NotSimulated if the office has too few
    openings in the plan.
    """
    newest = mall.registry.newest(SERVICE)
    office = newest.offices[0] if newest and newest.offices else ""
    standard = mall.registry.standard_in_force(SERVICE, mall.first, office)
    if standard is None or office not in standard.offices:
        raise NotSimulated(f"the sample needs the example service {SERVICE}")
    days = [opening for opening in mall.hours(office).openings if opening[1] <= mall.ends]
    if len(days) < OPENINGS:
        raise NotSimulated("the sample needs some more days before its end")
    at = days[-OPENINGS][0] + timedelta(hours=1, minutes=7)
    came = Arrival(ordinal=0, at=at, arrives=at, standard=standard, office=office, channel=Channel.COUNTER)
    life = Life(came, mall)
    life.live(_moves(life))
    return life


def _moves(life: Life) -> Iterator[Intention]:
    mall, standard = life.mall, life.arrival.standard
    opened = [opens for opens, closes in mall.hours(life.arrival.office).openings if closes <= mall.ends][-OPENINGS:]
    requirement = standard.requirements[0].code
    first, second = (stage.code for stage in standard.stages[:2])
    defect = DefectiveDocument(requirement=requirement, defect=Defect.ILLEGIBLE)
    hall, counter = life.in_mall()
    submit = commands.SubmitApplication(
        service=standard.service, number="", district="33.74.01", mall=hall, counter=counter
    )
    yield life.at_the_door(submit, life.arrival.at, arrives=life.arrival.at)
    for day, minutes, command in (
        (0, 75, commands.Receive()),
        (1, 100, commands.CheckDocuments(complete=False)),
        (1, 105, commands.ReturnForCorrection(documents=(defect,))),
        (3, 50, commands.SupplyCorrection()),
        (4, 80, commands.CheckDocuments(complete=True, declare_complete=True)),
        (5, 30, commands.EnterStage(stage=first)),
        (5, 200, commands.CompleteStage(stage=first)),
        (6, 45, commands.EnterStage(stage=second)),
        (7, 90, commands.Refer(to=ASKED)),
    ):
        yield life.officer(command, opened[day] + timedelta(minutes=minutes))
