"""A simulated public service mall: its applications, with service, office, channel, day and hour.

The probabilities follow real malls. Half of the applications are for civil registration. Mondays and the first day
after a holiday are the busiest days. Mornings are busier than afternoons. People also apply online at night and on
Sundays.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise, takewhile
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.codes import Channel
from domain.registry.calendar import openings
from domain.registry.editions import StandardPublished
from domain.registry.registry import Registry
from simulation.hours import Hours, Opening

JAKARTA = ZoneInfo("Asia/Jakarta")
MARGIN_DAYS = 60
"""The calendars must cover this many days after the last day of a plan, because promises of the last day become due
later.
"""

SERVICES = {
    "ktp-el": 22.0,
    "kartu-keluarga": 18.0,
    "akta-kelahiran": 10.0,
    "skck": 8.0,
    "paspor": 7.0,
    "nib": 6.0,
    "sip": 4.0,
    "sim-perpanjangan": 4.0,
    "stnk": 4.0,
    "jkn-pbpu": 4.0,
    "ak-1": 3.0,
    "pbg": 2.0,
    "sambungan-air": 2.0,
    "listrik": 2.0,
    "pengaduan": 2.0,
    "pertanahan-peralihan": 1.5,
}
OTHER_SERVICE = 1.0
CHANNELS = {Channel.COUNTER: 5.5, Channel.ELECTRONIC: 3.0, Channel.MOBILE: 0.9, Channel.SELF_SERVICE: 0.6}
FURTHER_OFFICES = 0.1
"""The first office of a service is in the mall. Each other office gets this share of the number of applications of the
first office.
"""
WEEKDAYS = (1.5, 1.1, 1.0, 1.0, 0.9, 0.5, 0.5)
AFTER_CLOSED_DAYS = 1.6
ONLINE_HOURS = (1, 1, 1, 1, 1, 2, 3, 4, 7, 9, 9, 7, 6, 6, 6, 5, 5, 5, 6, 8, 9, 7, 4, 2)
MORNING = (1.5, 2.6)
"""The parameters of a beta distribution over the opening hours of a day: most applications come in the morning."""
UPLOADED_LATE = 0.4
OFFICERS = 4

T = TypeVar("T")
Weighed = tuple[Sequence[T], Sequence[float]]


class NotSimulated(ValueError):
    """The requested simulation cannot be planned. The message of the exception says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One application. `at` is the time of submission. `arrives` is the time of arrival in the log. Both times are in
    UTC.

    A mobile unit may upload an application days after the submission.
    """

    ordinal: int
    at: datetime
    arrives: datetime
    standard: StandardPublished
    office: str
    channel: Channel


@dataclass(frozen=True, slots=True)
class Entrance:
    """One way to apply: a service, an office that offers the service, and a channel."""

    standard: StandardPublished
    office: str
    channel: Channel


def beginning(day: date) -> datetime:
    """Return the beginning of a day in Jakarta, in UTC."""
    return datetime.combine(day, time(), JAKARTA).astimezone(UTC)


class Mall:
    """The example offices, from the beginning of the day `first` to the beginning of the day `until`.

    The calendars must cover these days and the next `MARGIN_DAYS` days. Otherwise, raises NotSimulated.
    """

    def __init__(self, seed: int, first: date, until: date, registry: Registry) -> None:
        self.seed = seed
        self.first, self.until = first, until
        self.begins, self.ends = beginning(first), beginning(until)
        self.registry = registry
        days = sorted((edition.first_day, edition.last_day) for edition in registry.national_calendars())
        if not days or first < days[0][0] or until + timedelta(MARGIN_DAYS) > days[-1][1]:
            known = f"{days[0][0]} until {days[-1][1]}" if days else "no day at all"
            raise NotSimulated(
                f"a simulation from {first} until {until} is not possible: the calendars know {known},"
                f" and they must also know the {MARGIN_DAYS} days after the simulation"
            )
        self.hours: Callable[[str], Hours] = cache(self._hours)
        self.staff: Callable[[str], tuple[UUID, ...]] = cache(self._staff)

    def _hours(self, office: str) -> Hours:
        """Return the openings from the first day of the plan until after its last day."""
        known = self.registry.calendar_from(self.begins, office)
        if known is None:
            raise NotSimulated(f"no calendar covers the first day of {office}")
        ahead = openings(self.begins, known[0], self.registry.opening_hours(office))
        end = self.ends + timedelta(MARGIN_DAYS - 2)
        return Hours([opening for opening in takewhile(lambda o: o[0] < end, ahead) if opening[0] >= self.begins])

    def _staff(self, office: str) -> tuple[UUID, ...]:
        """Return random references for an office's officers. The last reference is the supervisor's.

        The seed determines the references.
        """
        dice = random.Random(f"{self.seed}/staff/{office}")  # noqa: S311 - reproducible test data
        return tuple(UUID(int=dice.getrandbits(128), version=4) for _ in range(OFFICERS + 1))

    def arrivals(self, count: int, first: int = 0) -> list[Arrival]:
        """Return `count` arrivals, sorted by the time of arrival in the log. The ordinals of the arrivals begin with
        `first`.
        """
        if not count:
            return []
        dice = random.Random(f"{self.seed}/arrivals")  # noqa: S311 - reproducible test data
        doors, weights = self.doors()
        days = cache(self._days)
        came: list[tuple[datetime, datetime, Entrance]] = []
        for door in dice.choices(doors, cum_weights=weights, k=count):
            at = _moment(dice, door, *days(door.office, door.channel))
            came.append((self._uploaded(dice, door, at), at, door))
        came.sort(key=lambda arrival: arrival[:2])
        return [
            Arrival(
                ordinal=ordinal,
                at=at,
                arrives=arrives,
                standard=door.standard,
                office=door.office,
                channel=door.channel,
            )
            for ordinal, (arrives, at, door) in enumerate(came, start=first)
        ]

    def doors(self) -> Weighed[Entrance]:
        """Return all entrances that are open in these days, with cumulative weights."""
        doors: list[Entrance] = []
        weights: list[float] = []
        for service in sorted(self.registry.services):
            for place, door in self._doors_of(service):
                weight = SERVICES.get(service, OTHER_SERVICE) * (FURTHER_OFFICES if place else 1.0)
                doors.append(door)
                weights.append((weights[-1] if weights else 0.0) + weight * CHANNELS[door.channel])
        if not doors:
            raise NotSimulated(f"no example service can be applied for between {self.first} and {self.until}")
        return doors, weights

    def _doors_of(self, service: str) -> Iterable[tuple[int, Entrance]]:
        offices = dict.fromkeys(office for each in self.registry.services[service] for office in each.offices)
        for place, office in enumerate(offices):
            standard = self.registry.standard_in_force(service, self.first, office)
            if standard is None or not standard.example or standard.free_order or office not in standard.offices:
                continue
            if standard != self.registry.standard_in_force(service, self.until, office):
                continue  # acts planned for one edition of the standard may be refused under another edition
            known = office in self.registry.offices and self.registry.offices[office].example
            for channel in sorted(set(standard.channels) & CHANNELS.keys()) if known else ():
                if self._days(office, channel)[0]:
                    yield place, Entrance(standard, office, channel)

    def _days(self, office: str, channel: Channel) -> Weighed[Opening]:
        """Return the spans in which applications may come, with cumulative weights.

        A span of an online channel is a whole day.
        """
        if channel is Channel.ELECTRONIC:
            days = [self.first + timedelta(n) for n in range((self.until - self.first).days)]
            spans = [(beginning(day), beginning(day + timedelta(1))) for day in days]
        else:
            spans = [opening for opening in self.hours(office).openings if opening[1] <= self.ends]
        zone = ZoneInfo(self.registry.offices[office].zone)
        waited = [False, *((later[0] - earlier[1]).days >= 1 for earlier, later in pairwise(spans))]
        weights: list[float] = []
        for (opens, _), after_closed in zip(spans, waited, strict=False):
            weight = WEEKDAYS[opens.astimezone(zone).weekday()] * (AFTER_CLOSED_DAYS if after_closed else 1.0)
            weights.append((weights[-1] if weights else 0.0) + weight)
        return spans, weights

    def _uploaded(self, dice: random.Random, door: Entrance, at: datetime) -> datetime:
        """Return the time at which a submission arrives in the log.

        A submission arrives at once, except from a mobile unit, which may have no network for days.
        """
        if door.channel is not Channel.MOBILE:
            return at
        late = dice.random() < UPLOADED_LATE
        wait = timedelta(hours=dice.uniform(2, 72)) if late else timedelta(minutes=dice.uniform(20, 40))
        return min(at + wait, max(at, self.ends - timedelta(minutes=1)))


def _moment(dice: random.Random, door: Entrance, spans: Sequence[Opening], weights: Sequence[float]) -> datetime:
    [(opens, closes)] = dice.choices(spans, cum_weights=weights)
    if door.channel is Channel.ELECTRONIC:
        [hour] = dice.choices(range(24), ONLINE_HOURS)
        return opens + timedelta(hours=hour, seconds=dice.uniform(0, 3599))
    return opens + (closes - opens) * (0.95 * dice.betavariate(*MORNING))
