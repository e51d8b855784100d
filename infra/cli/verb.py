"""Verb: this module defines the class of a verb of `jejak`, and the options that several verbs share."""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.postgres.databases import DatabaseRole
from infra.runtime import supervisor
from service_layer.rights import Bearer

Options = Sequence[tuple[tuple[str, ...], Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb. The output of `--help` contains two of the fields: `example` shows how to use the verb, and `then`
    describes the usual next step.

    `disagreement` checks conditions of options that argparse cannot check. It returns an error message if a required
    option is missing, or if two options cannot be used together.
    """

    name: str
    task: str
    help: str
    run: Callable[[argparse.Namespace], int]
    example: str
    then: str
    options: Options = ()
    disagreement: Callable[[argparse.Namespace], str | None] = lambda _: None


def whole(low: int, high: int) -> Callable[[str], int]:
    """Returns a parser of whole numbers for argparse. An error message names the allowed range."""

    def parsed(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = None
        if number is None or not low <= number <= high:
            raise argparse.ArgumentTypeError(f"must be a whole number from {low} to {high}, and not {text!r}")
        return number

    return parsed


POSITION_MAX, ERAS_MAX = 2**63 - 1, 2**31 - 1
PORTS = whole(0, 65_535)
"""The number 0 means that the operating system chooses a free port."""
HOST = (("--host",), {"default": "127.0.0.1", "help": "address to listen on (default: 127.0.0.1)"})
PORT = (
    ("--port",),
    {"type": PORTS, "default": os.environ.get("PORT") or "8000", "help": "port to listen on (default: $PORT, or 8000)"},
)
OPS_PORT = (
    ("--ops-port",),
    {
        "type": PORTS,
        "metavar": "PORT",
        "help": "port for /metrics and details of /readyz (default: $JEJAK_OPS_PORT)",
    },
)
ATTACHED = ((supervisor.ATTACHED,), {"action": "store_true", "help": argparse.SUPPRESS})
ROLE = (
    ("--role",),
    {
        "choices": [role.value for role in DatabaseRole],
        "default": DatabaseRole.AUDITOR.value,
        "help": "role of the database login (default: auditor)",
    },
)
STAFF = [Bearer.OFFICER.value, Bearer.SUPERVISOR.value, Bearer.AUDITOR.value, Bearer.OPERATOR.value]
