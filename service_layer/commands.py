"""The commands that clients may send: each command has a name, a body type, a function that makes the command, and
sealed fields.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.application import commands
from domain.application.commands import Command
from domain.application.events import DefectiveDocument
from service_layer import bodies
from service_layer.faults import ImpossibleValue


@dataclass(frozen=True, slots=True)
class CommandOperation:
    """A command that clients may send.

    `name` is the name of the operation, and also the last part of the URL path. `sealed` names the personal fields of
    the body.
    """

    name: str
    body: type[bodies.CommandBody]
    command: Callable[[Any], Command]
    summary: str
    sealed: tuple[str, ...] = ()


def _check_documents(body: bodies.CheckDocumentsBody) -> Command:
    return commands.CheckDocuments(
        complete=body.complete, missing=tuple(body.missing), declare_complete=body.declare_complete
    )


def _return_for_correction(body: bodies.ReturnForCorrectionBody) -> Command:
    documents = (DefectiveDocument(requirement=d.requirement, defect=d.defect) for d in body.documents)
    return commands.ReturnForCorrection(documents=tuple(documents))


def _request_payment(body: bodies.RequestPaymentBody) -> Command:
    if body.expires_at is not None:
        in_years(body.expires_at, "/expires_at")
    return commands.RequestPayment(amount_idr=body.amount_idr, expires_at=body.expires_at)


def _schedule_inspection(body: bodies.ScheduleInspectionBody) -> Command:
    in_years(body.on, "/on")
    return commands.ScheduleInspection(on=body.on)


def _amend_record(body: bodies.AmendRecordBody) -> Command:
    if body.corrected_at is not None:
        in_years(body.corrected_at, "/corrected_at")
    return commands.AmendRecord(amends=body.amends, amendment=body.amendment, corrected_at=body.corrected_at)


YEARS = range(1900, 2200)
"""The year of a time in a body must be one of these years. Near the limits of `datetime`, a conversion to another time
zone would fail.
"""


def in_years(when: date, pointer: str) -> None:
    """Checks the year of a time in a request body. The year must be one of YEARS. Raises ImpossibleValue."""
    if when.year not in YEARS:
        detail = f"Send a time between the years {YEARS.start} and {YEARS.stop - 1}."
        raise ImpossibleValue(pointer, detail)


EMPTY, NOTE = bodies.EmptyBody, ("note",)

COMMANDS = (
    CommandOperation("receive", EMPTY, lambda _: commands.Receive(), "The office receives the file"),
    CommandOperation("check-documents", bodies.CheckDocumentsBody, _check_documents, "The documents are checked"),
    CommandOperation(
        "return-for-correction",
        bodies.ReturnForCorrectionBody,
        _return_for_correction,
        "The file goes back to the applicant with a list of all defects",
        NOTE,
    ),
    CommandOperation(
        "supply-correction", EMPTY, lambda _: commands.SupplyCorrection(), "The applicant corrected the file"
    ),
    CommandOperation(
        "declare-complete",
        EMPTY,
        lambda _: commands.DeclareComplete(),
        "The file is complete, and the promised time starts",
    ),
    CommandOperation("enter-stage", bodies.StageBody, lambda b: commands.EnterStage(stage=b.stage), "A stage begins"),
    CommandOperation(
        "complete-stage", bodies.StageBody, lambda b: commands.CompleteStage(stage=b.stage), "A stage is done"
    ),
    CommandOperation(
        "refer", bodies.ReferBody, lambda b: commands.Refer(to=b.to), "Another office is asked for advice", NOTE
    ),
    CommandOperation(
        "answer-referral",
        bodies.AnswerReferralBody,
        lambda b: commands.AnswerReferral(referral=b.referral, advice=b.advice),
        "The office that was asked for advice answers",
        NOTE,
    ),
    CommandOperation(
        "transfer",
        bodies.TransferBody,
        lambda b: commands.Transfer(to=b.to, reason=b.reason),
        "Another office takes the file over",
    ),
    CommandOperation(
        "reassign",
        bodies.ReassignBody,
        lambda b: commands.Reassign(officer=b.officer),
        "Another officer takes the file over",
    ),
    CommandOperation(
        "suspend",
        bodies.SuspendBody,
        lambda b: commands.Suspend(ground=b.ground),
        "The file is suspended on a listed ground",
        NOTE,
    ),
    CommandOperation("resume", EMPTY, lambda _: commands.Resume(), "The suspension ends"),
    CommandOperation(
        "schedule-inspection", bodies.ScheduleInspectionBody, _schedule_inspection, "A field inspection is scheduled"
    ),
    CommandOperation(
        "record-inspection",
        bodies.RecordInspectionBody,
        lambda b: commands.RecordInspection(inspection=b.inspection),
        "The field inspection is done",
    ),
    CommandOperation(
        "request-payment",
        bodies.RequestPaymentBody,
        _request_payment,
        "The applicant is asked to pay",
        ("payment_number",),
    ),
    CommandOperation(
        "receive-payment",
        bodies.ReceivePaymentBody,
        lambda b: commands.ReceivePayment(payment=b.payment, amount_idr=b.amount_idr),
        "The payment is received",
        ("receipt_number",),
    ),
    CommandOperation(
        "expire-payment",
        bodies.ExpirePaymentBody,
        lambda b: commands.ExpirePayment(payment=b.payment),
        "The payment request expires",
    ),
    CommandOperation(
        "report-obstacle",
        bodies.ReportObstacleBody,
        lambda b: commands.ReportObstacle(code=b.code),
        "An obstacle delays the file; the clocks keep running",
        NOTE,
    ),
    CommandOperation(
        "clear-obstacle",
        bodies.ClearObstacleBody,
        lambda b: commands.ClearObstacle(obstacle=b.obstacle),
        "An obstacle is removed",
    ),
    CommandOperation(
        "extend-deadline",
        bodies.ExtendDeadlineBody,
        lambda b: commands.ExtendDeadline(extension=b.extension),
        "The deadline is extended by an extension that the standard lists",
        NOTE,
    ),
    CommandOperation("approve", EMPTY, lambda _: commands.Approve(), "The application is granted"),
    CommandOperation(
        "reject",
        bodies.RejectBody,
        lambda b: commands.Reject(reason=b.reason, remedy=b.remedy),
        "The application is rejected with a reason and a remedy",
        NOTE,
    ),
    CommandOperation(
        "issue", bodies.IssueBody, lambda _: commands.Issue(), "The product is issued", ("document_number",)
    ),
    CommandOperation("make-ready", EMPTY, lambda _: commands.MakeReady(), "The product can be collected"),
    CommandOperation(
        "hand-over",
        bodies.HandOverBody,
        lambda b: commands.HandOver(receiver=b.receiver, mall=b.mall, counter=b.counter),
        "The product is handed over; the citizen clock stops",
    ),
    CommandOperation("withdraw", EMPTY, lambda _: commands.Withdraw(), "The applicant withdraws the application"),
    CommandOperation(
        "lapse", EMPTY, lambda _: commands.Lapse(), "The application lapses because the applicant did not respond"
    ),
    CommandOperation(
        "cancel",
        bodies.CancelBody,
        lambda b: commands.Cancel(reason=b.reason),
        "The office cancels the application with a reason",
        NOTE,
    ),
    CommandOperation(
        "revoke", bodies.RevokeBody, lambda b: commands.Revoke(ground=b.ground), "The grant is withdrawn", NOTE
    ),
    CommandOperation(
        "dispute",
        bodies.DisputeBody,
        lambda b: commands.Dispute(reason=b.reason),
        "The citizen disputes that the application is done",
        NOTE,
    ),
    CommandOperation(
        "dismiss-dispute",
        bodies.DismissDisputeBody,
        lambda b: commands.DismissDispute(reason=b.reason),
        "The office dismisses the dispute",
        NOTE,
    ),
    CommandOperation(
        "reopen",
        bodies.ReopenBody,
        lambda b: commands.Reopen(redo=tuple(b.redo)),
        "The office accepts the dispute, and the product is made again",
    ),
    CommandOperation(
        "refer-complaint",
        bodies.ReferComplaintBody,
        lambda b: commands.ReferComplaint(kind=b.kind),
        "A complaint goes to SP4N-LAPOR",
        ("complaint_number",),
    ),
    CommandOperation("amend-record", bodies.AmendRecordBody, _amend_record, "The office corrects its record", NOTE),
    CommandOperation(
        "reset-pin",
        EMPTY,
        lambda _: commands.ResetPin(),
        "The receipt's PIN and QR change",
    ),
)
