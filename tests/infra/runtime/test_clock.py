"""The clock guard: system acts follow the database's clock, and a host with a wrong clock schedules nothing."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.application.commands import Approve
from domain.application.events import DeemedApproved, Received
from domain.codes import Channel, Role
from domain.provenance import Act
from infra.eventstore.recorder import Save
from infra.eventstore.rows import rows_of
from infra.postgres import clock as module
from infra.postgres.clock import ClockOff, DatabaseClock
from infra.runtime.fsck import faults_of_log
from infra.runtime.scheduler import jobs_of, schedule, schedule_once
from service_layer.requests import CommandRequest
from tests.builders import SEMARANG
from tests.conftest import Fresh
from tests.infra.files import OVERDUE, furnished

pytestmark = pytest.mark.anyio


@pytest.fixture
def shift(monkeypatch: pytest.MonkeyPatch) -> list[timedelta]:
    """The clock of this host is wrong by the only item."""
    wrong = [timedelta(0)]
    monkeypatch.setattr(module, "host_time", lambda: datetime.now(UTC) + wrong[0])
    return wrong


def faults(fresh: Fresh) -> list[str]:
    return list(faults_of_log(fresh.databases.auditor, lambda *_: None))


@pytest.mark.parametrize("seconds", [20 * 86_400, 3_600, 3, -3, -3_600])
async def test_a_host_with_a_wrong_clock_schedules_nothing_and_says_what_to_do(
    fresh: Fresh, shift: list[timedelta], seconds: int
) -> None:
    """`FAKETIME=+20d jejak schedule --once` granted by silence, for good, days before the date."""
    async with furnished(fresh) as desk:
        [file] = await desk.complete([OVERDUE])
        desk.project()
        shift[0] = timedelta(seconds=seconds)
        ran: list[str] = []
        with pytest.raises(ClockOff, match="ahead of" if seconds > 0 else "behind") as refused:
            await schedule_once(desk.made, lambda _, job: ran.append(job))  # type: ignore[arg-type,return-value]
        assert "correct the wrong clock" in str(refused.value)
        scheduler = asyncio.create_task(schedule(desk.made, interval=1))
        await asyncio.sleep(0.5)
        assert (ran, desk.events([file], DeemedApproved.topic)[file]) == ([], [])
        shift[0] = timedelta(0)  # it is right again
        deadline = time.monotonic() + 60
        while not desk.events([file], DeemedApproved.topic)[file]:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
        scheduler.cancel()
    assert faults(fresh) == []


async def test_the_time_of_a_system_act_is_never_beyond_the_database_s_clock(
    fresh: Fresh, shift: list[timedelta]
) -> None:
    async with furnished(fresh) as desk:
        for wrong in (timedelta(days=20), timedelta(0), timedelta(days=-20)):
            shift[0] = wrong
            clock = DatabaseClock(desk.made.pool)
            await clock.measure()
            now, of_jobs = clock.now(), jobs_of(desk.made).now()
            with psycopg.connect(fresh.databases.serving) as connection:
                [(known,)] = connection.execute("SELECT clock_timestamp()").fetchall()
            assert known - timedelta(seconds=30) < now <= known
            assert of_jobs <= known
            assert clock.is_right == (not wrong)


async def test_a_command_through_a_host_that_is_ahead_grants_nothing_early(fresh: Fresh) -> None:
    """The handler of commands records a deemed approval that is due. It believed the host."""
    async with furnished(fresh) as desk:
        [file] = await desk.complete([datetime.now(UTC) - timedelta(hours=1)])
        ahead = datetime.now(UTC) + timedelta(days=60)
        act = Act(at=datetime.now(UTC), by=Role.OFFICER, channel=Channel.COUNTER, office=SEMARANG)
        request = CommandRequest(command=Approve(), act=act, client="officer", key=str(uuid4()), received_at=ahead)
        with pytest.raises(Exception):  # noqa: B017,PT011 - whatever the rules say, nothing is granted
            await desk.made.commands.handle(file, request)
        assert desk.events([file], DeemedApproved.topic)[file] == []


async def test_fsck_names_what_a_wrong_clock_wrote(fresh: Fresh) -> None:
    async with furnished(fresh) as desk:
        [person, late, system] = await desk.complete([OVERDUE] * 3)
        now = datetime.now(UTC)
        for file, by, ahead in (
            (person, Role.OFFICER, timedelta(minutes=4)),
            (late, Role.OFFICER, timedelta(minutes=6)),
            (system, Role.SYSTEM, timedelta(minutes=1)),
        ):
            history = await desk.made.streams.history(file)
            act = Act(at=now + ahead, by=by, channel=Channel.INTERNAL)
            entry = history.entries[-1]
            prev = desk_commitment(fresh, file)
            rows, _ = rows_of(file, entry.recorded.version, prev, [Received()], act, command=uuid4(), digest="")
            [outcome] = desk.made.recorder.append([Save(tuple(rows))])
            assert outcome.stored
        found = faults(fresh)
        assert [one.split(":")[0].removeprefix("event ") for one in found] == sorted([str(late), str(system)])
        assert all("later than its recorded_at" in one for one in found)


async def test_fsck_names_a_version_that_was_recorded_before_its_predecessor(fresh: Fresh) -> None:
    async with furnished(fresh) as desk:
        [file] = await desk.complete([OVERDUE])
        with psycopg.connect(fresh.databases.owner) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(
                "UPDATE stored_events SET recorded_at = recorded_at - interval '1 hour'"
                " WHERE originator_id = %s AND originator_version = 3",
                (file,),
            )
        assert any("3: its recorded_at is earlier than that of version 2" in one for one in faults(fresh))


def desk_commitment(fresh: Fresh, stream: UUID) -> str:
    import orjson  # noqa: PLC0415

    from infra.eventstore.envelope import b64, commitment  # noqa: PLC0415

    with psycopg.connect(fresh.databases.owner) as connection:
        [(version, topic, state)] = connection.execute(
            "SELECT originator_version, topic, state FROM stored_events WHERE originator_id = %s"
            " ORDER BY originator_version DESC LIMIT 1",
            (stream,),
        ).fetchall()
    return b64(commitment(stream, version, topic, orjson.loads(bytes(state))))
