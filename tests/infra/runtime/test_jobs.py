"""What time brings about: each act once, never early, and whatever else comes at the same moment."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.application.commands import Approve, Command, Reject, Resume, Suspend
from domain.application.events import Approved, DeemedApproved, Suspended
from domain.application.evolve import Application
from domain.application.incident_events import PaymentExpired, PaymentRequested
from domain.application.promise_events import PromiseMoved
from domain.application.status import Status
from domain.codes import Channel, Quality, RejectionReason, Remedy, Role
from domain.json_values import instant
from domain.provenance import Act
from domain.refusals import Refusal, TooManyCalendars
from domain.registry.registry import Registry
from infra.projector.views import VIEWS, differences, ensure
from infra.queries.due_files import FIRST
from infra.runtime.scheduler import jobs_of
from projections.desk import OUTDATED, SILENT, DeskRow
from service_layer import scheduled_jobs
from service_layer.handlers.commands import CommandHandler
from service_layer.requests import CommandRequest
from service_layer.scheduled_jobs import PassTally
from tests.builders import SEMARANG, stage_done
from tests.conftest import Fresh
from tests.domain.offices import closed_on
from tests.infra.files import MONDAY_2027, OVERDUE, Desk, furnished

DUE = datetime(2026, 3, 16, 8, tzinfo=UTC)
REVIEWED = (*stage_done("verification"), *stage_done("assessment"))
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.anyio


async def test_a_file_that_cannot_be_computed_stops_no_other_file_and_no_job(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TooManyCalendars of one file ended the scheduler of the installation for ever, without a line."""
    async with furnished(fresh) as desk:
        bad, *_ = await desk.complete([OVERDUE] * 3)
        granted_at = scheduled_jobs.granted_at

        def broken(row: DeskRow, registry: Registry) -> datetime | None:
            if row["application_id"] == bad:
                raise TooManyCalendars
            return granted_at(row, registry)

        monkeypatch.setattr(scheduled_jobs, "granted_at", broken)
        assert str(await passed(desk, "deem-approved")) == "2 done, 0 known, 0 refused, 1 failed"
        monkeypatch.undo()
        assert str(await passed(desk, "deem-approved")) == "1 done, 0 known, 0 refused, 0 failed"


async def test_a_row_that_cannot_be_read_stops_no_other_file(fresh: Fresh) -> None:
    async with furnished(fresh) as desk:
        bad, *_ = await desk.complete([OVERDUE] * 3)
        desk.project()
        with psycopg.connect(fresh.databases.serving, autocommit=True) as connection:
            connection.execute("UPDATE views.desk SET details = 'no JSON' WHERE application_id = %s", (bad,))
        assert str(await jobs_of(desk.made).run("deem-approved")) == "2 done, 0 known, 0 refused, 0 failed"


async def passed(desk: Desk, job: str, now: datetime | None = None) -> PassTally:
    jobs = jobs_of(desk.made, lambda: now) if now else jobs_of(desk.made)
    desk.project()
    return await jobs.run(job)


async def asked(desk: Desk, application: UUID, command: Command, at: datetime) -> Application:
    act = Act(at=at, by=Role.OFFICER, channel=Channel.COUNTER, office=SEMARANG)
    answer = await desk.made.commands.handle(
        application, CommandRequest(command=command, act=act, client="officer", key=str(uuid4()))
    )
    return answer.application


async def now_of(desk: Desk, application: UUID) -> Application:
    return (await desk.made.streams.history(application)).application


async def test_silence_grants_once_at_the_promised_instant_what_nobody_decided(fresh: Fresh) -> None:
    async with furnished(fresh) as desk:
        silent = await desk.complete([OVERDUE] * 5)
        early = await desk.complete([MONDAY_2027])
        paused = await desk.complete([OVERDUE], Suspended(ground="awaiting-payment", pauses=True))
        decided = await desk.complete([OVERDUE], *REVIEWED, Approved())
        assert await passed(desk, "deem-approved") == PassTally(done=5)
        assert await passed(desk, "deem-approved") == PassTally()
        found = desk.events([*silent, *early, *paused, *decided], DeemedApproved.topic)
        assert {application for application, states in found.items() if states} == set(silent)
        for application in silent:
            [state] = found[application]
            assert (state["at"], state["by"], state["office"], state["actor"]) == (instant(DUE), "system", "", "")
            assert state["data"]["silent_until"] == 4


async def test_a_wrong_clock_grants_nothing_at_once(fresh: Fresh) -> None:
    async with furnished(fresh) as desk:
        [by_a_device] = await desk.complete([OVERDUE], clock=Quality.DEVICE)
        [by_ours] = await desk.complete([OVERDUE])
        assert await passed(desk, "deem-approved") == PassTally(done=1)
        found = desk.events([by_a_device, by_ours], DeemedApproved.topic)
        assert [len(found[application]) for application in (by_a_device, by_ours)] == [0, 1]


async def test_a_promise_is_kept_until_its_instant_is_over(fresh: Fresh) -> None:
    async with furnished(fresh) as desk:
        await desk.complete([OVERDUE])
        assert await passed(desk, "deem-approved", DUE - HOUR) == PassTally()
        assert await passed(desk, "deem-approved", DUE) == PassTally()
        assert await passed(desk, "deem-approved", DUE + timedelta(microseconds=1)) == PassTally(done=1)


async def test_a_view_that_is_behind_makes_no_second_act(fresh: Fresh) -> None:
    async with furnished(fresh) as desk:
        await desk.complete([OVERDUE] * 3)
        jobs = jobs_of(desk.made)
        assert await jobs.run("deem-approved") == PassTally(done=3)
        assert await jobs.run("deem-approved") == PassTally(known=3)


OUTCOMES = ("application.approved.v1", "application.rejected.v1", DeemedApproved.topic)
REFUSE = Reject(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION)


@pytest.mark.parametrize("first", ["decision", "silence", "both"])
@pytest.mark.parametrize("decision", [Approve(), REFUSE], ids=["approve", "reject"])
async def test_a_decision_in_the_instant_of_the_deadline_and_silence_are_one_outcome(
    fresh: Fresh, decision: Command, first: str
) -> None:
    async with furnished(fresh) as desk:
        files = await desk.complete([OVERDUE] * (20 if first == "both" else 2), *REVIEWED)

        async def decide() -> None:
            for application in files:
                try:
                    await asked(desk, application, decision, DUE)
                except Refusal:
                    assert (await now_of(desk, application)).status is Status.DEEMED_APPROVED

        async def be_silent() -> None:
            await jobs_of(desk.made).run("deem-approved")

        order: dict[str, tuple[Callable[[], Awaitable[None]], ...]] = {
            "decision": (decide, be_silent),
            "silence": (be_silent, decide),
            "both": (),
        }
        for one in order[first]:
            await one()
        if first == "both":
            await asyncio.gather(decide(), be_silent())
        counted = [
            sum(len(desk.events([application], topic)[application]) for topic in OUTCOMES) for application in files
        ]
        assert counted == [1] * len(files)
        deemed = sum(bool(states) for states in desk.events(files, DeemedApproved.topic).values())
        assert first == "both" or deemed == {"decision": 0, "silence": len(files)}[first]


async def test_a_pause_that_is_reported_three_days_late_changes_the_ledger_and_not_the_outcome(fresh: Fresh) -> None:
    async with furnished(fresh) as desk:
        [application] = await desk.complete([OVERDUE])
        await passed(desk, "deem-approved")
        before = await now_of(desk, application)
        await asked(desk, application, Suspend(ground="awaiting-payment"), DUE - timedelta(days=3))
        after = await asked(desk, application, Resume(), DUE - timedelta(days=2))
        assert (after.status, after.decided_at, after.promise) == (
            Status.DEEMED_APPROVED,
            before.decided_at,
            before.promise,
        )
        assert [(pause.since, pause.until) for pause in after.pauses] == [
            (DUE - timedelta(days=3), DUE - timedelta(days=2))
        ]
        assert await passed(desk, "deem-approved") == PassTally()


async def test_a_newer_calendar_moves_each_promise_that_it_concerns_once(fresh: Fresh) -> None:
    async with furnished(fresh) as desk:
        moved = await desk.complete([MONDAY_2027] * 12)
        kept = await desk.complete([MONDAY_2027 + timedelta(days=14)] * 3)
        jobs = jobs_of(desk.made)
        assert await jobs.run("move-promise") == PassTally()
        await desk.close(date(2027, 1, 6))
        assert await jobs.run("move-promise") == PassTally(done=12)
        assert set(jobs.unmoved) == set(kept)
        assert await passed(desk, "move-promise") == PassTally()
        found = desk.events([*moved, *kept], PromiseMoved.topic)
        assert [len(found[application]) for application in (*moved, *kept)] == [1] * 12 + [0] * 3
        promise = found[moved[0]][0]["data"]["promise"]
        assert (promise["due_at"], promise["calendar"]) == ("2027-01-12T08:00:00.000000Z", "id-2027@2")
        await desk.close(date(2027, 1, 6), date(2027, 1, 7))
        assert await passed(desk, "move-promise") == PassTally(done=12)


async def test_the_first_local_calendar_of_a_code_moves_the_promises_of_its_office(fresh: Fresh) -> None:
    async with furnished(fresh) as desk:
        moved = await desk.complete([MONDAY_2027] * 3)
        kept = await desk.complete([MONDAY_2027 + timedelta(days=14)] * 2)
        clock = [MONDAY_2027]
        jobs = jobs_of(desk.made, lambda: clock[0])
        assert await jobs.run("move-promise") == PassTally()
        await desk.publish(closed_on(date(2027, 1, 6), first_day=date(2027, 1, 1), last_day=date(2027, 12, 31)))
        assert await jobs.run("move-promise") == PassTally(done=3)
        found = desk.events([*moved, *kept], PromiseMoved.topic)
        assert [len(found[application]) for application in (*moved, *kept)] == [1] * 3 + [0] * 2
        desk.project()
        clock[0] += HOUR
        assert await jobs.run("move-promise") == PassTally()
        assert jobs.swept == {"closures-3374@1"}
        assert await jobs.run("move-promise") == PassTally()


@pytest.mark.parametrize("decision", [Approve(), REFUSE], ids=["approve", "reject"])
async def test_silence_has_granted_before_a_decision_whether_a_scheduler_ran_or_not(
    fresh: Fresh, decision: Command
) -> None:
    async with furnished(fresh) as desk:
        [application] = await desk.complete([OVERDUE], *REVIEWED)
        now = DUE + timedelta(seconds=1)
        act = Act(at=now, by=Role.OFFICER, channel=Channel.COUNTER, office=SEMARANG)
        request = CommandRequest(command=decision, act=act, client="officer", key="k", received_at=now)
        results = await asyncio.gather(*(desk.made.commands.handle(application, request) for _ in range(3)))
        assert {result.events for result in results} == {("application.decision-reported-late.v1",)}
        found = await now_of(desk, application)
        assert (found.status, found.decided_at) == (Status.DEEMED_APPROVED, DUE)
        [state] = desk.events([application], DeemedApproved.topic)[application]
        assert (state["at"], state["by"]) == (instant(DUE), "system")
        assert await passed(desk, "deem-approved") == PassTally()


async def test_a_date_that_a_calendar_moves_is_moved_before_a_decision_is_taken_as_late(fresh: Fresh) -> None:
    async with furnished(fresh) as desk:
        [application] = await desk.complete([MONDAY_2027], *REVIEWED)
        await desk.close(date(2027, 1, 6))
        now = datetime(2027, 1, 11, 9, tzinfo=UTC)  # over by the old calendar, not by the new one
        act = Act(at=now, by=Role.OFFICER, channel=Channel.COUNTER, office=SEMARANG)
        request = CommandRequest(command=Approve(), act=act, client="officer", key="k", received_at=now)
        result = await CommandHandler(desk.made.store).handle(application, request)  # the clock of 2027 is right
        assert result.events == ("application.approved.v1",)
        assert len(desk.events([application], PromiseMoved.topic)[application]) == 1


async def test_silence_does_not_grant_by_a_date_that_moves(fresh: Fresh) -> None:
    """The jobs of a pass go in their order, and the view may be behind."""
    async with furnished(fresh) as desk:
        await desk.complete([MONDAY_2027])
        await desk.close(date(2027, 1, 6))
        just_after = datetime(2027, 1, 11, 9, tzinfo=UTC)
        jobs = jobs_of(desk.made, lambda: just_after)
        assert [str(await jobs.run(job)) for job in jobs.by_name] == [
            "1 done, 0 known, 0 refused, 0 failed",
            "0 done, 0 known, 0 refused, 0 failed",
            "0 done, 0 known, 1 refused, 0 failed",
        ]


async def test_a_payment_expires_at_its_own_time_and_the_clock_goes_on(fresh: Fresh) -> None:
    until = OVERDUE + timedelta(days=1)
    async with furnished(fresh) as desk:
        asked_for = PaymentRequested(payment=1, amount_idr=50_000, pauses=True, expires_at=until)
        [expiring] = await desk.complete([OVERDUE], asked_for)
        [already] = await desk.complete([OVERDUE], replace(asked_for, expires_at=OVERDUE - HOUR))
        await desk.complete([OVERDUE], replace(asked_for, expires_at=None))
        await desk.complete([MONDAY_2027], replace(asked_for, expires_at=MONDAY_2027 + HOUR))
        assert await passed(desk, "expire-payment") == PassTally(done=2)
        assert await passed(desk, "expire-payment") == PassTally()
        found = desk.events([expiring, already], PaymentExpired.topic)
        assert [found[one][0]["at"] for one in (expiring, already)] == [instant(until), instant(OVERDUE)]
        assert not (await now_of(desk, expiring)).pausing


async def test_a_rebuilt_desk_is_the_same(fresh: Fresh) -> None:
    async with furnished(fresh) as desk:
        await desk.complete([OVERDUE] * 3)
        await desk.complete([MONDAY_2027] * 3)
        await desk.close(date(2027, 1, 6))
        for job in jobs_of(desk.made).by_name:
            await passed(desk, job)
        desk.project()
        assert differences(VIEWS["desk"], fresh.databases.serving, progress_of=lambda *_: None) == []


MANY = """
INSERT INTO views.desk (application_id, version, number, office, open, underlying, service, standard, channel, due_at,
    own_promise, calendar, paused, disputed, details)
SELECT gen_random_uuid(), 1, '', 'an-office', true, 'received', 'another', 1, 'counter', now() - interval '1 day',
    true, 'id-2026@1', false, false, '{}'
FROM generate_series(1, 5000)
"""
READ_ROWS = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = 'views.desk'::regclass"


@pytest.mark.parametrize(
    ("query", "editions", "found"),
    [(SILENT, "", 0), (OUTDATED, "id-2026@1", 0), (OUTDATED, "id-2026@2", 10)],
    ids=["silent", "none outdated", "all outdated"],
)
def test_a_pass_reads_what_it_is_about_however_many_files_are_overdue(
    fresh: Fresh, query: str, editions: str, found: int
) -> None:
    with psycopg.connect(fresh.databases.serving) as connection:
        ensure(VIEWS["desk"], connection)
        connection.execute(MANY)
        connection.execute("ANALYZE views.desk")
    values = {"now": datetime.now(UTC), "services": ["ktp-el"], "standards": [1], "editions": [editions]}
    with psycopg.connect(fresh.databases.serving) as connection:
        page = connection.execute(query, {**values, "at": FIRST[0], "id": FIRST[1], "limit": 10}).fetchall()
        [(read,)] = connection.execute(READ_ROWS).fetchall()
    assert len(page) == found
    assert read <= found + 4
