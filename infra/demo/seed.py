"""Seed: fills a new installation with simulated applications. The simulation ends on the day of the first start.

Every installation gets the same simulation; only the tracking numbers and the ids differ. If the process is killed
during the simulation, the next start completes the simulation, even on a later day. `make run` uses a small simulation,
and `make demo` uses 90 days of a mall.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from infra import catalogue
from infra.composition import Installation
from infra.demo.plan_player import PlanPlayer
from infra.demo.survey_player import SurveyPlayer
from infra.progress import Advance, told
from simulation.mall import JAKARTA
from simulation.plan import Plan, latest, until_last_submission
from simulation.questionnaires import questionnaires

SEED = 1
SAMPLE = 0
"""The ordinal of the sample in the plan."""


@dataclass(frozen=True, slots=True)
class SeedSize:
    days: int
    applications: int


EXAMPLES = SeedSize(days=45, applications=200)
DEMO = SeedSize(days=90, applications=3000)


async def seed(made: Installation, fill: SeedSize, submitted: Advance = lambda _: None) -> None:
    """Publishes the catalogue. Plays a simulation, unless the log already has the whole simulation. `fill` is the size
    of the simulation.

    `submitted` is called with the number of new submissions.
    """
    told("publishing the catalogue")
    await publish(made)
    if await _complete(made, fill):
        return
    registry = await made.editions.registry()
    plan = Plan(
        seed=SEED,
        days=fill.days,
        applications=fill.applications,
        until=latest(registry, await _first_day(made)),
        registry=registry,
        with_sample=True,
    )
    player, steps = PlanPlayer(made, plan.name), until_last_submission(plan.steps())
    await player.play(steps[:-1], submitted)
    await _record_sample(made, player.ids.get(SAMPLE))
    # The questionnaires are played before the last submission, because this submission marks a complete simulation.
    await SurveyPlayer(made, plan.name, player.ids).play(questionnaires(plan, steps[-1].arrives))
    await player.play(steps[-1:], submitted)


async def publish(made: Installation, *, examples: bool = True) -> None:
    """Publishes the calendars and the regions, and with `examples` also the example offices and services.

    Publishes only what the log does not contain yet.
    """
    editions = [*catalogue.basics(), *(catalogue.examples() if examples else [])]
    await made.editions.publish(editions, made.recorder, made.named.commands[0])


async def sample(made: Installation) -> tuple[UUID, str, str] | None:
    """Returns the id, the tracking number and the PIN of the sample, which a seed wrote in this installation.

    Returns None if no seed has recorded a sample. The PIN of a real citizen is never returned.
    """
    async with made.pool.connection() as connection:
        cursor = await connection.execute("SELECT application_id FROM demo_samples ORDER BY at LIMIT 1")
        row = await cursor.fetchone()
    if row is None:
        return None
    application = (await made.streams.history(row[0])).application
    return row[0], application.number, made.receipt_codes.pin(application.number, application.pin_resets)


async def _record_sample(made: Installation, application_id: UUID | None) -> None:
    if application_id is None:  # the submission of the sample was refused
        return
    async with made.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO demo_samples (application_id) VALUES (%s) ON CONFLICT DO NOTHING", (application_id,)
        )


async def _complete(made: Installation, fill: SeedSize) -> bool:
    """Returns whether the whole simulation is stored. The last step of a simulation is always a submission.

    So the function only checks that all submissions are stored.
    """
    async with made.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT count(*) FROM (SELECT FROM events WHERE topic = 'application.submitted.v1'"
            " AND state->>'by' <> 'import' ORDER BY position LIMIT %s) AS submitted",
            (fill.applications,),
        )
        row = await cursor.fetchone()
    return row is not None and row[0] == fill.applications


async def _first_day(made: Installation) -> date:
    """Returns the day of the first start, in Jakarta's time zone. On this day, the regions were published."""
    async with made.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT recorded_at FROM stored_events WHERE topic = 'regions.published.v1'"
            " ORDER BY notification_id LIMIT 1"
        )
        row = await cursor.fetchone()
    at: datetime = row[0] if row else datetime.now(UTC)
    return at.astimezone(JAKARTA).date()
