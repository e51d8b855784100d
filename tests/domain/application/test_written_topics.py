from typing import get_args

from domain.application.commands import Command
from domain.application.events import ApplicationEvent, Concluded
from domain.application.imported_events import StageEnded, StagePlanned
from domain.application.standing import REVISING
from domain.application.written_topics import TOPICS_OF, WRITTEN


def test_it_is_known_of_every_command_what_it_may_write() -> None:
    assert set(WRITTEN) == set(TOPICS_OF) == set(get_args(Command))


def test_every_event_but_those_of_imports_is_written_by_a_command() -> None:
    written = {event for events in WRITTEN.values() for event in events}
    assert written == set(get_args(ApplicationEvent)) - {Concluded, StageEnded, StagePlanned, *REVISING}


def test_topics_are_of_an_application_versioned_and_unique() -> None:
    topics = [event.topic for event in get_args(ApplicationEvent)]
    assert len(set(topics)) == len(topics)
    assert all(topic.startswith("application.") and topic.endswith(".v1") for topic in topics)
