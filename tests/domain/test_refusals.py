"""Tests of refusals: each occurs in a scenario here, has a code and texts, and is in the tree in `refusal_tree.py`."""

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from inspect import getmembers, isclass
from uuid import UUID

import pytest

from domain import refusal_tree, refusals
from domain.application import commands
from domain.application.events import (
    DefectiveDocument,
    Disputed,
    DocumentsChecked,
    PinReset,
    RecordAmended,
    StageEntered,
)
from domain.application.evolve import Application, fold
from domain.application.incident_events import Linked
from domain.codes import Advice, Amendment, Channel, DisputeReason, LifeEvent, Quality, RejectionReason, Remedy
from domain.refusal_tree import all_refusals
from domain.refusals import Refusal, StatusForbids
from domain.satisfaction import Answers, Element, Score, answer
from tests.builders import (
    BLURRED,
    CHECKED,
    COMPLETE,
    EDITIONS,
    HANDED_OVER,
    INFORMATION,
    KTP,
    MAKASSAR,
    MONDAY,
    NEXT_MONDAY_AT_CLOSING,
    NUMBER,
    RECEIVED,
    REFERRED,
    REGISTRY,
    REVIEWED,
    SEMARANG,
    SIP,
    SUBMITTED,
    an_act,
    an_office,
    registry_of,
    stage_done,
    submitted,
)
from tests.domain.offices import closed_on
from tests.spec import When, given

SUBMIT = commands.SubmitApplication(service=KTP, number=NUMBER)
ANSWER = commands.AnswerReferral(referral=1, advice=Advice.UNKNOWN)
AMEND = commands.AmendRecord(amends=1, amendment=Amendment.TIME, corrected_at=MONDAY)
VERIFICATION = commands.EnterStage(stage="verification")
UNASKED = DefectiveDocument(requirement="diploma", defect=BLURRED.defect)
SECOND = timedelta(seconds=1)
REJECT = commands.Reject(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.OBJECTION)
BEFORE = replace(an_act(MONDAY - SECOND), at_quality=Quality.DEVICE)
DISPUTE = commands.Dispute(reason=DisputeReason.NOT_RECEIVED)
LINK = commands.Link(link=UUID(int=7), life_event=LifeEvent.BIRTH, others=(UUID(int=8),))
LINKED = Linked(link=LINK.link, life_event=LINK.life_event, others=LINK.others, supplied=("family-card",))
DEEM = commands.DeemApproved(now=NEXT_MONDAY_AT_CLOSING)
OF_SIP = (*submitted(SIP), *COMPLETE[1:])
CONTENT = Answers(**dict.fromkeys(Element, Score.GOOD))
WITH_ANOTHER = replace(
    REGISTRY, offices={**REGISTRY.offices, "pemda-3374-dpmptsp": an_office("pemda-3374-dpmptsp", "Asia/Jakarta")}
)
WITHOUT_CALENDAR = replace(REGISTRY, calendars={})
CROWDED = registry_of([*EDITIONS, *(closed_on(code=f"a-rather-long-name-of-some-closures-{n}") for n in range(6))])


@dataclass(frozen=True)
class Answering:
    """A survey's answers for an application, with the same interface as `When`."""

    application: Application
    given: bool

    def refused(self, refusal: type[Refusal]) -> Refusal:
        with pytest.raises(refusal) as caught:
            answer(self.application, CONTENT, given=self.given)
        return caught.value


SCENARIOS: dict[type[Refusal], When | Answering] = {
    refusals.ApplicationAlreadySubmitted: given(*SUBMITTED).when(SUBMIT),
    refusals.ApplicationUnknown: given().when(commands.Receive()),
    refusals.ApplicationEnded: given(*HANDED_OVER).when(commands.Approve()),
    refusals.StatusForbids: given(*SUBMITTED).when(commands.Approve()),
    refusals.ServiceUnknown: given().when(replace(SUBMIT, service="no-such-service")),
    refusals.ChannelNotOffered: given().when(SUBMIT, channel=Channel.POST),
    refusals.OfficeUnknown: given(*COMPLETE).when(commands.Transfer(to="no-such-office")),
    refusals.OfficeUnchanged: given(*COMPLETE).when(commands.Transfer(to=SEMARANG)),
    refusals.ServiceNotOfferedHere: given().when(replace(SUBMIT, service=INFORMATION), office=MAKASSAR),
    refusals.MallUnknown: given().when(replace(SUBMIT, mall="mpp-9999-01")),
    refusals.CounterNotInMall: given().when(replace(SUBMIT, counter="civil-registration")),
    refusals.TransferUnlisted: given(*COMPLETE, registry=WITH_ANOTHER).when(commands.Transfer(to="pemda-3374-dpmptsp")),
    refusals.RegionUnknown: given().when(replace(SUBMIT, regency="99.99")),
    refusals.RequirementUnknown: given(*RECEIVED).when(commands.ReturnForCorrection(documents=(UNASKED,))),
    refusals.DefectsMissing: given(*RECEIVED).when(commands.ReturnForCorrection(documents=())),
    refusals.DocumentsIncomplete: given(*RECEIVED, DocumentsChecked(complete=False)).when(commands.DeclareComplete()),
    refusals.DocumentsNotChecked: given(*RECEIVED).when(commands.DeclareComplete()),
    refusals.AlreadyComplete: given(*COMPLETE).when(commands.DeclareComplete()),
    refusals.CalendarEnds: given(*CHECKED, registry=WITHOUT_CALENDAR).when(commands.DeclareComplete()),
    refusals.StageUnknown: given(*COMPLETE).when(commands.EnterStage(stage="daydreaming")),
    refusals.StageOutOfOrder: given(*COMPLETE).when(commands.EnterStage(stage="assessment")),
    refusals.StageNotEntered: given(*COMPLETE).when(commands.CompleteStage(stage="verification")),
    refusals.StageAlreadyEntered: given(*COMPLETE, StageEntered(stage="verification")).when(VERIFICATION),
    refusals.StageAlreadyCompleted: given(*COMPLETE, *stage_done("verification")).when(VERIFICATION),
    refusals.TooManyCalendars: given(*CHECKED, registry=CROWDED).when(commands.DeclareComplete()),
    refusals.StagesOpen: given(*COMPLETE).when(commands.Approve()),
    refusals.ReferralOpen: given(*REFERRED, *REVIEWED[len(COMPLETE) :]).when(commands.Approve()),
    refusals.ReferralUnknown: given(*COMPLETE).when(ANSWER, office=MAKASSAR),
    refusals.NotTheReferredOffice: given(*REFERRED).when(ANSWER),
    refusals.GroundUnknown: given(*COMPLETE).when(commands.Suspend(ground="bad-weather")),
    refusals.PaymentUnknown: given(*COMPLETE).when(commands.ReceivePayment(payment=1, amount_idr=1)),
    refusals.ObstacleUnknown: given(*COMPLETE).when(commands.ClearObstacle(obstacle=1)),
    refusals.InspectionUnknown: given(*COMPLETE).when(commands.RecordInspection(inspection=1)),
    refusals.InspectionInThePast: given(*COMPLETE).when(commands.ScheduleInspection(on=date(2026, 3, 8))),
    refusals.NoPromise: given(*RECEIVED).when(commands.MovePromise()),
    refusals.PromiseUnmoved: given(*COMPLETE).when(commands.MovePromise()),
    refusals.ExtensionUnknown: given(*COMPLETE).when(commands.ExtendDeadline(extension="goodwill")),
    refusals.DeemedApprovalNotOffered: given(*OF_SIP).when(DEEM, at=NEXT_MONDAY_AT_CLOSING),
    refusals.NotYetDue: given(*COMPLETE).when(DEEM, at=NEXT_MONDAY_AT_CLOSING),
    refusals.NothingDisputed: given(*HANDED_OVER).when(commands.Reopen()),
    refusals.AlreadyDisputed: given(*HANDED_OVER, Disputed(reason=DISPUTE.reason)).when(DISPUTE),
    refusals.DisputeWindowOver: given(*HANDED_OVER).when(DISPUTE, at=MONDAY + timedelta(days=30) + SECOND),
    refusals.AlreadyLinked: given(*COMPLETE, LINKED).when(LINK),
    refusals.AskedInLinkedApplication: given(*RECEIVED, LINKED).when(
        commands.CheckDocuments(complete=False, missing=("family-card",))
    ),
    refusals.EventUnknown: given(*SUBMITTED).when(replace(AMEND, amends=2)),
    refusals.AlreadyAmended: given(*SUBMITTED, RecordAmended(amends=1, amendment=Amendment.TIME)).when(AMEND),
    refusals.AmendmentImpossible: given(*SUBMITTED).when(replace(AMEND, corrected_at=None)),
    refusals.TimeTooEarly: When(given(*COMPLETE), REJECT, BEFORE),
    refusals.TimeTooLate: given(*SUBMITTED).when(replace(AMEND, corrected_at=MONDAY + SECOND)),
    refusals.PinResetsExhausted: given(*SUBMITTED, *[PinReset()] * 255).when(commands.ResetPin()),
    refusals.NoOutcomeYet: Answering(fold(given(*SUBMITTED).history), given=False),
    refusals.SatisfactionAlreadyGiven: Answering(fold(given(*HANDED_OVER).history), given=True),
}

each_refusal = pytest.mark.parametrize("refusal", all_refusals(), ids=lambda refusal: refusal.code)


def test_there_is_a_sentence_for_every_refusal() -> None:
    assert set(SCENARIOS) == set(all_refusals())


@each_refusal
def test_every_refusal_is_met(refusal: type[Refusal]) -> None:
    SCENARIOS[refusal].refused(refusal)


@each_refusal
def test_a_refusal_says_what_is_wrong_and_what_can_be_done(refusal: type[Refusal]) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", refusal.code)
    assert refusal.code == re.sub(r"(?<!^)(?=[A-Z])", "-", refusal.__name__).lower()
    for words in (refusal.title, refusal.advice):
        assert words[0].isupper()
        assert not words.endswith(".")
    if refusal is not StatusForbids:
        assert str(refusal()) == f"{refusal.title}. {refusal.advice}"


def test_codes_are_unique_and_refusals_come_by_code() -> None:
    codes = [refusal.code for refusal in all_refusals()]
    assert codes == sorted(set(codes))


def test_a_forbidden_status_says_where_the_command_would_fit() -> None:
    refusal = SCENARIOS[StatusForbids].refused(StatusForbids)
    assert isinstance(refusal, StatusForbids)
    assert (refusal.status, refusal.possible_in) == ("submitted", ("processing",))
    both = StatusForbids("issued", ("received", "processing"))
    assert str(both) == "The application is issued; this can be done while it is received or processing."


def test_the_tree_names_exactly_the_classes_there_are() -> None:
    assert refusal_tree.__doc__
    drawn = re.findall(r"^( *)[*+] (\w+)", refusal_tree.__doc__, flags=re.MULTILINE)
    roots = [name for indent, name in drawn if not indent]
    leaves = [name for indent, name in drawn if indent]
    defined = {name for name, member in getmembers(refusals, isclass) if member.__module__ == refusals.__name__}
    assert roots == ["Refusal", "StaleVersion"]
    assert sorted(leaves) == sorted(refusal.__name__ for refusal in all_refusals())
    assert {*roots, *leaves} == defined
