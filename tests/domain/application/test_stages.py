from dataclasses import replace

import pytest

from domain.application.commands import Approve, CompleteStage, EnterStage, HandOver, MakeReady
from domain.application.events import (
    ApplicationEvent,
    Approved,
    DeclaredComplete,
    Issued,
    MadeReady,
    RecordAmended,
    StageCompleted,
    StageEntered,
)
from domain.application.imported_events import StageEnded, StagePlanned
from domain.codes import Amendment, Holder
from domain.refusals import (
    ApplicationEnded,
    StageAlreadyCompleted,
    StageAlreadyEntered,
    StageNotEntered,
    StageOutOfOrder,
    StagesOpen,
    StageUnknown,
    StatusForbids,
)
from tests.builders import (
    APPROVED,
    COMPLETE,
    ISSUED,
    KTP,
    KTP_STAGES,
    KTP_STANDARD,
    OF_OLD_PERMIT,
    PRODUCED,
    RECEIVED,
    REGISTRY,
    REVIEWED,
    WITHDRAWN,
    stage_done,
)
from tests.spec import given

VERIFIED = (*COMPLETE, *stage_done("verification"))


def test_a_stage_is_entered_then_completed() -> None:
    given(*COMPLETE).when(EnterStage(stage="verification")).then(StageEntered(stage="verification"))
    given(*COMPLETE).when(CompleteStage(stage="verification")).refused(StageNotEntered)
    given(*COMPLETE, StageEntered(stage="verification")).when(CompleteStage(stage="verification")).then(
        StageCompleted(stage="verification")
    )


def test_stages_come_in_order() -> None:
    given(*COMPLETE).when(EnterStage(stage="assessment")).refused(StageOutOfOrder)
    given(*COMPLETE, StageEntered(stage="verification")).when(EnterStage(stage="assessment")).refused(StageOutOfOrder)
    given(*VERIFIED).when(EnterStage(stage="assessment")).then(StageEntered(stage="assessment"))


def test_stages_between_which_there_is_no_order_go_side_by_side() -> None:
    given(*VERIFIED, StageEntered(stage="survey")).when(EnterStage(stage="interview")).then(
        StageEntered(stage="interview")
    )


def test_an_optional_stage_holds_nothing_up_but_comes_in_its_place() -> None:
    given(*COMPLETE).when(EnterStage(stage="survey")).refused(StageOutOfOrder)
    given(*REVIEWED).when(Approve()).then(Approved())
    given(*REVIEWED, StageEntered(stage="survey")).when(Approve()).then(Approved())


def test_a_stage_must_be_in_the_procedure() -> None:
    given(*COMPLETE).when(EnterStage(stage="daydreaming")).refused(StageUnknown)
    given(*COMPLETE).when(CompleteStage(stage="daydreaming")).refused(StageUnknown)


def test_a_stage_is_done_once() -> None:
    entered = given(*COMPLETE, StageEntered(stage="verification"))
    entered.when(EnterStage(stage="verification")).refused(StageAlreadyEntered)
    given(*VERIFIED).when(EnterStage(stage="verification")).refused(StageAlreadyCompleted)
    given(*VERIFIED).when(CompleteStage(stage="verification")).refused(StageAlreadyCompleted)


def test_a_stage_taken_back_may_come_again() -> None:
    entered = (*COMPLETE, StageEntered(stage="verification"))
    taken_back = RecordAmended(amends=len(entered), amendment=Amendment.ENTERED_IN_ERROR)
    given(*entered, taken_back).when(EnterStage(stage="verification")).then(StageEntered(stage="verification"))


def test_review_comes_before_the_decision_and_production_after_it() -> None:
    given(*RECEIVED).when(EnterStage(stage="verification")).refused(StatusForbids)
    given(*REVIEWED).when(EnterStage(stage="printing")).refused(StatusForbids)
    given(*APPROVED).when(EnterStage(stage="printing")).then(StageEntered(stage="printing"))
    given(*APPROVED, Issued()).when(EnterStage(stage="printing")).then(StageEntered(stage="printing"))
    given(*APPROVED).when(EnterStage(stage="survey")).refused(StatusForbids)
    given(*PRODUCED).when(EnterStage(stage="lamination")).then(StageEntered(stage="lamination"))


def test_what_must_come_before_is_completed_first() -> None:
    given(*VERIFIED).when(Approve()).refused(StagesOpen)
    given(*APPROVED, Issued()).when(MakeReady()).refused(StagesOpen)
    given(*APPROVED, Issued()).when(HandOver()).refused(StagesOpen)
    given(*ISSUED).when(MakeReady()).then(MadeReady())


def test_in_a_free_order_stages_come_as_they_come() -> None:
    given(*OF_OLD_PERMIT).when(EnterStage(stage="drafting")).then(StageEntered(stage="drafting"))
    given(*OF_OLD_PERMIT).when(CompleteStage(stage="drafting")).then(StageCompleted(stage="drafting"))


def test_in_a_free_order_stages_come_again_but_not_twice_at_once() -> None:
    done = given(*OF_OLD_PERMIT, *stage_done("drafting"))
    done.when(EnterStage(stage="drafting")).then(StageEntered(stage="drafting"))
    done.when(CompleteStage(stage="drafting")).then(StageCompleted(stage="drafting"))
    entered = given(*OF_OLD_PERMIT, StageEntered(stage="drafting"))
    entered.when(EnterStage(stage="drafting")).refused(StageAlreadyEntered)


def test_in_a_free_order_no_stage_is_waited_for() -> None:
    given(*OF_OLD_PERMIT, DeclaredComplete()).when(Approve()).then(Approved())
    given(*OF_OLD_PERMIT, Approved(), Issued()).when(MakeReady()).then(MadeReady())


@pytest.mark.parametrize("command", [EnterStage(stage="survey"), CompleteStage(stage="survey")])
def test_after_an_end_no_stage_comes(command: EnterStage | CompleteStage) -> None:
    given(*WITHDRAWN).when(command).refused(ApplicationEnded)


def test_a_stage_says_in_whose_hands_it_is_unless_in_the_back_office() -> None:
    stages = tuple(replace(s, holder=Holder.SIGNATORY) if s.code == "verification" else s for s in KTP_STAGES)
    standard = replace(KTP_STANDARD, stages=stages)
    registry = replace(REGISTRY, services={**REGISTRY.services, KTP: (standard,)})
    given(*COMPLETE, registry=registry).when(EnterStage(stage="verification")).then(
        StageEntered(stage="verification", holder=Holder.SIGNATORY)
    )


@pytest.mark.parametrize("so_far", [(), (Approved(),), (Approved(), Issued()), (Approved(), Issued(), MadeReady())])
def test_where_the_order_is_free_a_stage_may_come_until_the_product_is_taken(
    so_far: tuple[ApplicationEvent, ...],
) -> None:
    given(*OF_OLD_PERMIT, *so_far).when(EnterStage(stage="advice")).then(StageEntered(stage="advice"))


def test_in_the_past_a_stage_may_be_planned_and_may_end_without_being_completed() -> None:
    planned = given(*COMPLETE, StagePlanned(stage="verification"))
    assert planned.application.entered == frozenset()
    entered = (*COMPLETE, StageEntered(stage="verification"), StageEntered(stage="assessment"))
    ended = (*entered, StageEnded(stage="verification"))
    assert given(*ended).application.entered == {"assessment"}
    assert given(*ended).application.completed == frozenset()
    taken_back = RecordAmended(amends=len(entered), amendment=Amendment.ENTERED_IN_ERROR)
    assert given(*ended, taken_back).application.entered == frozenset()
