"""The first part of a simulated life: the file is submitted, linked, received, transferred, checked and returned."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.application import commands
from domain.application.events import DefectiveDocument
from domain.codes import Channel, Defect
from simulation.life import Intention, Life

RETURNED = (0.16, 0.25)
"""The probability of a first return, and the probability of a second return after a first return."""
SILENT = 0.1
TRANSFERRED, COMPLAINT_TRANSFERRED = 0.04, 0.5
DECLARED_APART = 0.3


def taken_in(life: Life) -> Iterator[Intention]:
    arrival = life.arrival
    region = life.mall.registry.offices[arrival.office].region
    district = f"{region}.{life.dice.randint(1, 5):02}" if region and "." in region else None
    mall, counter = life.in_mall()
    submit = commands.SubmitApplication(
        service=arrival.standard.service, number="", district=district, mall=mall, counter=counter
    )
    yield life.at_the_door(submit, arrival.at, arrives=arrival.arrives)
    if member := life.membership:
        yield Intention(command=member.link, act=member.act, arrives=member.act.at)
    if arrival.channel is Channel.MOBILE:
        at = min(arrival.at + timedelta(minutes=life.dice.uniform(3, 15)), arrival.arrives)
        yield life.at_the_door(commands.Receive(), at, arrives=arrival.arrives)
    else:
        yield life.officer(commands.Receive(), life.hence(0.05, 40) if life.chance(0.1) else life.hence(0.02, 0.6))
    if others := others_listed(life):
        odds = COMPLAINT_TRANSFERRED if len(arrival.standard.offices) > len(others) + 1 else TRANSFERRED
        if life.chance(odds):
            yield life.officer(commands.Transfer(to=life.dice.choice(others)), life.hence(0.2, 20))


def others_listed(life: Life) -> list[str]:
    """Return the other offices of the same region that offer the service."""
    offices = life.mall.registry.offices
    region = offices[life.office].region
    offered = life.arrival.standard.offices
    return [code for code in offered if code != life.office and code in offices and offices[code].region == region]


def made_complete(life: Life) -> Iterator[Intention]:
    """Yield the acts until the file is declared complete. Before the file is complete, the office may return it up to
    two times, and the applicant corrects it each time.

    If the applicant does not respond to a return, the application lapses.
    """
    for odds in RETURNED:
        if not life.arrival.standard.requirements or not life.chance(odds):
            break
        yield from returned(life, life.hence(0.1, 10))
        if life.chance(SILENT):
            yield life.officer(commands.Lapse(), life.hence(24 * 14, 24 * 30), supervisor=True)
            return
        yield life.applicant(commands.SupplyCorrection(), life.hence(2, 24 * 6))
    at = life.hence(0.1, 16)
    if life.chance(DECLARED_APART):
        yield life.officer(commands.CheckDocuments(complete=True), at)
        yield life.officer(commands.DeclareComplete(), life.hence(0.1, 4))
    else:
        yield life.officer(commands.CheckDocuments(complete=True, declare_complete=True), at)


def returned(life: Life, at: datetime) -> Iterator[Intention]:
    """Yield the acts with which an officer returns the file to the applicant. One document is the reason for the
    return. A document that a linked application supplies is never missing.
    """
    requirement = life.dice.choice(life.arrival.standard.requirements).code
    supplied = requirement in life.application.supplied
    defect = life.dice.choice([each for each in Defect if each is not Defect.MISSING or not supplied])
    missing = (requirement,) if defect is Defect.MISSING else ()
    yield life.officer(commands.CheckDocuments(complete=False, missing=missing), at)
    document = DefectiveDocument(requirement=requirement, defect=defect)
    yield life.officer(commands.ReturnForCorrection(documents=(document,)), life.hence(0.02, 0.5))
