"""A client's key is recognised by macs under keys of the month: this one and the last, then it is forgotten."""

from datetime import UTC, date, datetime, time

import pytest

from infra.composition import Installation
from infra.eventstore.store import PostgresEventStore
from service_layer.faults import KeyReused
from service_layer.handlers.commands import CommandHandler
from tests.infra.eventstore.asking import SUBMIT, ask, asked, told

pytestmark = pytest.mark.anyio

MONTHS = "SELECT month FROM named_keys WHERE name = 'command' ORDER BY month"


async def test_a_client_key_holds_over_a_month_and_then_is_new(made: Installation) -> None:
    march, april, may = date(2026, 3, 31), date(2026, 4, 1), date(2026, 5, 1)

    async def as_of(day: date) -> CommandHandler:
        return CommandHandler(
            PostgresEventStore(
                pool=made.pool,
                streams=made.streams,
                writer=made.writer,
                keys=made.keys,
                named=await made.keys.named(day),
                receipt_codes=made.receipt_codes,
                now=lambda: datetime.combine(day, time.min, UTC),
            )
        )

    in_march = await (await as_of(march)).handle(None, asked(SUBMIT, "k-1"))
    in_april = await (await as_of(april)).handle(None, asked(SUBMIT, "k-1"))
    assert told(in_april) == told(in_march)
    with pytest.raises(KeyReused):
        await (await as_of(april)).handle(None, asked(SUBMIT, "k-1", body={"other": True}))
    in_may = await (await as_of(may)).handle(None, asked(SUBMIT, "k-1"))
    assert in_may.application_id != in_march.application_id


async def test_the_keys_of_this_month_and_the_last_are_kept_and_older_ones_destroyed(made: Installation) -> None:
    november, december, january = date(2027, 11, 30), date(2027, 12, 1), date(2028, 1, 31)
    [first, *_] = (await made.keys.named(november)).commands
    in_december = (await made.keys.named(december)).commands
    in_january = (await made.keys.named(january)).commands
    assert in_december[1:] == (first,)
    assert in_january[1:] == (in_december[0],)
    assert first not in in_january
    assert ask(made.databases.keys, MONTHS) == [(date(2027, 12, 1),), (date(2028, 1, 1),)]
    assert (await made.keys.named(january)).commands == in_january
    assert (await made.keys.named(january)).imports == made.named.imports
