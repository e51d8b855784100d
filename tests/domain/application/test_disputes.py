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
    Approved,
    Disputed,
    DisputeDismissed,
    HandedOver,
    Issued,
    MadeReady,
    RecordAmended,
    Reopened,
    Revoked,
    StageCompleted,
    StageEntered,
)
from domain.application.status import Status
from domain.codes import Amendment, DismissalReason, DisputeReason, RevocationGround, StagePhase
from domain.refusals import (
    AlreadyDisputed,
    ApplicationEnded,
    DisputeWindowOver,
    NothingDisputed,
    StageAlreadyCompleted,
    StageOutOfOrder,
    StagesOpen,
    StageUnknown,
    StatusForbids,
)
from tests.builders import (
    APPROVED,
    COMPLETE,
    HANDED_OVER,
    ISSUED,
    KTP,
    MONDAY,
    OLD_PERMIT,
    PRODUCED,
    READY,
    REGISTRY,
    REJECTED,
    a_stage,
    a_standard,
    stage_done,
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
    again.when(Issue()).refused(StagesOpen)
    again.when(EnterStage(stage="printing")).then(StageEntered(stage="printing"))
    done = (*history, Reopened(redo=("printing",)), *stage_done("printing"))
    given(*done).when(Issue()).then(Issued())
    given(*done).when(EnterStage(stage="printing")).refused(StageAlreadyCompleted)
    given(*done, Issued()).when(MakeReady()).then(MadeReady())


LAMINATED = (*PRODUCED, *stage_done("lamination"), *HANDED_OVER[len(PRODUCED) :], DISPUTED)
REDONE = ("printing", "lamination")


def test_a_stage_that_is_redone_takes_back_the_stages_that_rest_on_it() -> None:
    given(*LAMINATED).when(Reopen(redo=("printing",))).then(Reopened(redo=REDONE))
    given(*LAMINATED).when(Reopen(redo=("lamination", "printing"))).then(Reopened(redo=REDONE))
    given(*LAMINATED).when(Reopen(redo=("lamination",))).then(Reopened(redo=("lamination",)))


def test_what_was_done_at_the_first_issue_is_done_again_before_the_next_one() -> None:
    reopened = (*LAMINATED, Reopened(redo=REDONE))
    given(*reopened).when(EnterStage(stage="lamination")).refused(StageOutOfOrder)
    printed = (*reopened, *stage_done("printing"))
    given(*printed).when(Issue()).refused(StagesOpen)
    given(*printed, *stage_done("lamination")).when(Issue()).then(Issued())


def test_a_stage_that_was_first_done_after_the_issue_is_done_again_after_it() -> None:
    late = (*ISSUED, *stage_done("lamination"), *HANDED_OVER[len(ISSUED) :], DISPUTED, Reopened(redo=REDONE))
    issued = (*late, *stage_done("printing"), Issued())
    given(*late, *stage_done("printing")).when(Issue()).then(Issued())
    given(*issued).when(MakeReady()).refused(StagesOpen)
    given(*issued).when(HandOver()).refused(StagesOpen)
    given(*issued, *stage_done("lamination")).when(MakeReady()).then(MadeReady())


def test_a_stage_redone_by_mistake_is_open_again() -> None:
    done = (*LAMINATED, Reopened(redo=REDONE), *stage_done("printing"), *stage_done("lamination"))
    wrong = RecordAmended(amends=len(done), amendment=Amendment.ENTERED_IN_ERROR)
    assert given(*done).application.to_redo == frozenset()
    assert given(*done, wrong).application.to_redo == {"lamination"}
    given(*done, wrong).when(Issue()).refused(StagesOpen)


FAMILY_CARD = a_standard(
    KTP,
    a_stage("signing", phase=StagePhase.PRODUCTION),
    a_stage("printing", "signing", phase=StagePhase.PRODUCTION),
    a_stage("registering", "printing", phase=StagePhase.PRODUCTION),
    standard=3,
)


def test_a_family_card_that_is_signed_again_is_not_issued_unsigned_and_is_printed_again() -> None:
    registry = replace(REGISTRY, services={**REGISTRY.services, KTP: (FAMILY_CARD,)})
    produced = tuple(event for stage in FAMILY_CARD.stages for event in stage_done(stage.code))
    history = (*COMPLETE, Approved(), *produced, *HANDED_OVER[len(PRODUCED) :], DISPUTED)
    redo = ("signing", "printing", "registering")
    given(*history, registry=registry).when(Reopen(redo=("signing",))).then(Reopened(redo=redo))
    reopened = (*history, Reopened(redo=redo))
    given(*reopened, registry=registry).when(Issue()).refused(StagesOpen)
    given(*reopened, registry=registry).when(EnterStage(stage="printing")).refused(StageOutOfOrder)
    signed = (*reopened, *stage_done("signing"))
    given(*signed, registry=registry).when(EnterStage(stage="printing")).then(StageEntered(stage="printing"))


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
