"""The intake over the real log: each command applied once, with one answer, whatever is sent twice or broken."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from kafka.errors import KafkaTimeoutError

from domain.application.commands import Command, Receive, Transfer, Withdraw
from domain.codes import Role, TransferReason
from feeds.agencies.kafka.command_consumer import CommandPartition
from feeds.agencies.topics_file import AgencyTable, Topics
from infra.composition import Installation
from infra.kafka.intake import TRIES, Intake
from infra.metrics import METRICS
from infra.postgres.packing import unpack
from infra.runtime.fsck import faults_of_log
from infra.service import ServiceLimits
from service_layer import requests_from_bodies
from service_layer.bodies import EmptyBody
from service_layer.commands import COMMANDS
from service_layer.faults import Unavailable
from service_layer.requests import CommandRequest
from service_layer.requests_from_bodies import BodyContext
from service_layer.rights import Bearer, Principal, relation_for
from tests.builders import MAKASSAR, an_act, an_office
from tests.infra.eventstore.intaking import (
    AGENCY,
    HERE,
    NIK,
    STRANGER,
    Headers,
    Member,
    Sending,
    answers,
    asked,
    command,
    headers,
    submission,
)
from tests.infra.projector.test_outbox import distributing, messages, until_told

pytestmark = pytest.mark.anyio


@dataclass
class Door:
    """An intake at work, step by step, and the topics that it reads."""

    made: Installation
    member: Member
    intake: Intake

    async def take(self, *sendings: Sending, place: CommandPartition = HERE) -> list[tuple[str, dict[str, Any]]]:
        """Sends these, and lets them be answered. Returns all answers so far."""
        self.member.send(*sendings, place=place)
        await self.settle()
        return self.answers()

    async def settle(self) -> None:
        for _ in range(1000):
            await self.intake.step(self.member, asyncio.Event())
            done = {place: reading.next for place, reading in self.intake.readings.items()}
            if done == {place: len(log) for place, log in self.member.logs.items()}:
                return
            await asyncio.sleep(0.02)
        raise AssertionError("it does not get on")

    def answers(self) -> list[tuple[str, dict[str, Any]]]:
        return answers(self.made.databases.serving)

    async def submitted(self) -> UUID:
        return UUID((await self.take(submission()))[-1][1]["application"])

    def topics(self, application: UUID) -> list[str]:
        return [event.topic.split(".")[1] for event in self.made.recorder.select_events(application)]

    def another(self) -> "Door":
        """A second process's, that believes to have the same partitions."""
        twin = Member(*self.member.places)
        twin.logs = self.member.logs
        return Door(self.made, twin, Intake(self.made, lambda: twin))


@pytest.fixture
def door(made: Installation) -> Door:
    member = Member()
    return Door(made, member, Intake(made, lambda: member))


def counted(outcome: str, code: str = "") -> float:
    return METRICS.get_sample_value("jejak_intake_records_total", {"outcome": outcome, "code": code}) or 0.0


async def test_a_submission_and_what_follows_are_applied_and_answered(door: Door) -> None:
    id = uuid4()  # noqa: A001 - as the header
    [(kind, said)] = await door.take(submission(id))
    assert (kind, said["agency"], said["command"], said["version"]) == ("answered", AGENCY, str(id), 1)
    application = UUID(said["application"])
    told = await door.take(
        command("receive", application, 1),
        command("check-documents", application, 2, complete=True, declare_complete=True),
    )
    assert [(kind, said["version"]) for kind, said in told] == [("answered", 1), ("answered", 2), ("answered", 4)]
    assert door.topics(application) == ["submitted", "received", "documents-checked", "declared-complete"]
    history = await door.made.streams.history(application)
    acts = {(entry.recorded.act.by, entry.recorded.act.office) for entry in history.entries}
    assert acts == {("agency", "pemda-3374-disdukcapil")}
    assert list(faults_of_log(door.made.databases.auditor, lambda *_: None)) == []


async def test_a_command_that_came_by_http_gets_its_first_result_by_topic_after_the_file_went_elsewhere(
    door: Door,
) -> None:
    elsewhere = replace(an_office("pln-semarang", "Asia/Jakarta"), agency=STRANGER)
    await door.made.editions.publish([elsewhere], door.made.recorder, door.made.named.commands[0])
    application, id = await door.submitted(), uuid4()  # noqa: A001 - as the header
    principal = Principal(bearer=Bearer.AGENCY, agency=AGENCY)
    [offered] = [each for each in COMMANDS if each.name == "receive"]
    registry = await door.made.editions.registry()
    context = BodyContext(principal=principal, key=str(id), plain={}, registry=registry, now=datetime.now(UTC))
    request = requests_from_bodies.command(
        context, EmptyBody(), offered, relation_for("receive", principal), target=application, seen=1
    )
    await door.made.commands.handle(application, request)
    transfer = Transfer(to=elsewhere.code, reason=TransferReason.WRONG_JURISDICTION)
    supervised = CommandRequest(command=transfer, act=an_act(by=Role.SUPERVISOR), client="c", key="transfer")
    await door.made.commands.handle(application, supervised)
    [_, told, other] = await door.take(command("receive", application, 1, id), command("receive", application, 1))
    assert told == (
        "answered",
        {"agency": AGENCY, "command": str(id), "application": str(application), "version": 2},
    )
    assert (other[0], other[1]["code"]) == ("refused", "not-found")


async def test_a_command_that_comes_again_is_neither_applied_nor_answered_again(door: Door) -> None:
    first = submission()
    before = counted("repeated")
    told = await door.take(first, submission(), first)
    assert len(told) == 2
    application = UUID(told[0][1]["application"])
    receive, refused = command("receive", application, 1), command("approve", application, 1)
    told = await door.take(receive, refused, receive, refused, first)
    assert [kind for kind, _ in told] == ["answered", "answered", "answered", "refused"]
    assert door.topics(application) == ["submitted", "received"]
    assert counted("repeated") - before == 4


async def test_another_command_under_a_used_id_is_a_dead_letter(door: Door) -> None:
    id = uuid4()  # noqa: A001 - as the header
    told = await door.take(submission(id), submission(id, district="33.74.01"))
    assert told[-1][0] == "malformed"
    assert (told[-1][1]["code"], told[-1][1]["place"], told[-1][1]["command"]) == (
        "key-reused",
        "header/ce_id",
        str(id),
    )


async def test_what_the_rules_refuse_is_answered_by_its_code(door: Door) -> None:
    application = await door.submitted()
    other = UUID(int=uuid4().int)
    told = await door.take(
        command("approve", application, 1),
        command("receive", application, 9),
        command("cancel", application, 1, reason="duplicate"),
        command("receive", other, 1),
    )
    assert [(kind, said["code"], said.get("application"), said.get("version")) for kind, said in told[1:]] == [
        ("refused", "status-forbids", str(application), None),
        ("refused", "stale-version", str(application), 1),
        ("refused", "forbidden", None, None),
        ("refused", "not-found", None, None),
    ]


async def test_another_agencys_application_is_not_found(made: Installation) -> None:
    ours, theirs = HERE, CommandPartition(STRANGER, 0)
    member = Member(ours, theirs)
    door = Door(made, member, Intake(made, lambda: member))
    application = await door.submitted()
    told = await door.take(command("receive", application, 1), submission(), place=theirs)
    assert [(kind, said["agency"], said["code"]) for kind, said in told[1:]] == [
        ("refused", STRANGER, "not-found"),
        ("malformed", STRANGER, "unprocessable"),
    ]
    assert told[2][1]["place"] == "/office"
    assert door.topics(application) == ["submitted"]


async def test_who_was_asked_answers_and_who_holds_no_more_is_told_that_it_is_not_there(door: Door) -> None:
    application = await door.submitted()
    told = await door.take(
        command("receive", application, 1),
        command("refer", application, 2, to=MAKASSAR, note="Mohon saran."),
        command("answer-referral", application, 3, referral=1, advice="favourable", note="Baik."),
    )
    assert [kind for kind, _ in told] == ["answered"] * 4
    history = await door.made.streams.history(application)
    assert history.entries[-1].recorded.act.office == MAKASSAR
    assert len(history.entries[-1].state["sealed"]) == 1


MALFORMED = [
    (b"{", "malformed-request", ""),
    (b"\xff\xfe", "malformed-request", ""),
    (b"[" * 60_000, "malformed-request", ""),
    (b"7", "unprocessable", ""),
    (b'{"complete": "x' + NIK.encode() + b'"}', "unprocessable", "/complete"),
    (b'{"complete": true, "x' + NIK.encode() + b'": 1}', "unprocessable", ""),
    (b'{"complete": true, "missing": ["' + NIK.encode() + b' "]}', "unprocessable", "/missing/0"),
    (b'{"complete": 123456789012345678901234567890}', "unprocessable", ""),
    (b'{"complete": true, "at": "0001-01-01T00:00:00Z"}', "unprocessable", "/at"),
    (b" " * 70_000, "too-large", ""),
]


async def test_what_cannot_be_read_is_a_dead_letter_and_the_next_record_is_answered(door: Door) -> None:
    application = await door.submitted()

    def about(name: str) -> Headers:
        return headers(name, ce_subject=f"application/{application}", ce_ifmatch="1")

    sendings = [(about("check-documents"), value) for value, _, _ in MALFORMED]
    told = await door.take(*sendings, ([], b""), (about("dance"), b""), command("receive", application, 1))
    dead = [(said["offset"], said["code"], said["place"]) for kind, said in told if kind == "malformed"]
    assert dead == [
        *((offset, code, place) for offset, (_, code, place) in enumerate(MALFORMED, 1)),
        (len(MALFORMED) + 1, "key-required", "header/ce_id"),
        (len(MALFORMED) + 2, "malformed-request", "header/ce_type"),
    ]
    assert told[-1][0] == "answered"


async def test_nothing_of_a_record_that_cannot_be_read_is_kept_anywhere(
    door: Door, capfd: pytest.CaptureFixture[str]
) -> None:
    secret = "3374014101909999"
    wrong = submission(applicant={"name": secret, "nik": secret + "1"})
    said = headers("submit-application", ce_subject=secret)
    named = [*headers("submit-application"), (secret, secret.encode()), ("ce_time", secret.encode())]
    await door.take(wrong, (said, secret.encode()), (named, b'{"%s": 1}' % secret.encode()))
    at = door.made.databases
    with distributing(at.serving, TOPICS):
        until_told(at.serving, TOPICS)
    dump = asked(at.serving, "SELECT convert_from(state, 'UTF8') FROM stored_events")
    dump += [(unpack(packed).decode(),) for (packed,) in asked(at.serving, "SELECT packed FROM feeds.messages")]
    dump += asked(at.serving, "SELECT agency || command || digest FROM feeds.intake_commands")
    samples = [f"{sample.name}{sample.labels}" for metric in METRICS.collect() for sample in metric.samples]
    assert len(door.answers()) == 3
    assert secret not in "".join([*(row[0] for row in dump), *samples, *capfd.readouterr()])


TOPICS = Topics(agencies={AGENCY: AgencyTable()})


async def test_answers_and_dead_letters_leave_by_the_agencys_feed_each_in_a_chain_of_its_own(door: Door) -> None:
    application = await door.submitted()
    await door.take(command("receive", application, 1), ([], None), command("approve", application, 2), ([], b"x"))
    at = door.made.databases
    with distributing(at.serving, TOPICS):
        until_told(at.serving, TOPICS)
    told = sorted((each.kind, each.version, each.previous) for each in messages(at.serving) if each.kind != "event")
    assert told == [("dead-letter", 1, 0), ("dead-letter", 2, 1), ("reply", 1, 0), ("reply", 2, 1), ("reply", 3, 2)]


async def test_of_two_that_believe_to_have_a_partition_each_command_is_answered_by_one(door: Door) -> None:
    rival = door.another()
    await asyncio.gather(
        door.intake.step(door.member, asyncio.Event()), rival.intake.step(rival.member, asyncio.Event())
    )
    sendings = [submission() for _ in range(150)]
    door.member.send(*sendings, *sendings[:20])
    await asyncio.gather(door.settle(), rival.settle())
    told = door.answers()
    assert len({said["command"] for _, said in told}) == len(told) == 150
    [(made,)] = asked(
        door.made.databases.serving, "SELECT count(*) FROM stored_events WHERE starts_with(topic, 'application.')"
    )
    assert made == 150
    assert list(faults_of_log(door.made.databases.auditor, lambda *_: None)) == []


async def test_a_zombie_whose_offset_was_moved_stores_nothing_and_begins_again(door: Door) -> None:
    zombie = door.another()
    await zombie.intake.step(zombie.member, asyncio.Event())
    await door.take(submission(), submission())
    await zombie.intake.step(zombie.member, asyncio.Event())
    assert zombie.intake.readings == {}
    await zombie.settle()
    assert len(door.answers()) == 2


async def test_what_an_officer_does_in_between_is_seen_before_it_is_decided(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = await door.submitted()
    store, rivals = door.intake.kept.store, [Withdraw()]

    async def meanwhile(*values: Any) -> None:
        if rivals:
            wish = CommandRequest(command=rivals.pop(), act=an_act(), client="counter-7", key="k")
            await door.made.commands.handle(application, wish)
        await store(*values)

    monkeypatch.setattr(door.intake.kept, "store", meanwhile)
    told = await door.take(command("receive", application, 1))
    assert (told[-1][0], told[-1][1]["code"]) == ("refused", "stale-version")
    assert door.topics(application) == ["submitted", "withdrawn"]


async def test_a_commit_whose_outcome_is_not_known_is_not_done_twice(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, lost = door.intake.kept.store, [True, True]

    async def unheard(*values: Any) -> None:
        await store(*values)
        if lost:
            lost.pop()
            raise Unavailable

    monkeypatch.setattr(door.intake.kept, "store", unheard)
    assert len(await door.take(submission())) == 1
    assert len(await door.take(submission())) == 2


async def test_while_the_database_is_away_a_partition_waits_and_nothing_is_a_dead_letter(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided, away = door.made.commands.decide, [Unavailable(), OSError()]

    async def falters(*values: Any) -> Any:
        if away:
            raise away.pop()
        return await decided(*values)

    monkeypatch.setattr(door.made.commands, "decide", falters)
    told = await door.take(submission(), submission())
    assert [kind for kind, _ in told] == ["answered", "answered"]
    assert door.member.paused == set()


async def test_a_command_at_which_we_fail_is_tried_some_times_and_then_answered_so(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, tried = await door.submitted(), []
    decided = door.made.commands.decide

    async def fails(target: UUID | None, *values: Any) -> Any:
        if target:
            tried.append(target)
            raise ZeroDivisionError
        return await decided(target, *values)

    monkeypatch.setattr(door.made.commands, "decide", fails)
    told = await door.take(submission(), command("receive", application, 1), submission())
    assert [said.get("code") for _, said in told] == [None, None, "internal-error", None]
    assert len(tried) >= TRIES


async def test_a_partition_that_cannot_be_stored_waits_and_the_others_go_on(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = CommandPartition(STRANGER, 0)
    member = Member(HERE, theirs)
    door = Door(made, member, Intake(made, lambda: member))
    await door.intake.step(member, asyncio.Event())
    store, broken = door.intake.kept.store, [True]

    async def fails(move: Any, *values: Any) -> None:
        if broken and move.topic == HERE.topic:
            raise psycopg.DataError
        await store(move, *values)

    monkeypatch.setattr(door.intake.kept, "store", fails)
    member.send(submission())
    member.send(submission(), place=theirs)
    await door.intake.step(member, asyncio.Event())
    assert [said["agency"] for _, said in door.answers()] == [STRANGER]
    broken.clear()
    await door.settle()
    assert len(door.answers()) == 2


async def test_a_topic_made_anew_is_read_from_its_beginning(door: Door) -> None:
    first, second = submission(), submission()
    await door.take(first, second)
    anew = Member()
    again = Door(door.made, anew, Intake(door.made, lambda: anew))
    told = await again.take(second)
    assert len(told) == 2
    assert len(await again.take(submission())) == 3


async def test_what_kafka_cannot_do_is_tried_again_until_it_is_stopped(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.kafka.intake.LIMITS", ServiceLimits(back_off_seconds=0.01, back_off_max_seconds=0.01))
    stopping = asyncio.Event()
    opened: list[Member] = []

    class Faltering(Member):
        def poll(self) -> Any:
            if len(opened) < 4:
                raise KafkaTimeoutError
            stopping.set()
            return super().poll()

    def open_source() -> Member:
        opened.append(Faltering())
        if len(opened) == 1:
            raise KafkaTimeoutError
        return opened[-1]

    await asyncio.wait_for(Intake(made, open_source).run(stopping), 60)
    assert [member.closed for member in opened] == [False, True, True, True]


async def test_after_a_transfer_the_new_holder_commands(made: Installation) -> None:
    """Whose the file is decides when the command is handled, not when it was sent."""
    member = Member(HERE, CommandPartition(STRANGER, 0))
    door = Door(made, member, Intake(made, lambda: member))
    application = await door.submitted()
    supervised = an_act(by=Role.SUPERVISOR)
    wishes: tuple[Command, ...] = (Receive(), Transfer(to=MAKASSAR, reason=TransferReason.WRONG_JURISDICTION))
    for key, wish in enumerate(wishes, 1):
        await made.commands.handle(application, CommandRequest(command=wish, act=supervised, client="c", key=str(key)))
    told = await door.take(command("enter-stage", application, 3, stage="search"))
    assert told[-1][1].get("code") != "not-found"
    history = await made.streams.history(application)
    assert history.application.office == MAKASSAR
