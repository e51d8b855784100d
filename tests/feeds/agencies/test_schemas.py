"""The schemas: what every message fits, of every capacity, of now and of before; and what they may not become."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast, get_args
from uuid import UUID

import orjson
import pytest
from jsonschema import Draft7Validator

from docs import generate
from domain.application.events import ApplicationEvent, Recorded, Submitted
from domain.intake import IntakeAnswered, IntakeEvent, IntakeMalformed, IntakeRefused
from feeds.agencies.messages import STATUS, body_of, message_of
from feeds.agencies.replies import reply_of
from feeds.agencies.schema_compatibility import all_breaks, breaks
from feeds.agencies.schemas import example, schemas
from infra.eventstore.topics import act_of, decoder_of
from projections.routing import Agencies, Capacity, Concern, Share, capacities, shares
from tests.builders import APPLICATION, KTP, PAYMENT, SEMARANG, SUSPENDED, stage_done
from tests.conftest import PROJECT
from tests.projections import test_routing as routing

NEWEST = schemas()
PUBLISHED = {file.stem: json.loads(file.read_bytes()) for file in sorted(generate.PUBLISHED.glob("*.json"))}
"""By release."""
SAMPLES = sorted((PROJECT / "tests" / "history").glob("application.*.json"))
KNOWN = Concern(version=6, service=KTP, standard=1, holder=SEMARANG)
WORKED_ON = routing.routed(routing.recorded(*SUSPENDED, *stage_done("verification"), PAYMENT))[-1][1]
"""A file of which every part of the state is known, except what few files have."""


def recorded_of(sample: Path) -> Recorded:
    """The event of a stored sample, in its act."""
    state = decoder_of(sample.stem.partition("~")[0]).decode(sample.read_bytes())
    return Recorded(version=7, act=act_of(state), event=cast("ApplicationEvent", state.data))


def bodies(sample: Path) -> Iterator[tuple[Capacity, Any]]:
    """What each capacity is told of it."""
    recorded = recorded_of(sample)
    for known in (KNOWN, WORKED_ON):
        _, concern = shares(known, recorded, Agencies(feeds={}))
        for capacity in capacities(type(recorded.event)):
            yield capacity, json.loads(body_of(APPLICATION, concern, recorded, capacity))
            yield capacity, json.loads(body_of(APPLICATION, concern, recorded, capacity, begins=True))


def all_schemas_of(topic: str) -> Iterator[Any]:
    yield NEWEST[topic]
    yield from (release[topic] for release in PUBLISHED.values() if topic in release)


def unknown(value: Any, schema: dict[str, Any], place: str) -> Iterator[str]:
    """The fields of a message that its schema does not name."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name in schema["properties"]:
                yield from unknown(each, schema["properties"][name], f"{place}/{name}")
            else:
                yield f"{place}/{name}"
    elif isinstance(value, list):
        for each in value:
            yield from unknown(each, schema["items"], f"{place}/-")


def test_every_event_that_leaves_has_a_schema_and_a_sample() -> None:
    topics = {event.topic for event in get_args(ApplicationEvent)}
    assert NEWEST.keys() == topics | {STATUS} | {event.topic for event in get_args(IntakeEvent)}
    assert {sample.stem.partition("~")[0] for sample in SAMPLES} == topics


@pytest.mark.parametrize("topic", NEWEST)
def test_a_schema_is_one_and_its_example_fits_it(topic: str) -> None:
    schema = NEWEST[topic]
    Draft7Validator.check_schema(schema)
    checked = Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)
    checked.validate(example(schema))
    assert not checked.is_valid({})
    for name in schema["required"]:
        assert not checked.is_valid({**example(schema), name: [1]})


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_every_message_ever_made_fits_the_schema_of_now_and_those_of_before(sample: Path) -> None:
    topic = sample.stem.partition("~")[0]
    for capacity, body in bodies(sample):
        for schema in all_schemas_of(topic):
            Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER).validate(body)
        assert list(unknown(body, NEWEST[topic], topic)) == [], capacity


def test_a_status_record_fits_its_schema() -> None:
    recorded = recorded_of(next(sample for sample in SAMPLES if sample.stem == Submitted.topic))
    _, concern = shares(Concern(), recorded, Agencies(feeds={}))
    for told in (concern, KNOWN, WORKED_ON):
        share = Share(agency="pln", capacity=Capacity.HOLDER, previous=0)
        message = message_of(share, stream=UUID(int=1), position=1, concern=told, recorded=recorded)
        status = json.loads(message.status or b"")
        assert list(unknown(status, NEWEST[STATUS], STATUS)) == []
        for schema in all_schemas_of(STATUS):
            Draft7Validator(schema).validate(status)


@pytest.mark.parametrize(
    "event",
    [
        IntakeAnswered(agency="pln", command=UUID(int=1), application=UUID(int=2), version=3),
        IntakeRefused(agency="pln", command=UUID(int=1), code="status-forbids"),
        IntakeRefused(agency="pln", command=UUID(int=1), code="stale-version", application=UUID(int=2), version=3),
        IntakeMalformed(agency="pln", partition=0, offset=7, code="unprocessable", place="/applicant/nik"),
        IntakeMalformed(agency="pln", partition=0, offset=7, code="too-large", place="", command=UUID(int=1)),
    ],
    ids=repr,
)
def test_an_answer_to_a_command_fits_its_schema(event: IntakeEvent) -> None:
    recorded = recorded_of(SAMPLES[0])
    body = json.loads(reply_of(event, stream=UUID(int=9), position=1, recorded=recorded).body)
    for schema in all_schemas_of(event.topic):
        Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER).validate(body)
    assert body.keys() <= NEWEST[event.topic]["properties"].keys()


def test_who_acts_is_in_no_schema() -> None:
    assert "officer" not in NEWEST["application.reassigned.v1"]["properties"]["facts"]["properties"]
    assert b"actor" not in orjson.dumps(NEWEST)


def test_the_files_are_as_generated() -> None:
    for name, content in generate.documents().items():
        assert (PROJECT / "docs" / name).read_bytes() == content, "run `make docs`"
    written = {file.name for file in (PROJECT / "docs" / "schemas").glob("*.json")}
    assert written == {f"{topic}.json" for topic in NEWEST}


def test_no_schema_breaks_what_a_release_has_promised() -> None:
    """If this fails, nothing is wrong with the test: mend the event's class, or give the event a new version."""
    assert PUBLISHED
    assert [each for release in PUBLISHED.values() for each in all_breaks(release, NEWEST)] == []


# What the check finds

OLD: dict[str, Any] = {
    "title": "t",
    "type": "object",
    "required": ["id", "lists"],
    "additionalProperties": True,
    "properties": {
        "id": {"type": "string", "format": "uuid", "maxLength": 36, "description": "An id."},
        "note": {"type": "string", "pattern": "^[a-z]+$"},
        "count": {"type": "integer", "minimum": 0},
        "state": {"type": "string", "x-extensible-enum": ["on", "off"]},
        "lists": {
            "type": "array",
            "items": {"type": "object", "required": ["a"], "properties": {"a": {"type": "boolean"}}},
        },
    },
}


def changed(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    made = copy.deepcopy(OLD)
    change(made)
    return made


def of(name: str, **said: Any) -> Callable[[dict[str, Any]], Any]:
    """A change of one property: what is said of it, None for what is no longer said."""

    def change(schema: dict[str, Any]) -> None:
        found = schema["properties"].setdefault(name, {})
        found.update(said)
        for keyword in [keyword for keyword, value in said.items() if value is None]:
            del found[keyword]

    return change


@pytest.mark.parametrize(
    ("change", "place"),
    [
        pytest.param(lambda s: s["properties"].pop("note"), "t/note", id="a field goes"),
        pytest.param(lambda s: s["required"].remove("id"), "t/id", id="what was always there may be absent"),
        pytest.param(lambda s: s["required"].append("count"), "t/count", id="what messages of before lack is required"),
        pytest.param(of("count", type="string"), "t/count", id="another type"),
        pytest.param(of("count", type=["integer", "null"]), "t/count", id="a wider type"),
        pytest.param(of("count", type="number"), "t/count", id="a wider number"),
        pytest.param(of("id", format=None), "t/id", id="a format goes"),
        pytest.param(of("note", format="uri"), "t/note", id="a name is used for something else"),
        pytest.param(of("id", maxLength=64), "t/id", id="longer text"),
        pytest.param(of("id", maxLength=30), "t/id", id="shorter text than messages of before have"),
        pytest.param(of("note", pattern="^[a-z0-9]+$"), "t/note", id="another pattern"),
        pytest.param(of("note", enum=["a"]), "t/note", id="an open list is closed"),
        pytest.param(of("count", minimum=-1), "t/count", id="a lower limit"),
        pytest.param(of("count", minimum=None), "t/count", id="no limit"),
        pytest.param(of("state", **{"x-extensible-enum": ["on"]}), "t/state", id="a value goes"),
        pytest.param(of("state", **{"x-extensible-enum": None}), "t/state", id="all values go"),
        pytest.param(of("lists", items={"type": "object"}), "t/lists/-/a", id="a field within a list goes"),
        pytest.param(
            lambda s: s["properties"]["lists"]["items"]["properties"]["a"].update(type="string"),
            "t/lists/-/a",
            id="another type within a list",
        ),
        pytest.param(lambda s: s.update(additionalProperties=False), "t", id="what is unknown is forbidden"),
    ],
)
def test_a_change_that_breaks_a_reader_is_found_at_its_place(change: Any, place: str) -> None:
    found = breaks(OLD, changed(change))
    assert any(each.startswith(f"{place}:") for each in found), found


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda s: None, id="nothing"),  # noqa: ARG005 - takes what the others take
        pytest.param(of("more", type="string"), id="a new optional field"),
        pytest.param(of("state", **{"x-extensible-enum": ["off", "on", "broken"]}), id="a new value"),
        pytest.param(of("id", description="The id.", examples=["x"]), id="other words"),
        pytest.param(lambda s: s["required"].reverse(), id="another order"),
        pytest.param(lambda s: s.update(title="t"), id="the same title"),
    ],
)
def test_a_change_that_breaks_nobody_is_let_through(change: Any) -> None:
    assert breaks(OLD, changed(change)) == []


def test_a_topic_that_was_published_stays_and_a_new_one_is_welcome() -> None:
    assert all_breaks({"a": OLD}, {"b": OLD}) == ["a: it is gone"]
    assert all_breaks({"a": OLD}, {"a": OLD, "b": OLD}) == []


def test_a_release_is_kept_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "PUBLISHED", tmp_path)
    kept = generate.publish()
    assert json.loads(kept.read_bytes()) == NEWEST
    with pytest.raises(FileExistsError):
        generate.publish()
