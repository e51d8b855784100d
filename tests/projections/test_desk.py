"""The desk's row says of a file what the decisions know of it, whatever history says; and what a query selects by."""

from dataclasses import replace
from datetime import date, datetime
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.application.events import (
    ApplicationEvent,
    CorrectionSupplied,
    DeclaredComplete,
    Disputed,
    DisputeDismissed,
    Recorded,
    Resumed,
    Suspended,
    Transferred,
    Withdrawn,
)
from domain.application.evolve import Application, fold
from domain.application.incident_events import ObstacleCleared, PaymentExpired, PaymentReceived, PaymentRequested
from domain.application.promise_events import DeadlineExtended, PromiseMoved
from domain.codes import DismissalReason, DisputeReason
from domain.json_values import data_of, instant
from domain.promises.steps import ExtensionStep, PauseStep, TransferStep
from projections.desk import COLUMNS, VIEW, DeskRow, loaded, project, promised, stored
from projections.promises import plain_promise
from tests.builders import (
    APPLICATION,
    APPROVED,
    COMPLETE,
    FRIDAY,
    HANDED_OVER,
    MAKASSAR,
    MONDAY,
    NEXT_MONDAY_AT_CLOSING,
    OUT_OF_STOCK,
    PAUSED,
    PROMISE,
    REJECTED,
    SEMARANG,
    SUSPENDED,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    an_act,
)
from tests.domain.arbitrary import ORDINARY, acts, any_of, instants, numbered, of_the_source

PAID_UNTIL_FRIDAY = PaymentRequested(payment=1, amount_idr=50_000, pauses=False, expires_at=FRIDAY)


def row_of(*happened: ApplicationEvent) -> DeskRow:
    return folded([Recorded(version=n, act=an_act(MONDAY), event=event) for n, event in enumerate(happened, 1)])


def folded(history: list[Recorded]) -> DeskRow:
    row = reduce(lambda row, recorded: project(row, APPLICATION, recorded), history, None)
    assert row is not None
    return row


def told(row: DeskRow) -> dict[str, Any]:
    details = row["details"]
    return {
        **{
            name: row[name]
            for name in ("version", "number", "status", "office", "officer", "service", "standard", "disputed")
        },
        **{name: row[name] for name in ("submitted_at", "complete_at", "decided_at", "paused")},
        "promise": details["promise"],
        "promised_at": details["promised_at"],
        "extensions": details["extensions"],
        "paused_since": details["paused_since"],
        "pauses": details["pauses"],
        "payments": {payment["payment"] for payment in details["payments"]},
        "obstacles": {obstacle["obstacle"] for obstacle in details["obstacles"]},
    }


def known(application: Application) -> dict[str, Any]:
    names = ("version", "number", "status", "office", "officer", "service", "standard", "disputed")
    return {
        **{name: getattr(application, name) for name in (*names, "submitted_at", "complete_at", "decided_at")},
        "paused": bool(application.pausing),
        "promise": plain_promise(application.promise) if application.promise else None,
        "promised_at": instant(application.promised_at) if application.promised_at else None,
        "extensions": list(application.extensions),
        "paused_since": instant(application.paused_since) if application.paused_since else None,
        "pauses": [data_of(pause) for pause in application.pauses],
        "payments": set(application.payments),
        "obstacles": set(application.obstacles),
    }


some_promise = st.sampled_from([PROMISE, replace(PROMISE, counted_from=date(2026, 3, 10)), of_the_source])
with_dates = st.one_of(
    st.builds(
        PaymentRequested,
        payment=st.integers(0, 3),
        amount_idr=st.just(50_000),
        pauses=st.booleans(),
        expires_at=st.none() | instants,
    ),
    st.builds(DeadlineExtended, extension=st.sampled_from(["technical-study", "site-visit"]), promise=some_promise),
    st.builds(PromiseMoved, promise=some_promise),
)
events = with_dates | any_of(set(ORDINARY) - {PaymentRequested, DeadlineExtended, PromiseMoved})
histories = st.lists(st.tuples(acts, events), min_size=1, max_size=30).map(numbered)


@given(histories)
def test_whatever_happened_the_row_says_what_the_decisions_know(history: list[Recorded]) -> None:
    assert told(folded(history)) == known(fold(history))


@given(histories)
def test_the_row_knows_what_a_promise_is_counted_by(history: list[Recorded]) -> None:
    seen, known_to_decisions = promised(folded(history)), fold(history)
    for name in (
        "office",
        "service",
        "complete_at",
        "promise",
        "promised_at",
        "pauses",
        "extensions",
        "promised_by",
        "steps",
    ):
        assert getattr(seen, name) == getattr(known_to_decisions, name), name


def test_the_row_keeps_every_step_of_a_promise_in_its_order() -> None:
    history = numbered(
        [
            *((an_act(), event) for event in COMPLETE),
            (an_act(), DeadlineExtended(extension="technical-study", promise=PROMISE)),
            (an_act(TUESDAY), Suspended(ground="awaiting-payment", pauses=True)),
            (an_act(WEDNESDAY), Transferred(to=MAKASSAR, promise=PROMISE)),
            (an_act(THURSDAY), Resumed()),
            (an_act(THURSDAY), Transferred(to=SEMARANG)),
        ]
    )
    seen = promised(folded(history))
    assert seen.promised_by == SEMARANG
    assert (
        seen.steps
        == fold(history).steps
        == (
            ExtensionStep(extension="technical-study", office=SEMARANG),
            TransferStep(at=TUESDAY, office=SEMARANG, to=MAKASSAR),
            PauseStep(since=TUESDAY, until=THURSDAY, office=MAKASSAR),
        )
    )


@given(histories)
def test_a_row_is_stored_and_read_again_as_it_was(history: list[Recorded]) -> None:
    row = folded(history)
    assert list(row) == list(COLUMNS)
    assert loaded(stored(row)) == row


@pytest.mark.parametrize(
    ("happened", "due", "is_open"),
    [
        (PAUSED[:3], None, True),
        (COMPLETE, NEXT_MONDAY_AT_CLOSING, True),
        (SUSPENDED, NEXT_MONDAY_AT_CLOSING, True),
        (APPROVED, None, True),
        (REJECTED, None, False),
        (HANDED_OVER, None, False),
        ((*HANDED_OVER, Disputed(reason=DisputeReason.DEFECTIVE)), None, True),
        (
            (
                *HANDED_OVER,
                Disputed(reason=DisputeReason.DEFECTIVE),
                DisputeDismissed(reason=DismissalReason.PRODUCT_IS_RIGHT),
            ),
            None,
            False,
        ),
    ],
    ids=["incomplete", "complete", "suspended", "approved", "rejected", "handed over", "disputed", "dismissed"],
)
def test_it_is_due_while_a_decision_is_awaited_and_open_while_there_is_something_to_do(
    happened: tuple[ApplicationEvent, ...], due: datetime | None, *, is_open: bool
) -> None:
    row = row_of(*happened)
    assert (row["due_at"], row["open"]) == (due, is_open)


def test_a_payment_expires_when_the_first_open_request_does() -> None:
    until_thursday = PaymentRequested(payment=2, amount_idr=1, pauses=False, expires_at=THURSDAY)
    for_ever = PaymentRequested(payment=3, amount_idr=1, pauses=False)
    asked = (*COMPLETE, PAID_UNTIL_FRIDAY, until_thursday, for_ever)
    assert row_of(*asked)["payment_expires_at"] == THURSDAY
    assert row_of(*asked, PaymentExpired(payment=2))["payment_expires_at"] == FRIDAY
    assert row_of(*asked, PaymentExpired(payment=2), PaymentExpired(payment=1))["payment_expires_at"] is None
    assert row_of(*asked, Withdrawn())["payment_expires_at"] is None


def test_a_pause_is_over_when_the_last_open_one_ends() -> None:
    paying = (*SUSPENDED, PaymentRequested(payment=1, amount_idr=1, pauses=True), Resumed())
    assert row_of(*paying)["paused"]
    over = row_of(*paying, PaymentReceived(payment=1, amount_idr=1))
    assert (over["paused"], over["details"]["pauses"]) == (
        False,
        [{"since": instant(MONDAY), "until": instant(MONDAY)}],
    )


def test_a_return_that_pauses_is_over_with_the_correction() -> None:
    assert row_of(*PAUSED)["paused"]
    mended = row_of(*PAUSED, CorrectionSupplied())
    assert (mended["paused"], mended["details"]["pauses"]) == (
        False,
        [{"since": instant(MONDAY), "until": instant(MONDAY)}],
    )


def test_an_obstacle_stands_until_it_is_cleared() -> None:
    assert row_of(*COMPLETE, OUT_OF_STOCK)["details"]["obstacles"] == [{"obstacle": 1, "code": "H-BLANGKO"}]
    assert row_of(*COMPLETE, OUT_OF_STOCK, ObstacleCleared(obstacle=1))["details"]["obstacles"] == []


def test_a_date_that_a_source_states_is_not_ours_to_move() -> None:
    stated = (*COMPLETE[:-1], DeclaredComplete(promise=of_the_source))
    assert (row_of(*COMPLETE)["own_promise"], row_of(*COMPLETE)["calendar"]) == (True, "id-2026@1")
    assert (row_of(*stated)["own_promise"], row_of(*stated)["calendar"]) == (False, "")


def test_the_sooner_due_stands_first_by_an_index() -> None:
    index = "CREATE INDEX ON {table} (office, coalesce(due_at, 'infinity'), application_id) WHERE open;"
    assert index in VIEW.table


def test_the_state_of_the_view_depends_on_its_version_and_its_form() -> None:
    older = replace(VIEW, version=7, reads_from=6)
    assert VIEW.state == f"view_state('desk', {VIEW.version}, {VIEW.version}, '{VIEW.form}')"
    assert older.state == f"view_state('desk', 6, 7, '{VIEW.form}')"
    assert replace(VIEW, indexes=()).form != VIEW.form
