"""The commands as the API offers them: name, body, and how a body becomes a command and what of it is sealed."""

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
    """`name` is the operation and the last part of the path. `sealed` names the body's fields that are personal."""

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
"""Of a time that is sent: at the ends of all time no other zone can show it."""


def in_years(when: date, pointer: str) -> None:
    """Raises ImpossibleValue."""
    if when.year not in YEARS:
        detail = f"A time from {YEARS.start} to {YEARS.stop - 1}."
        raise ImpossibleValue(pointer, detail)


EMPTY, NOTE = bodies.EmptyBody, ("note",)

COMMANDS = (
    CommandOperation("receive", EMPTY, lambda _: commands.Receive(), "The office takes the file in"),
    CommandOperation("check-documents", bodies.CheckDocumentsBody, _check_documents, "The documents are checked"),
    CommandOperation(
        "return-for-correction",
        bodies.ReturnForCorrectionBody,
        _return_for_correction,
        "The file goes back to the applicant, with all defects at once",
        NOTE,
    ),
    CommandOperation(
        "supply-correction", EMPTY, lambda _: commands.SupplyCorrection(), "The applicant mended the file"
    ),
    CommandOperation(
        "declare-complete", EMPTY, lambda _: commands.DeclareComplete(), "The file is complete: the promise starts"
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
        "The office that was asked answers",
        NOTE,
    ),
    CommandOperation(
        "transfer", bodies.TransferBody, lambda b: commands.Transfer(to=b.to), "Another office takes the file over"
    ),
    CommandOperation(
        "reassign",
        bodies.ReassignBody,
        lambda b: commands.Reassign(officer=b.officer),
        "Another officer takes the file over",
    ),
    CommandOperation(
        "suspend", bodies.SuspendBody, lambda b: commands.Suspend(ground=b.ground), "Held, on a ground listed", NOTE
    ),
    CommandOperation("resume", EMPTY, lambda _: commands.Resume(), "The hold ends"),
    CommandOperation(
        "schedule-inspection", bodies.ScheduleInspectionBody, _schedule_inspection, "A field inspection has its day"
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
        "The payment is in",
        ("receipt_number",),
    ),
    CommandOperation(
        "expire-payment",
        bodies.ExpirePaymentBody,
        lambda b: commands.ExpirePayment(payment=b.payment),
        "The request of payment is over",
    ),
    CommandOperation(
        "report-obstacle",
        bodies.ReportObstacleBody,
        lambda b: commands.ReportObstacle(code=b.code),
        "Something holds the file up: the clocks run on",
        NOTE,
    ),
    CommandOperation(
        "clear-obstacle",
        bodies.ClearObstacleBody,
        lambda b: commands.ClearObstacle(obstacle=b.obstacle),
        "An obstacle is gone",
    ),
    CommandOperation(
        "extend-deadline",
        bodies.ExtendDeadlineBody,
        lambda b: commands.ExtendDeadline(extension=b.extension),
        "The deadline is extended, on a basis that the standard lists",
        NOTE,
    ),
    CommandOperation("approve", EMPTY, lambda _: commands.Approve(), "The application is granted"),
    CommandOperation(
        "reject",
        bodies.RejectBody,
        lambda b: commands.Reject(reason=b.reason, remedy=b.remedy),
        "The application is rejected, with reason and remedy",
        NOTE,
    ),
    CommandOperation(
        "issue", bodies.IssueBody, lambda _: commands.Issue(), "The product is issued", ("document_number",)
    ),
    CommandOperation("make-ready", EMPTY, lambda _: commands.MakeReady(), "The product can be collected"),
    CommandOperation(
        "hand-over",
        bodies.HandOverBody,
        lambda b: commands.HandOver(receiver=b.receiver),
        "The product is handed over; the citizen clock stops",
    ),
    CommandOperation("withdraw", EMPTY, lambda _: commands.Withdraw(), "The applicant withdraws"),
    CommandOperation("lapse", EMPTY, lambda _: commands.Lapse(), "The applicant stayed silent"),
    CommandOperation(
        "cancel", bodies.CancelBody, lambda b: commands.Cancel(reason=b.reason), "The office cancels, with reason", NOTE
    ),
    CommandOperation(
        "revoke", bodies.RevokeBody, lambda b: commands.Revoke(ground=b.ground), "What was granted is withdrawn", NOTE
    ),
    CommandOperation(
        "dispute",
        bodies.DisputeBody,
        lambda b: commands.Dispute(reason=b.reason),
        "The citizen says that what is called done is not",
        NOTE,
    ),
    CommandOperation(
        "dismiss-dispute",
        bodies.DismissDisputeBody,
        lambda b: commands.DismissDispute(reason=b.reason),
        "The office holds that it is done",
        NOTE,
    ),
    CommandOperation(
        "reopen",
        bodies.ReopenBody,
        lambda b: commands.Reopen(redo=tuple(b.redo)),
        "The dispute was right: the product is made again",
    ),
    CommandOperation(
        "refer-complaint",
        bodies.ReferComplaintBody,
        lambda b: commands.ReferComplaint(kind=b.kind),
        "A complaint goes to SP4N-LAPOR",
        ("complaint_number",),
    ),
    CommandOperation("amend-record", bodies.AmendRecordBody, _amend_record, "The office mends its record", NOTE),
    CommandOperation(
        "reset-pin",
        EMPTY,
        lambda _: commands.ResetPin(),
        "The receipt's PIN and QR change",
    ),
)
