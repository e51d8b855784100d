"""Payments in an application's row: tariff, parts, excess, and what arrives after the end."""

from dataclasses import replace

from domain.application.commands import ReceivePayment, RequestPayment
from domain.application.events import Disputed, Recorded, Reopened, Withdrawn
from domain.application.incident_events import PaymentReceived, PaymentRequested
from domain.codes import DisputeReason
from domain.refusals import ApplicationEnded, PaymentUnknown
from domain.registry.registry import Registry
from projections.desk import DeskRow, project
from projections.promises_and_payments import PaymentEntry
from tests.builders import APPLICATION, COMPLETE, HANDED_OVER, KTP, PAYMENT, REGISTRY, TUESDAY, WEDNESDAY, on
from tests.spec import Given, given

ASKED = PaymentRequested(payment=1, amount_idr=50_000, pauses=False, tariff_idr=30_000)
LEVY = PaymentRequested(payment=1, amount_idr=1_500_000, pauses=True)
PART = PaymentReceived(payment=1, amount_idr=500_000, open_idr=1_000_000)
REST = PaymentReceived(payment=1, amount_idr=1_000_000)


def with_a_tariff(fee_idr: int) -> Registry:
    [*_, standard] = [each for each in REGISTRY.services[KTP] if each.standard == 3]
    return replace(REGISTRY, services={**REGISTRY.services, KTP: (replace(standard, fee_idr=fee_idr),)})


def payment(so_far: Given) -> PaymentEntry:
    [entry] = so_far.row["payments"]
    return entry


def amounts(entry: PaymentEntry) -> tuple[int, int, int, list[str]]:
    return entry["open_idr"], entry["excess_idr"], entry["refund_idr"], entry["flags"]


def test_a_request_above_the_tariff_and_a_payment_above_the_request_are_flagged() -> None:
    given(*COMPLETE, registry=with_a_tariff(30_000)).when(RequestPayment(amount_idr=50_000)).then(
        replace(ASKED, pauses=True)
    )
    paid = PaymentReceived(payment=1, amount_idr=75_000)
    given(*COMPLETE, ASKED).when(ReceivePayment(payment=1, amount_idr=75_000)).then(paid)
    assert amounts(payment(given(*COMPLETE, ASKED))) == (50_000, 0, 0, ["above_tariff"])
    assert amounts(payment(given(*COMPLETE, ASKED, paid))) == (0, 25_000, 0, ["above_tariff", "excess"])
    cheap = replace(ASKED, amount_idr=20_000)
    assert amounts(payment(given(*COMPLETE, cheap))) == (20_000, 0, 0, ["below_tariff"])
    just = replace(ASKED, amount_idr=30_000)
    assert amounts(payment(given(*COMPLETE, just))) == (30_000, 0, 0, [])


def test_a_part_leaves_the_request_open_and_the_clock_paused() -> None:
    pay = ReceivePayment(payment=1, amount_idr=500_000)
    given(*COMPLETE, LEVY).when(pay).then(PART)
    partly = given(*COMPLETE, LEVY, PART)
    assert partly.application.payments == {1: 1_000_000}
    assert partly.application.pausing == {"payment-1"}
    entry = payment(partly)
    assert amounts(entry) == (1_000_000, 0, 0, ["partial"])
    assert (entry["received_idr"], entry["received_at"]) == (500_000, None)
    partly.when(ReceivePayment(payment=1, amount_idr=1_000_000)).then(REST)
    whole = given(*COMPLETE, LEVY, PART, REST)
    assert (whole.application.payments, whole.application.pausing) == ({}, frozenset())
    entry = payment(whole)
    assert amounts(entry) == (0, 0, 0, [])
    assert (entry["received_idr"], entry["received_by"], len(entry["receipts"])) == (1_500_000, 7, 2)
    whole.when(pay).refused(PaymentUnknown)


def test_a_part_of_a_request_that_nobody_knows_changes_nothing() -> None:
    so_far = given(*COMPLETE, PART)
    assert so_far.application.payments == {}
    assert so_far.row["payments"] == []


def test_the_desk_waits_until_the_whole_is_paid() -> None:
    def row(*more: PaymentReceived) -> DeskRow:
        folded: DeskRow | None = None
        for recorded in given(*COMPLETE, LEVY, *more).history:
            folded = project(folded, APPLICATION, recorded)
        assert folded
        return folded

    assert [each["payment"] for each in row(PART)["details"]["payments"]] == [1]
    assert row(PART)["paused"]
    assert row(PART, REST)["details"]["payments"] == []


def test_nothing_is_to_be_paid_after_the_end_and_what_arrives_is_to_be_refunded() -> None:
    ended = given(*COMPLETE, PAYMENT, Withdrawn())
    assert amounts(payment(ended)) == (0, 0, 0, [])
    arrived = PaymentReceived(payment=1, amount_idr=50_000)
    ended.when(ReceivePayment(payment=1, amount_idr=50_000)).then(arrived)
    ended.when(ReceivePayment(payment=2, amount_idr=50_000)).refused(ApplicationEnded)
    assert amounts(payment(given(*COMPLETE, PAYMENT, Withdrawn(), arrived))) == (0, 0, 50_000, ["refund"])
    refunded = given(*COMPLETE, PAYMENT, Withdrawn(), arrived)
    refunded.when(ReceivePayment(payment=1, amount_idr=50_000)).refused(ApplicationEnded)


def test_what_was_paid_before_the_end_is_not_refunded_although_it_was_recorded_later() -> None:
    paid: Recorded = on(TUESDAY, PaymentReceived(payment=1, amount_idr=50_000))
    entry = payment(given(*COMPLETE, PAYMENT, on(WEDNESDAY, Withdrawn()), paid))
    assert amounts(entry) == (0, 0, 0, [])


def test_a_request_that_was_open_at_the_end_can_be_paid_after_a_reopening() -> None:
    history = (*COMPLETE, PAYMENT, *HANDED_OVER[len(COMPLETE) :], Disputed(reason=DisputeReason.DEFECTIVE))
    assert payment(given(*history))["open_idr"] == 0
    assert payment(given(*history, Reopened()))["open_idr"] == 50_000
