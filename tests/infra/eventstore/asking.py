"""Commands for a real log, and what came of them."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import psycopg

from domain.application.commands import Command, SubmitApplication
from infra.composition import Installation
from service_layer.requests import CommandRequest, CommandResult
from tests.builders import INFORMATION, an_act

SITI = {"applicant": {"name": "Siti Contoh", "nik": "3374014101900001"}}
SUBMIT = SubmitApplication(service=INFORMATION, number="")


def asked(command: Command, key: str | None = None, **more: Any) -> CommandRequest:
    return CommandRequest(command=command, act=an_act(), client="counter-7", key=key or str(uuid4()), **more)


async def submit(made: Installation, key: str | None = None, **more: Any) -> CommandResult:
    return await made.commands.handle(None, asked(SUBMIT, key, **{"personal": SITI, **more}))


def told(answer: CommandResult) -> tuple[Any, ...]:
    """What an answer says to who asked; only who reads the log again learns when it was recorded."""
    return answer.application_id, replace(answer.application, entries=()), answer.events, answer.position


def topics(made: Installation, application: UUID) -> list[str]:
    """Without `application.` and `.v1`, in the order of the stream."""
    return [event.topic.split(".")[1] for event in made.recorder.select_events(application)]


def ask(conninfo: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        return connection.execute(query.encode(), values).fetchall()
