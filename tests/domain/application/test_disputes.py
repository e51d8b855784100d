"""Tests of disputes, reopening, revocation and aftercare."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.application.commands import (
    CompleteStage,
    DismissDispute,
    Dispute,
    EnterStage,
    HandOver,
    Issue,
    MakeReady,
    Reopen,
    Revoke,
)
from domain.application.events import (
    Disputed,
    DisputeDismissed,
    HandedOver,
    Issued,
    MadeReady,
    Reopened,
    Revoked,
    StageCompleted,
    StageEntered,
)
from domain.application.status import Status
from domain.codes import DismissalReason, DisputeReason, RevocationGround
from domain.refusals import (
    AlreadyDisputed,
    ApplicationEnded,
    DisputeWindowOver,
    NothingDisputed,
    StageAlreadyCompleted,
    StagesOpen,
    StageUnknown,
    StatusForbids,
)
from tests.builders import (
    APPROVED,
    HANDED_OVER,
    KTP,
    MONDAY,
    OLD_PERMIT,
    READY,
    REGISTRY,
    REJECTED,
    a_standard,
    submitted,
)
from tests.spec import given

DISPUTE = Dispute(reason=DisputeReason.NOT_RECEIVED)
DISPUTED = Disputed(reason=DISPUTE.reason)
WINDOW = timedelta(days=30)


@pytest.mark.parametrize("done", [READY, HANDED_OVER])
def test_what_is_called_done_can_be_disputed_once_at_a_time(done: tuple[HandedOver, ...]) -> None:
    given(*done).when(DISPUTE).then(DISPUTED)
    given(*done, DISPUTED).when(DISPUTE).refused(AlreadyDisputed)
    dismissed = DisputeDismissed(reason=DismissalReason.RECEIPT_PROVES_IT)
    given(*done, DISPUTED).when(DismissDispute(reason=dismissed.reason)).then(dismissed)
    given(*done, DISPUTED, dismissed).when(DISPUTE).then(DISPUTED)
    given(*done, DISPUTED, dismissed).when(Reopen()).refused(NothingDisputed)


def test_what_is_not_done_cannot_be_disputed() -> None:
    given(*APPROVED).when(DISPUTE).refused(StatusForbids)
    given(*REJECTED).when(DISPUTE).refused(ApplicationEnded)


def test_there_is_a_time_for_it_where_the_standard_says_so() -> None:
    given(*HANDED_OVER).when(DISPUTE, at=MONDAY + WINDOW).then(DISPUTED)
    given(*HANDED_OVER).when(DISPUTE, at=MONDAY + WINDOW + timedelta(microseconds=1)).refused(DisputeWindowOver)
    given(*READY).when(DISPUTE, at=MONDAY + 2 * WINDOW).then(DISPUTED)
    unlimited = replace(REGISTRY, services={**REGISTRY.services, KTP: (a_standard(KTP, standard=3),)})
    given(*HANDED_OVER, registry=unlimited).when(DISPUTE, at=MONDAY + 2 * WINDOW).then(DISPUTED)


def test_reopened_the_product_is_made_again() -> None:
    history = (*HANDED_OVER, DISPUTED)
    given(*history).when(Reopen(redo=("printing",))).then(Reopened(redo=("printing",)))
    again = given(*history, Reopened(redo=("printing",)))
    assert again.application.status is Status.APPROVED
    assert not again.application.disputed
    again.when(Issue()).then(Issued())
    anew = (*history, Reopened(redo=("printing",)), Issued())
    given(*anew).when(MakeReady()).refused(StagesOpen)
    given(*anew).when(EnterStage(stage="printing")).then(StageEntered(stage="printing"))
    done = (*anew, StageEntered(stage="printing"), StageCompleted(stage="printing"))
    given(*done).when(MakeReady()).then(MadeReady())
    given(*done).when(EnterStage(stage="printing")).refused(StageAlreadyCompleted)


def test_without_a_stage_to_do_again_it_can_be_issued_at_once() -> None:
    history = (*READY, DISPUTED, Reopened())
    assert given(*history).application.completed == given(*READY).application.completed
    given(*history, Issued()).when(HandOver()).then(HandedOver(receiver=HandOver().receiver))


@pytest.mark.parametrize("stage", ["verification", "no-such-stage", "follow-up"])
def test_only_stages_of_production_are_done_again(stage: str) -> None:
    given(*HANDED_OVER, DISPUTED).when(Reopen(redo=(stage,))).refused(StageUnknown)


def test_where_the_order_is_free_any_stage_is_done_again() -> None:
    history = (*submitted(OLD_PERMIT), MadeReady(), DISPUTED)
    given(*history).when(Reopen(redo=("advice",))).then(Reopened(redo=("advice",)))


def test_a_reopening_out_of_place_moves_nothing() -> None:
    assert given(*APPROVED, Reopened(redo=("printing",))).application.status is Status.APPROVED
    assert given(*REJECTED, Reopened()).application.status is Status.REJECTED


def test_what_was_granted_can_be_revoked() -> None:
    revoked = Revoked(ground=RevocationGround.CONDITIONS_BROKEN)
    given(*HANDED_OVER).when(Revoke(ground=revoked.ground)).then(revoked)
    given(*HANDED_OVER, revoked).when(Revoke(ground=revoked.ground)).refused(ApplicationEnded)
    given(*APPROVED).when(Revoke(ground=revoked.ground)).refused(StatusForbids)
    assert given(*HANDED_OVER, revoked).application.status is Status.REVOKED


def test_some_steps_come_after_the_service() -> None:
    given(*READY).when(EnterStage(stage="follow-up")).refused(StatusForbids)
    given(*HANDED_OVER).when(EnterStage(stage="follow-up")).then(StageEntered(stage="follow-up"))
    given(*HANDED_OVER).when(EnterStage(stage="printing")).refused(ApplicationEnded)
    given(*HANDED_OVER, StageEntered(stage="follow-up")).when(CompleteStage(stage="follow-up")).then(
        StageCompleted(stage="follow-up")
    )
