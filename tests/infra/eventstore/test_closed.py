"""`data` is closed: nobody can write a name, a remark or another register's number into an event, by no way at all."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import orjson
import pytest

from domain.application.events import ApplicationEvent, Referred, Submitted
from domain.codes import Pattern, Published
from domain.import_runs import RunEvent
from domain.json_values import instant
from domain.registry.editions import Names, OfficeRegistered, RegistryEvent
from domain.satisfaction import SatisfactionAnswered
from infra.eventstore.envelope import STATE, canonical, commitment, unb64
from infra.eventstore.history import entry_of
from infra.eventstore.topics import CLASSES, DataNotClosed, closed_type, data_to_store, event_of
from tests.history import make

OF_APPLICATIONS: tuple[type[Any], ...] = get_args(ApplicationEvent)
OF_THE_REGISTRY: tuple[type[Any], ...] = (*get_args(RegistryEvent), *get_args(RunEvent))
WITHOUT_NAMES = (*OF_APPLICATIONS, SatisfactionAnswered)
SAMPLES = {file.name.removesuffix(".json"): file.read_bytes() for file in sorted(make.FOLDER.glob("*.json"))}

Leaf = tuple[str, Any]


def topic_of(name: str) -> str:
    """Of a sample, whose name may go on after the topic."""
    return name.partition("~")[0]


def leaves(cls: type[Any], path: str = "") -> Iterator[Leaf]:
    """Every field of an event that holds a value, through tuples, options and what it is made of."""
    for name, hint in get_type_hints(cls, include_extras=True).items():
        if get_origin(hint) is not ClassVar:
            yield from _leaves_of(hint, f"{path}.{name}" if path else f"{cls.__name__}.{name}")


def _leaves_of(hint: Any, path: str) -> Iterator[Leaf]:
    if get_origin(hint) in (Union, UnionType, tuple):
        for part in get_args(hint):
            if part not in (NoneType, ...):
                yield from _leaves_of(part, path)
    elif is_dataclass(hint):
        assert isinstance(hint, type)
        yield from leaves(hint, path)
    else:
        yield path, hint


def is_closed(hint: Any) -> bool:
    if get_origin(hint) is Annotated:
        base, *limits = get_args(hint)
        return base is str and any(isinstance(limit, Pattern | Published) for limit in limits)
    return hint in (int, bool, datetime, date, UUID) or (isinstance(hint, type) and issubclass(hint, Enum))


@pytest.mark.parametrize("cls", [*WITHOUT_NAMES, *OF_THE_REGISTRY], ids=lambda cls: cls.__name__)
def test_no_event_holds_a_free_value(cls: type[Any]) -> None:
    assert [path for path, hint in leaves(cls) if not is_closed(hint)] == []


@pytest.mark.parametrize("cls", WITHOUT_NAMES, ids=lambda cls: cls.__name__)
def test_no_event_of_an_application_holds_published_text(cls: type[Any]) -> None:
    texts = [path for path, hint in leaves(cls) if any(isinstance(part, Published) for part in get_args(hint))]
    assert texts == []


def test_every_pattern_bounds_the_whole_of_a_code_and_its_length() -> None:
    patterns = {limit for cls in CLASSES.values() for _, hint in leaves(cls) for limit in get_args(hint)[1:]}
    for limit in patterns:
        if isinstance(limit, Pattern):
            assert limit.regex.startswith("^")
            assert limit.regex.endswith("$")
            assert 0 < limit.longest <= 200
            assert not re.search(limit.regex, "Siti Contoh")
            assert not re.search(limit.regex, "siti@example.org")


@pytest.mark.parametrize("score", [0, 5])
def test_an_answer_is_one_of_four(score: int) -> None:
    [answered] = [event for event in make.EXAMPLES if isinstance(event, SatisfactionAnswered)]
    wrong = replace(answered, answers=replace(answered.answers, fee=score))  # type: ignore[arg-type] # on purpose
    with pytest.raises(DataNotClosed, match=r"\$\.answers\.fee"):
        data_to_store(wrong)


def test_a_type_with_a_free_string_cannot_be_closed() -> None:
    class Remark:
        __dataclass_fields__: ClassVar[dict[str, object]] = {}
        said: str

    with pytest.raises(TypeError, match="an event must not contain"):
        closed_type(Remark)


@pytest.mark.parametrize(
    "wrong",
    ["Siti Contoh", "siti contoh", "ktp-el\n", "", "-ktp", "k" * 64, "ktp_el", "KTP", "ktp-el\0", "siti@example.org"],
)
def test_a_code_that_breaks_its_pattern_is_refused_and_never_shown(wrong: str) -> None:
    with pytest.raises(DataNotClosed) as caught:
        data_to_store(Submitted(service=wrong, standard=1, number="01K2M9XD4TB5"))
    assert str(caught.value) == "application.submitted.v1: `$.service` does not fit"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(("name", "wrong"), [("number", "3374014101900001"), ("standard", -1), ("standard", 2**53)])
def test_a_number_that_is_not_ours_is_refused(name: str, wrong: Any) -> None:
    event = replace(Submitted(service="ktp-el", standard=1, number="01K2M9XD4TB5"), **{name: wrong})
    with pytest.raises(DataNotClosed, match=rf"\$\.{name}") as caught:
        data_to_store(event)
    assert str(wrong) not in str(caught.value)


def test_a_value_of_another_type_is_refused_and_never_shown() -> None:
    with pytest.raises(DataNotClosed) as caught:
        data_to_store(Referred(referral=1, to=True))  # type: ignore[arg-type] # what a careless caller would do
    assert "$.to" in str(caught.value)


def test_published_text_has_an_end() -> None:
    [office] = [event for event in make.EXAMPLES if isinstance(event, OfficeRegistered)]
    with pytest.raises(DataNotClosed) as caught:
        data_to_store(replace(office, names=Names(id="Dinas " * 40, en="Office")))
    assert "Dinas" not in str(caught.value)


@pytest.mark.parametrize("topic", sorted(CLASSES))
def test_a_topic_is_ours_past_tense_and_versioned(topic: str) -> None:
    match = re.fullmatch(
        r"(application|satisfaction|intake|import|office|mall|service|calendar|regions)\.([a-z]+(?:-[a-z]+)*)\.v[1-9][0-9]*",
        topic,
    )
    assert match
    assert (CLASSES[topic] in OF_THE_REGISTRY) == (match[1] not in ("application", "satisfaction", "intake"))
    words = match[2].split("-")
    past = {"undone", "import-undone", "handed-over", "ready", "withdrawn", "pin-reset", "inspection-done"}
    assert match[2] in past or any(word.endswith("ed") for word in words) or words[0].endswith("ed")


def test_every_topic_has_a_sample_and_every_sample_a_topic() -> None:
    assert SAMPLES.keys() == make.SAMPLES.keys()
    assert {topic_of(name) for name in SAMPLES} == CLASSES.keys()
    assert {event.topic for event in make.EXAMPLES} == CLASSES.keys()


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_version_ever_written_loads_for_ever(name: str) -> None:
    topic, state = topic_of(name), orjson.loads(SAMPLES[name])
    assert state.keys() == STATE
    assert canonical(state) == SAMPLES[name]
    entry = entry_of((7, topic, SAMPLES[name], 1, None))
    event = event_of(topic, state["data"])
    assert entry.recorded.event == event
    assert type(event) is CLASSES[topic]
    assert data_to_store(event) == state["data"]
    assert instant(entry.recorded.act.at) == state["at"]
    assert (entry.state, entry.command) == (state, state["command"])
    assert len(unb64(state["salt"])) == len(commitment(make.STREAM, 7, topic, state)) == 32


SUBMITTED = orjson.loads(SAMPLES["application.submitted.v1"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": "2026-03-13T02:10:05.000000"},
        {"at": "yesterday"},
        {"by": "nobody"},
        {"channel": "pigeon"},
        {"at_quality": "exact"},
        {"actor": "somebody"},
        {"office": None},
        {"data": {}},
        {"data": SUBMITTED["data"] | {"standard": "3"}},
    ],
    ids=str,
)
def test_a_state_that_says_what_no_event_may_say_cannot_be_read(wrong: dict[str, Any]) -> None:
    stored = orjson.dumps(SUBMITTED | wrong)
    with pytest.raises(ValueError, match=r"."):
        entry_of((1, "application.submitted.v1", stored, 1, None))


def test_the_samples_say_all_that_their_topics_can_say() -> None:
    """A field that no sample holds could be renamed without a test that fails. `deviates` stands in two of them."""
    said = {(topic_of(name), field) for name, stored in SAMPLES.items() for field in orjson.loads(stored)["data"]}
    unsaid = {
        f"{topic}: {field.name}"
        for topic, cls in CLASSES.items()
        for field in fields(cls)
        if (topic, field.name) not in said and field.name != "deviates"
    }
    assert unsaid == {"application.submitted.v1: regency"}


def test_a_sample_is_what_its_values_give_today() -> None:
    """But for the dice: the salt, and what is sealed."""
    for name, event in make.SAMPLES.items():
        ours, kept = orjson.loads(make.sample_of(event)), orjson.loads(SAMPLES[name])
        for state in (ours, kept):
            del state["salt"], state["sealed"]
        assert ours == kept
