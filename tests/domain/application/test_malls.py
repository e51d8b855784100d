"""Acts at a counter in a mall: they name it, and the registry must know the counter as one of the acting office."""

from dataclasses import replace

import pytest

from domain.application.admit import SourceRecord, admit
from domain.application.commands import Command, HandOver, SubmitApplication
from domain.application.events import ApplicationEvent, HandedOver, Submitted
from domain.application.evolve import Application
from domain.codes import Channel, Receiver, Role
from domain.refusals import CounterNotInMall, MallUnknown, Refusal
from domain.registry.editions import evolve
from domain.registry.places import MallCounter, MallRegistered
from tests.builders import KTP, MAKASSAR, NUMBER, READY, REGISTRY, SEMARANG, an_act, names
from tests.spec import given

MALL = MallRegistered(
    code="mpp-3374-01",
    edition=1,
    names=names("mall"),
    region="33.74",
    address="Jalan Contoh 1",
    counters=(
        MallCounter(code="civil", names=names("civil"), office=SEMARANG),
        MallCounter(code="family", names=names("family"), office=SEMARANG),
        MallCounter(code="guest", names=names("guest"), office=MAKASSAR),
    ),
)
COUNTRY = evolve(REGISTRY, MALL)
SUBMIT, HAND_OVER = SubmitApplication(service=KTP, number=NUMBER), HandOver()
SUBMITTED = Submitted(service=KTP, standard=3, number=NUMBER)
HANDED_OVER = HandedOver(receiver=Receiver.APPLICANT)

each_act = pytest.mark.parametrize(
    ("history", "command", "event"), [((), SUBMIT, SUBMITTED), (READY, HAND_OVER, HANDED_OVER)]
)


def test_the_newest_edition_of_a_mall_is_known_by_its_code() -> None:
    newer = replace(MALL, edition=2, counters=())
    assert evolve(COUNTRY, newer).malls == {"mpp-3374-01": newer}


@each_act
@pytest.mark.parametrize(
    ("mall", "counter"), [(None, None), ("mpp-3374-01", None), ("mpp-3374-01", "civil"), ("mpp-3374-01", "family")]
)
def test_an_act_at_a_counter_names_the_mall_and_the_counter(
    history: tuple[ApplicationEvent, ...],
    command: SubmitApplication | HandOver,
    event: Submitted | HandedOver,
    mall: str | None,
    counter: str | None,
) -> None:
    asked = given(*history, registry=COUNTRY).when(replace(command, mall=mall, counter=counter))
    asked.then(replace(event, mall=mall, counter=counter))


@pytest.mark.parametrize(("history", "command"), [((), SUBMIT), (READY, HAND_OVER)])
@pytest.mark.parametrize(
    ("place", "refusal"),
    [
        (("mpp-3374-02", None), MallUnknown),
        (("mpp-3374-02", "civil"), MallUnknown),
        (("mpp-3374-01", "guest"), CounterNotInMall),
        (("mpp-3374-01", "nowhere"), CounterNotInMall),
        ((None, "civil"), CounterNotInMall),
    ],
)
def test_a_counter_must_be_one_of_the_acting_office_in_that_mall(
    history: tuple[ApplicationEvent, ...],
    command: SubmitApplication | HandOver,
    place: tuple[str | None, str | None],
    refusal: type[Refusal],
) -> None:
    mall, counter = place
    asked: Command = replace(command, mall=mall, counter=counter)
    given(*history, registry=COUNTRY).when(asked).refused(refusal)


def test_an_office_without_a_counter_in_the_mall_cannot_name_it() -> None:
    only_semarang = evolve(REGISTRY, replace(MALL, counters=MALL.counters[:2]))
    given(registry=only_semarang).when(replace(SUBMIT, mall=MALL.code), office=MAKASSAR).refused(CounterNotInMall)
    given(registry=COUNTRY).when(replace(SUBMIT, mall=MALL.code), office=MAKASSAR).then(
        replace(SUBMITTED, mall=MALL.code)
    )


@pytest.mark.parametrize(("counter", "deviates"), [("civil", None), ("guest", "counter-not-in-mall")])
def test_history_that_names_a_wrong_counter_is_kept_and_marked(counter: str, deviates: str | None) -> None:
    told = replace(SUBMITTED, mall=MALL.code, counter=counter)
    act = an_act(by=Role.IMPORT, channel=Channel.UNKNOWN)
    assert admit(SourceRecord(act=act, event=told), Application(), COUNTRY) == replace(told, deviates=deviates)
