"""Who comes, when and by which channel, and how what they ask for goes: as it does in such malls."""

from collections import Counter
from datetime import date, timedelta

import pytest

from domain.application.events import DeclaredComplete, Referred, ReturnedForCorrection
from domain.codes import Channel
from simulation.life import Life
from simulation.mall import JAKARTA, Arrival, Mall
from simulation.sample import ASKED, sample
from simulation.truth import fact_of
from tests.simulation.plans import UNTIL, a_plan, a_season, country

CIVIL_REGISTRATION = {"ktp-el", "kartu-keluarga", "akta-kelahiran"}


@pytest.fixture(scope="module")
def arrivals() -> list[Arrival]:
    return Mall(1, UNTIL - timedelta(84), UNTIL, country()).arrivals(5000)


@pytest.fixture(scope="module")
def lives() -> list[Life]:
    return list(a_season().lives())


def weekdays(arrivals: list[Arrival], *channels: Channel) -> Counter[int]:
    return Counter(one.at.astimezone(JAKARTA).weekday() for one in arrivals if one.channel in channels)


def test_half_of_all_is_civil_registration(arrivals: list[Arrival]) -> None:
    share = sum(one.standard.service in CIVIL_REGISTRATION for one in arrivals) / len(arrivals)
    assert 0.4 < share < 0.6


def test_every_example_service_is_asked_for(arrivals: list[Arrival]) -> None:
    assert {one.standard.service for one in arrivals} == country().services.keys()


def test_mondays_are_the_fullest_and_no_counter_works_on_sundays(arrivals: list[Arrival]) -> None:
    days = weekdays(arrivals, Channel.COUNTER)
    assert days.most_common(1)[0][0] == 0
    assert days[6] == 0


def test_by_telephone_people_also_come_at_night_and_on_sundays(arrivals: list[Arrival]) -> None:
    assert weekdays(arrivals, Channel.ELECTRONIC)[6] > 0
    nights = [one for one in arrivals if not 6 <= one.at.astimezone(JAKARTA).hour < 20]
    assert nights
    assert {one.channel for one in nights} == {Channel.ELECTRONIC}


def test_mornings_are_fuller_than_afternoons(arrivals: list[Arrival]) -> None:
    hours = Counter(one.at.astimezone(JAKARTA).hour < 11 for one in arrivals if one.channel is Channel.COUNTER)
    assert hours[True] > hours[False]


def test_a_week_of_holidays_has_no_counter_but_the_telephone() -> None:
    holidays = Mall(1, date(2026, 3, 21), date(2026, 3, 23), country())
    assert {one.channel for one in holidays.arrivals(50)} == {Channel.ELECTRONIC}


def test_some_decisions_are_late_by_intent_and_most_are_not(lives: list[Life]) -> None:
    judged = Counter(fact_of(life).judged for life in lives)
    assert 0.1 < judged["late"] / (judged["late"] + judged["on_time"]) < 0.3


def test_some_are_returned_and_few_of_them_twice(lives: list[Life]) -> None:
    rounds = Counter(fact_of(life).returns for life in lives)
    assert rounds[0] > 4 * rounds[1] > 8 * rounds[2] > 0


def test_the_other_office_answers_what_it_was_asked(lives: list[Life]) -> None:
    for life in lives:
        asked = [event.to for step in life.steps for event in step.events if isinstance(event, Referred)]
        answered = [step.act.office for step in life.steps if type(step.command).__name__ == "AnswerReferral"]
        assert answered in (asked, [])


@pytest.mark.parametrize("until", [UNTIL + timedelta(days) for days in range(0, 330, 11)], ids=str)
def test_the_sample_is_rich_open_and_promised_whatever_the_day(until: date) -> None:
    life = sample(a_plan(1, days=45, until=until).mall)
    topics = [event for step in life.steps for event in step.events]
    application = life.application
    assert (application.service, application.status) == ("sip", "processing")
    assert list(application.referrals.values()) == [ASKED]
    assert any(isinstance(event, ReturnedForCorrection) for event in topics)
    assert any(isinstance(event, DeclaredComplete) for event in topics)
    assert application.promise
    assert application.promise.due_at > life.mall.ends


def test_the_sample_comes_before_all_others() -> None:
    steps = list(a_plan(20, with_sample=True).steps())
    first = [step.ordinal for step in steps[:10]]
    assert first == [0] * 10
    assert {step.ordinal for step in steps} == set(range(20))
