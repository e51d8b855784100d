"""The procedure as a table, written by hand: what each command does to an application of each status."""

from collections.abc import Mapping

import pytest

from domain.application import ENDS, Status, evolve
from domain.codes import Advice, Amendment, CancellationReason, RejectionReason, Remedy
from domain.commands import (
    AmendRecord,
    AnswerReferral,
    Approve,
    Cancel,
    CheckDocuments,
    Command,
    CompleteStage,
    DeclareComplete,
    EnterStage,
    HandOver,
    Issue,
    Lapse,
    MakeReady,
    Reassign,
    Receive,
    Refer,
    Reject,
    ResetPin,
    Resume,
    ReturnForCorrection,
    SubmitApplication,
    SupplyCorrection,
    Suspend,
    Transfer,
    Withdraw,
)
from domain.errors import Refusal
from domain.events import ApplicationEvent, Recorded, Referred, StageEntered
from domain.writes import WRITTEN
from tests.builders import (
    BLURRED,
    CANCELLED,
    CHECKED,
    CONCLUDED,
    HANDED_OVER,
    ISSUED,
    KTP,
    LAPSED,
    MAKASSAR,
    NUMBER,
    OFFICER,
    PRODUCED,
    READY,
    REJECTED,
    RETURNED,
    REVIEWED,
    SEMARANG,
    SUBMITTED,
    SUSPENDED,
    TUESDAY,
    WITHDRAWN,
)
from tests.spec import given

ASKED, INTERVIEWED = Referred(referral=1, to=MAKASSAR), StageEntered(stage="interview")

EXAMPLES: Mapping[str, tuple[ApplicationEvent, ...]] = {
    "unknown": (),
    "submitted": SUBMITTED,
    "received": (*CHECKED, ASKED),
    "returned": (*RETURNED[:-1], ASKED, RETURNED[-1]),
    "processing": (*REVIEWED, INTERVIEWED),
    "suspended": (*SUSPENDED[:-1], ASKED, SUSPENDED[-1]),
    "approved": PRODUCED,
    "issued": ISSUED,
    "ready": READY,
}
ENDED = {
    Status.HANDED_OVER: HANDED_OVER,
    Status.REJECTED: REJECTED,
    Status.WITHDRAWN: WITHDRAWN,
    Status.LAPSED: LAPSED,
    Status.CANCELLED: CANCELLED,
    Status.CONCLUDED: CONCLUDED,
}

COMMANDS: Mapping[str, Command] = {
    "submit": SubmitApplication(service=KTP, number=NUMBER),
    "receive": Receive(),
    "check": CheckDocuments(complete=True),
    "check+declare": CheckDocuments(complete=True, declare_complete=True),
    "return": ReturnForCorrection(documents=(BLURRED,)),
    "correct": SupplyCorrection(),
    "declare": DeclareComplete(),
    "survey": EnterStage(stage="survey"),
    "interviewed": CompleteStage(stage="interview"),
    "laminate": EnterStage(stage="lamination"),
    "laminated": CompleteStage(stage="lamination"),
    "refer": Refer(to=MAKASSAR),
    "answer": AnswerReferral(referral=1, advice=Advice.FAVOURABLE),
    "transfer": Transfer(to=MAKASSAR),
    "reassign": Reassign(officer=OFFICER),
    "suspend": Suspend(ground="awaiting-payment"),
    "resume": Resume(),
    "approve": Approve(),
    "reject": Reject(reason=RejectionReason.NOT_ELIGIBLE, remedy=Remedy.APPEAL),
    "issue": Issue(),
    "ready": MakeReady(),
    "hand-over": HandOver(),
    "withdraw": Withdraw(),
    "lapse": Lapse(),
    "cancel": Cancel(reason=CancellationReason.DUPLICATE),
    "amend": AmendRecord(amends=1, amendment=Amendment.TIME, corrected_at=TUESDAY),
    "reset-pin": ResetPin(),
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
}

TABLE = """
               unknown    submitted  received   returned   processing suspended  approved   issued     ready      ended
submit         submitted  twice      twice      twice      twice      twice      twice      twice      twice      twice
receive        ?          received   -          -          -          -          -          -          -          #
check          ?          -          =          -          =          -          -          -          -          #
check+declare  ?          -          processing -          complete!  -          -          -          -          #
return         ?          -          returned   -          returned   -          -          -          -          #
correct        ?          -          -          received   -          -          -          -          -          #
declare        ?          -          processing -          complete!  complete!  complete!  complete!  complete!  #
survey         ?          -          -          -          =          -          -          -          -          #
interviewed    ?          -          -          -          =          -          -          -          -          #
laminate       ?          -          -          -          -          -          =          =          -          #
laminated      ?          -          -          -          -          -          not-in     not-in     -          #
refer          ?          -          =          -          =          -          -          -          -          #
answer         ?          nobody     =          =          nobody     =          nobody     nobody     nobody     #
transfer       ?          =          =          =          =          =          =          -          -          #
reassign       ?          =          =          =          =          =          =          =          =          #
suspend        ?          -          suspended  -          suspended  -          -          -          -          #
resume         ?          -          -          -          -          processing -          -          -          #
approve        ?          -          -          -          approved   -          -          -          -          #
reject         ?          -          rejected   -          rejected   -          -          -          -          #
issue          ?          -          -          -          -          -          issued     -          -          #
ready          ?          -          -          -          -          -          -          ready      -          #
hand-over      ?          -          -          -          -          -          -          handed_over handed_over #
withdraw       ?          withdrawn  withdrawn  withdrawn  withdrawn  withdrawn  -          -          -          #
lapse          ?          -          -          lapsed     -          -          -          -          lapsed     #
cancel         ?          cancelled  cancelled  cancelled  cancelled  cancelled  cancelled  -          -          #
amend          ?          =          =          =          =          =          =          =          =          =
reset-pin      ?          =          =          =          =          =          =          =          =          =
"""

HEAD, *LINES = (line.split() for line in TABLE.strip().splitlines())
EXPECTED = {(command, status): cell for command, *cells in LINES for status, cell in zip(HEAD, cells, strict=True)}


def outcome(history: tuple[ApplicationEvent, ...], command: Command) -> str:
    """The sign of the table for what decide and evolve make of it."""
    before = given(*history).application
    office = MAKASSAR if isinstance(command, AnswerReferral) else before.office or SEMARANG
    asked = given(*history).when(command, office=office)
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
    assert set(ENDED) == ENDS


@pytest.mark.parametrize("status", Status)
def test_there_is_an_example_of_every_status(status: Status) -> None:
    history = ENDED[status] if status in ENDED else EXAMPLES[status]
    assert given(*history).application.status == status
