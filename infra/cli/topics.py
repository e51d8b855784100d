"""The verb `topics`: compares Kafka with the topics file, changes Kafka accordingly, and replaces passwords."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from feeds.agencies.kafka import topic_names as names
from feeds.agencies.kafka.topology import (
    AUDIT,
    INTAKE,
    RELAY,
    EndUser,
    MakeTopic,
    MakeUser,
    PlanLine,
    PlanNote,
    PlanRefusal,
    diff,
    wanted,
)
from feeds.agencies.topics_file import Topics, TopicsWrong, read_topics
from infra.cli.relay import begin_feed
from infra.cli.terminal import EXIT_FOUND, settings
from infra.kafka.brokers import ClusterFault
from infra.kafka.credentials import CredentialsFolder
from infra.postgres.databases import databases
from infra.settings import Kafka, Settings

if TYPE_CHECKING:
    from infra.kafka.admin import Admin


def topics(options: argparse.Namespace) -> int:
    from infra.kafka.admin import administering  # noqa: PLC0415 - kafka-python takes half a second to import

    at = settings()
    declared = read_topics(at.topics_file)
    kafka = _kafka(at, declared)
    folder = options.credentials or at.data_dir / "kafka"
    with administering(kafka) as admin:
        match options.what:
            case "plan":
                return _plan(admin, declared)
            case "apply":
                lines = diff(wanted(declared), admin.found())
                done = _apply(admin, lines, folder, agreed=options.yes)
                return _begin(at, kafka, lines, agreed=options.begin) if done else EXIT_FOUND
            case _:
                return _rotate(admin, declared, folder, options.user)


def _kafka(at: Settings, declared: Topics) -> Kafka:
    if at.kafka is None:
        raise ClusterFault("JEJAK_KAFKA_BOOTSTRAP is not set: without Kafka, agencies read their feeds over HTTP")
    if at.kafka.username in declared.agencies:
        raise TopicsWrong(
            f"{at.topics_file}: agencies.{at.kafka.username}: this user administers Kafka; choose another id"
        )
    return at.kafka


def _plan(admin: "Admin", declared: Topics) -> int:
    lines = diff(wanted(declared), admin.found())
    _show(lines)
    return EXIT_FOUND if _to_do(lines) else 0


def _apply(admin: "Admin", lines: list[PlanLine], folder: Path, *, agreed: bool) -> bool:
    """Applies the changes if the operator agrees.

    Returns True if Kafka then has everything that the topics file defines.
    """
    _show(lines)
    if not _to_do(lines):
        return True
    if any(isinstance(line, PlanRefusal) for line in lines):
        print("nothing was changed: correct the lines that begin with ! first", file=sys.stderr)
        return False
    if not agreed and not _asked():
        print("nothing was changed", file=sys.stderr)
        return False
    credentials = CredentialsFolder(folder)
    done = 0
    for line in lines:
        if not isinstance(line, PlanRefusal | PlanNote):
            admin.apply(line, credentials.kept_or_new)
            done += 1
            if isinstance(line, MakeUser):
                print(f"password of {line.name}: {credentials.file(line.name)}")
            if isinstance(line, EndUser):
                credentials.file(line.name).unlink(missing_ok=True)
    print(f"applied: {done} changes")
    return True


def _begin(at: Settings, kafka: Kafka, lines: list[PlanLine], *, agreed: bool) -> int:
    """Begins the feeds of new agencies if the operator has agreed.

    Otherwise prints the commands that begin these feeds. An agency is new if its positions topic was just created. A
    relay never chooses the first position of a feed. So an operator must confirm this position once.
    """
    made = sorted(line.name for line in lines if isinstance(line, MakeTopic) and line.name.startswith(names.POSITIONS))
    agencies = [name.removeprefix(names.POSITIONS).partition(".")[0] for name in made]
    if not agreed:
        for agency in agencies:
            print(f"to publish the feed of {agency}, run: jejak relay --begin {agency}")
        return 0
    with databases(at) as found:
        return max([begin_feed(kafka, found, agency) for agency in agencies], default=0)


def _rotate(admin: "Admin", declared: Topics, folder: Path, user: str) -> int:
    """Gives a user a new password. Open connections of the user stay open. New connections need the new password."""
    if user not in {RELAY, INTAKE, AUDIT, *declared.agencies}:
        raise TopicsWrong(f"{user} is not an agency of the topics file, and not {RELAY}, {INTAKE} or {AUDIT}")
    if user not in admin.found().users:
        raise ClusterFault(f"Kafka has no user {user} yet: run `jejak topics apply` to create the user")
    credentials = CredentialsFolder(folder)
    admin.set_password(user, credentials.drafted(user))
    print(f"password of {user}: {credentials.adopt_draft(user)}")
    return 0


def _show(lines: list[PlanLine]) -> None:
    for line in lines:
        print(line)
    if not _to_do(lines):
        print("nothing to do: Kafka is set up as the topics file says")


def _to_do(lines: list[PlanLine]) -> bool:
    return any(not isinstance(line, PlanNote) for line in lines)


def _asked() -> bool:
    if not sys.stdin.isatty():
        print("the input is not a terminal, so nobody can confirm: add --yes", file=sys.stderr)
        return False
    return input("Type yes to apply the changes: ").strip() == "yes"
