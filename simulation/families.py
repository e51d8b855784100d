"""Families: after some births, a family applies for several services at one visit, and an office links the
applications.

Each further application of a family replaces one arrival, so a family does not change the other arrivals. In a plan,
the id of an application is its ordinal, and the id of a link is the ordinal of the birth certificate.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from domain.application.commands import Link
from domain.application.linking import supplied
from domain.codes import Channel, LifeEvent, Role
from domain.provenance import Act
from simulation.mall import Arrival, Entrance, Mall

CERTIFICATE = "akta-kelahiran"
FURTHER = ("kartu-keluarga", "jkn-pbpu")
EVERY = 10
"""Of the birth certificates at a counter, the first one and then every tenth one are for such a family. These are about
5 % of the births.
"""
APART = timedelta(minutes=4)


@dataclass(frozen=True, slots=True)
class Membership:
    """The membership of one application in a family. `link` is the command that links the application to the others.
    `act` is the act of this command, and is the same for the whole family.
    """

    link: Link
    act: Act

    @property
    def person(self) -> int:
        """The number of the person who applies for the whole family."""
        return self.link.link.int


def with_families(arrivals: Sequence[Arrival], mall: Mall) -> Iterator[tuple[Arrival, Membership | None]]:
    """Yield the arrivals in their order, with the applications of families and their memberships."""
    counters: dict[tuple[str, str | None], Entrance] = {}
    for door in mall.doors()[0] if arrivals else ():
        if door.channel is Channel.COUNTER:
            counters.setdefault((door.standard.service, mall.registry.offices[door.office].region), door)
    certificates = (place for place, each in enumerate(arrivals) if _for_certificate(each))
    families = [family for place in certificates if (family := _family(arrivals[place : place + 3], counters, mall))]
    joined = {each.ordinal: (each, _membership(each, family, mall)) for family in families[::EVERY] for each in family}
    for arrival in arrivals:
        yield joined.get(arrival.ordinal, (arrival, None))


def _for_certificate(arrival: Arrival) -> bool:
    return arrival.standard.service == CERTIFICATE and arrival.channel is Channel.COUNTER


def _family(
    places: Sequence[Arrival], counters: Mapping[tuple[str, str | None], Entrance], mall: Mall
) -> list[Arrival]:
    """Return the applications of a family that begins with a certificate. Return an empty list if one of the offices
    closes before the applications are linked.
    """
    family = [places[0]]
    dice = random.Random(f"{mall.seed}/family/{places[0].ordinal}")  # noqa: S311 - reproducible test data
    region = mall.registry.offices[places[0].office].region
    offered = [door for service in FURTHER if (door := counters.get((service, region)))]
    for door, place in zip(offered[: dice.randint(1, len(FURTHER))], places[1:], strict=False):
        at = min(family[-1].at + APART, place.arrives)
        family.append(
            Arrival(
                ordinal=place.ordinal,
                at=at,
                arrives=at,
                standard=door.standard,
                office=door.office,
                channel=door.channel,
            )
        )
    opened = all(mall.hours(each.office).is_open(at) for each in family for at in (each.at, family[-1].at + APART))
    return family if opened and len(family) > 1 else []


def _membership(own: Arrival, family: Sequence[Arrival], mall: Mall) -> Membership:
    """The office of the last application links all applications, because the family shows the earlier receipts."""
    last = family[-1]
    act = Act(
        at=last.at + APART,
        by=Role.OFFICER,
        channel=Channel.COUNTER,
        actor=mall.staff(last.office)[0],
        office=last.office,
    )
    link = Link(
        link=UUID(int=family[0].ordinal),
        life_event=LifeEvent.BIRTH,
        others=tuple(UUID(int=each.ordinal) for each in family if each is not own),
        supplied=supplied([each.standard for each in family])[family.index(own)],
    )
    return Membership(link, act)
