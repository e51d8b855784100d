"""The steps of the citizen's page after a reopening and after an end, without a browser."""

from api.pages.history import history
from api.pages.language import BY_CODE
from api.pages.notices import notices, unpaid
from api.pages.promise import promised
from api.pages.reader import PageReader
from api.pages.steps import steps
from domain.application.events import (
    ApplicationEvent,
    Approved,
    Disputed,
    HandedOver,
    Issued,
    MadeReady,
    Recorded,
    Reopened,
    StageEntered,
    Withdrawn,
)
from domain.application.incident_events import PaymentReceived
from domain.codes import DisputeReason, Receiver
from tests.builders import (
    COMPLETE,
    DEEMED,
    FRIDAY,
    HANDED_OVER,
    OUT_OF_STOCK,
    PAUSED,
    PAYMENT,
    READY,
    REGISTRY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    on,
    stage_done,
)
from tests.spec import given

TAKEN = on(TUESDAY, HandedOver(receiver=Receiver.APPLICANT))
REOPENED = (*READY, TAKEN, Disputed(reason=DisputeReason.DEFECTIVE), on(WEDNESDAY, Reopened(redo=("printing",))))
AGAIN = (*REOPENED, *(on(THURSDAY, event) for event in (*stage_done("printing"), Issued(), MadeReady())))


def reader(*happened: ApplicationEvent | Recorded) -> PageReader:
    return PageReader(BY_CODE["en"], given(*happened).row, REGISTRY, FRIDAY.replace(month=4))


def states(*happened: ApplicationEvent | Recorded) -> list[tuple[str, str]]:
    return [(step.name, step.word) for step in steps(reader(*happened))]


def test_after_a_reopening_the_steps_show_what_is_done_what_was_taken_back_and_what_is_next() -> None:
    assert states(*REOPENED)[6:] == [
        ("printing", "taken back"),
        ("Ready to collect", "taken back"),
        ("Handed over", "taken back"),
        ("Reopened", "done"),
        ("printing", "next"),
        ("lamination", "only if needed"),
        ("Ready to collect", "later"),
        ("Handed over", "last step"),
    ]


def test_a_second_hand_over_has_its_own_date() -> None:
    listed = steps(reader(*AGAIN, on(FRIDAY, HandedOver(receiver=Receiver.APPLICANT))))
    taken = [(step.word, step.when.machine[:10]) for step in listed if step.name == "Handed over" and step.when]
    assert taken == [("taken back", "2026-03-10"), ("done", "2026-03-13")]
    assert [step.word for step in listed if step.name == "printing"] == ["taken back", "done"]


def test_in_an_ended_file_nothing_goes_on() -> None:
    happened = (*COMPLETE, PAYMENT, OUT_OF_STOCK, StageEntered(stage="verification"), Withdrawn())
    assert states(*happened)[-1] == ("verification", "not finished")
    assert {word for _, word in states(*happened)} == {"done", "not finished"}
    assert unpaid(reader(*happened)) == []
    said = {notice.heading: notice.lines for notice in notices(reader(*happened))}
    assert said["Payments"] == ["IDR 50,000, not paid in full before the application ended."]
    assert "What held it up" in said
    assert "What is holding it up" not in said


def test_a_payment_after_the_end_is_to_be_refunded() -> None:
    happened = (*HANDED_OVER[:4], PAYMENT, Withdrawn(), PaymentReceived(payment=1, amount_idr=75_000))
    [payments] = [notice.lines for notice in notices(reader(*happened)) if notice.heading == "Payments"]
    assert payments[1:] == [
        "That is IDR 25,000 more than the office asked for.",
        "IDR 75,000 was paid after the application had ended. The office must refund it.",
    ]


def test_what_the_law_did_is_said_to_be_done_by_law() -> None:
    reading = reader(*DEEMED)
    assert history(reading)[-1].place.endswith("automatically, by law")
    assert [step.office for step in steps(reading) if step.name == "Decision"] == ["automatically, by law"]


def test_a_file_that_was_paused_before_its_date_is_not_late() -> None:
    seen = promised(reader(*PAUSED))
    assert seen
    assert not seen.late
    assert seen.standing.startswith("Not late: the clock was stopped before this date.")
    running = promised(reader(*COMPLETE))
    assert running
    assert running.late


def test_a_stage_that_was_open_at_the_decision_does_not_go_on() -> None:
    happened = (*COMPLETE, *stage_done("verification"), StageEntered(stage="interview"), *stage_done("assessment"))
    assert ("interview", "now") in states(*happened)
    assert ("interview", "not finished") in states(*happened, Approved())
