"""Tests of the procedure, as a table written by hand: the effect of each command on an application in each status."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import pytest

from domain.application import commands
from domain.application.commands import Command
from domain.application.events import ApplicationEvent, Disputed, Recorded, Referred, StageEntered
from domain.application.evolve import evolve
from domain.application.status import ENDS, Status
from domain.application.written_topics import WRITTEN
from domain.codes import (
    Advice,
    Amendment,
    CancellationReason,
    ComplaintKind,
    DismissalReason,
    DisputeReason,
    LifeEvent,
    ObstacleCode,
    RejectionReason,
    Remedy,
    RevocationGround,
)
from domain.refusals import Refusal
from tests.builders import (
    BLURRED,
    CANCELLED,
    CHECKED,
    CONCLUDED,
    DEEMED,
    HANDED_OVER,
    INSPECTION,
    ISSUED,
    KTP,
    LAPSED,
    MAKASSAR,
    MONDAY,
    NEXT_MONDAY_AT_CLOSING,
    NUMBER,
    OFFICER,
    OUT_OF_STOCK,
    PAYMENT,
    PRODUCED,
    READY,
    REJECTED,
    RETURNED,
    REVIEWED,
    REVOKED,
    SEMARANG,
    SUBMITTED,
    SUSPENDED,
    WITHDRAWN,
)
from tests.spec import given

OPEN = (INSPECTION, PAYMENT, OUT_OF_STOCK)
ASKED, INTERVIEWED = Referred(referral=1, to=MAKASSAR), StageEntered(stage="interview")

EXAMPLES: Mapping[str, tuple[ApplicationEvent, ...]] = {
    "unknown": (),
    "submitted": SUBMITTED,
    "received": (*CHECKED, ASKED, *OPEN),
    "returned": (*RETURNED[:-1], ASKED, RETURNED[-1]),
    "processing": (*REVIEWED, INTERVIEWED, *OPEN),
    "suspended": (*SUSPENDED[:-1], ASKED, *OPEN, SUSPENDED[-1]),
    "approved": PRODUCED,
    "deemed_approved": DEEMED,
    "issued": ISSUED,
    "ready": READY,
    "handed_over": HANDED_OVER,
    "disputed": (*HANDED_OVER, Disputed(reason=DisputeReason.NOT_RECEIVED)),
}
ENDED = {
    Status.REJECTED: REJECTED,
    Status.WITHDRAWN: WITHDRAWN,
    Status.LAPSED: LAPSED,
    Status.CANCELLED: CANCELLED,
    Status.REVOKED: REVOKED,
    Status.CONCLUDED: CONCLUDED,
}

COMMANDS: Mapping[str, Command] = {
    "submit": commands.SubmitApplication(service=KTP, number=NUMBER),
    "receive": commands.Receive(),
    "check": commands.CheckDocuments(complete=True),
    "check+declare": commands.CheckDocuments(complete=True, declare_complete=True),
    "return": commands.ReturnForCorrection(documents=(BLURRED,)),
    "correct": commands.SupplyCorrection(),
    "declare": commands.DeclareComplete(),
    "survey": commands.EnterStage(stage="survey"),
    "interviewed": commands.CompleteStage(stage="interview"),
    "laminate": commands.EnterStage(stage="lamination"),
    "laminated": commands.CompleteStage(stage="lamination"),
    "refer": commands.Refer(to=MAKASSAR),
    "answer": commands.AnswerReferral(referral=1, advice=Advice.FAVOURABLE),
    "transfer": commands.Transfer(to=MAKASSAR),
    "reassign": commands.Reassign(officer=OFFICER),
    "suspend": commands.Suspend(ground="awaiting-payment"),
    "resume": commands.Resume(),
    "schedule": commands.ScheduleInspection(on=MONDAY.date()),
    "inspected": commands.RecordInspection(inspection=1),
    "ask-payment": commands.RequestPayment(amount_idr=50_000),
    "paid": commands.ReceivePayment(payment=1, amount_idr=50_000),
    "expire": commands.ExpirePayment(payment=1),
    "obstacle": commands.ReportObstacle(code=ObstacleCode.NETWORK),
    "cleared": commands.ClearObstacle(obstacle=1),
    "extend": commands.ExtendDeadline(extension="technical-study"),
    "move-promise": commands.MovePromise(),
    "approve": commands.Approve(),
    "deem-approved": commands.DeemApproved(now=NEXT_MONDAY_AT_CLOSING + timedelta(seconds=1)),
    "reject": commands.Reject(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.APPEAL),
    "issue": commands.Issue(),
    "ready": commands.MakeReady(),
    "hand-over": commands.HandOver(),
    "withdraw": commands.Withdraw(),
    "lapse": commands.Lapse(),
    "cancel": commands.Cancel(reason=CancellationReason.DUPLICATE),
    "revoke": commands.Revoke(ground=RevocationGround.COURT_ORDER),
    "dispute": commands.Dispute(reason=DisputeReason.NOT_RECEIVED),
    "dismiss": commands.DismissDispute(reason=DismissalReason.PRODUCT_IS_RIGHT),
    "reopen": commands.Reopen(redo=("printing",)),
    "link": commands.Link(link=UUID(int=7), life_event=LifeEvent.BIRTH, others=(UUID(int=8),)),
    "complain": commands.ReferComplaint(kind=ComplaintKind.COMPLAINT),
    "follow-up": commands.EnterStage(stage="follow-up"),
    "amend": commands.AmendRecord(amends=1, amendment=Amendment.TIME, corrected_at=MONDAY - timedelta(hours=1)),
    "reset-pin": commands.ResetPin(),
}

SIGNS = {
    "=": "the status stays",
    "-": "status-forbids",
    "#": "application-ended",
    "?": "application-unknown",
    "twice": "application-already-submitted",
    "complete!": "already-complete",
    "nobody": "referral-unknown",
    "not-in": "stage-not-entered",
    "out": "stage-out-of-order",
    "no-date": "no-promise",
    "paused": "not-yet-due",
    "stands": "promise-unmoved",
    "none": "inspection-unknown",
    "no-bill": "payment-unknown",
    "no-such": "obstacle-unknown",
    "silent": "nothing-disputed",
    "open!": "already-disputed",
}

TABLE = """
              unknown   submitted received   returned  processing      suspended  approved  deemed_approved issued      ready       handed_over disputed ended
submit        submitted twice     twice      twice     twice           twice      twice     twice           twice       twice       twice       twice    twice
receive       ?         received  -          -         -               -          -         -               -           -           #           #        #
check         ?         -         =          -         =               -          -         -               -           -           #           #        #
check+declare ?         -         processing -         complete!       -          -         -               -           -           #           #        #
return        ?         -         returned   -         returned        -          -         -               -           -           #           #        #
correct       ?         -         -          received  -               -          -         -               -           -           #           #        #
declare       ?         -         processing -         complete!       complete!  complete! complete!       complete!   complete!   #           #        #
survey        ?         -         -          -         =               -          -         -               -           -           #           #        #
interviewed   ?         -         -          -         =               -          -         -               -           -           #           #        #
laminate      ?         -         -          -         -               -          =         out             =           -           #           #        #
laminated     ?         -         -          -         -               -          not-in    out             not-in      -           #           #        #
refer         ?         -         =          -         =               -          -         -               -           -           #           #        #
answer        ?         nobody    =          =         nobody          =          nobody    nobody          nobody      nobody      #           #        #
transfer      ?         =         =          =         =               =          =         =               -           -           #           #        #
reassign      ?         =         =          =         =               =          =         =               =           =           #           #        #
suspend       ?         -         suspended  -         suspended       -          -         -               -           -           #           #        #
resume        ?         -         -          -         -               processing -         -               -           -           #           #        #
schedule      ?         -         =          -         =               -          -         -               -           -           #           #        #
inspected     ?         none      =          none      =               =          -         -               -           -           #           #        #
ask-payment   ?         -         =          -         =               -          =         =               -           -           #           #        #
paid          ?         no-bill   =          no-bill   =               =          no-bill   no-bill         no-bill     no-bill     #           #        #
expire        ?         no-bill   =          no-bill   =               =          no-bill   no-bill         no-bill     no-bill     #           #        #
obstacle      ?         =         =          =         =               =          =         =               =           -           #           #        #
cleared       ?         no-such   =          no-such   =               =          no-such   no-such         no-such     no-such     #           #        #
extend        ?         no-date   no-date    no-date   =               =          -         -               -           -           #           #        #
move-promise  ?         no-date   no-date    no-date   stands          stands     -         -               -           -           #           #        #
approve       ?         -         -          -         approved        -          -         =               -           -           #           #        #
reject        ?         -         rejected   -         rejected        -          -         =               -           -           #           #        #
deem-approved ?         no-date   no-date    no-date   deemed_approved paused     -         -               -           -           #           #        #
issue         ?         -         -          -         -               -          issued    issued          -           -           #           #        #
ready         ?         -         -          -         -               -          -         -               ready       -           #           #        #
hand-over     ?         -         -          -         -               -          -         -               handed_over handed_over #           #        #
withdraw      ?         withdrawn withdrawn  withdrawn withdrawn       withdrawn  -         -               -           -           #           #        #
lapse         ?         -         -          lapsed    -               -          -         -               -           lapsed      #           #        #
cancel        ?         cancelled cancelled  cancelled cancelled       cancelled  cancelled cancelled       -           -           #           #        #
revoke        ?         -         -          -         -               -          -         revoked         revoked     revoked     revoked     revoked  #
dispute       ?         -         -          -         -               -          -         -               -           =           =           open!    #
dismiss       ?         silent    silent     silent    silent          silent     silent    silent          silent      silent      silent      =        silent
reopen        ?         silent    silent     silent    silent          silent     silent    silent          silent      silent      silent      approved silent
link          ?         =         =          =         =               =          =         =               =           =           #           #        #
complain      ?         =         =          =         =               =          =         =               =           =           =           =        =
follow-up     ?         -         -          -         -               -          -         -               -           -           =           =        #
amend         ?         =         =          =         =               =          =         =               =           =           =           =        =
reset-pin     ?         =         =          =         =               =          =         =               =           =           =           =        =
"""  # noqa: E501

HEAD, *LINES = (line.split() for line in TABLE.strip().splitlines())
EXPECTED = {(command, status): cell for command, *cells in LINES for status, cell in zip(HEAD, cells, strict=True)}


def outcome(history: tuple[ApplicationEvent, ...], command: Command) -> str:
    """Return the table's sign for the result of `decide` and `evolve`."""
    before = given(*history).application
    office = MAKASSAR if isinstance(command, commands.AnswerReferral) else before.office or SEMARANG
    at = NEXT_MONDAY_AT_CLOSING if isinstance(command, commands.DeemApproved) else MONDAY
    asked = given(*history).when(command, at=at, office=office)
    try:
        events = asked.decided()
    except Refusal as refusal:
        return next(sign for sign, code in SIGNS.items() if code == refusal.code)
    after = before
    for event in events:
        after = evolve(after, Recorded(version=after.version + 1, act=asked.act, event=event))
    return "=" if after.status == before.status else str(after.status)


@pytest.mark.parametrize("status", EXAMPLES)
@pytest.mark.parametrize("command", COMMANDS)
def test_the_procedure_is_as_in_the_table(command: str, status: str) -> None:
    assert outcome(EXAMPLES[status], COMMANDS[command]) == EXPECTED[command, status]


@pytest.mark.parametrize("end", ENDED)
@pytest.mark.parametrize("command", COMMANDS)
def test_no_end_is_different_from_another(command: str, end: Status) -> None:
    assert outcome(ENDED[end], COMMANDS[command]) == EXPECTED[command, "ended"]


def test_the_table_is_whole() -> None:
    assert {command for command, _ in EXPECTED} == set(COMMANDS)
    assert {status for _, status in EXPECTED} == {*EXAMPLES, "ended"}
    assert {type(command) for command in COMMANDS.values()} == set(WRITTEN)
    assert {*ENDED, Status.HANDED_OVER, Status.IMPORT_UNDONE} == ENDS


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.IMPORT_UNDONE])
def test_there_is_an_example_of_every_status(status: Status) -> None:
    history = ENDED[status] if status in ENDED else EXAMPLES[status]
    assert given(*history).application.status == status
