"""This table lists the event types (topics) that each command may write.

A client may send an idempotency key twice. The event types then show whether the client repeated the command or sent
another command.
"""

from collections.abc import Mapping

from domain import provenance
from domain.application import commands, events, incident_events, promise_events
from domain.application.commands import Command

WRITTEN: Mapping[type[Command], tuple[type[provenance.Event], ...]] = {
    commands.SubmitApplication: (events.Submitted,),
    commands.Receive: (events.Received,),
    commands.CheckDocuments: (events.DocumentsChecked, events.DeclaredComplete),
    commands.ReturnForCorrection: (events.ReturnedForCorrection,),
    commands.SupplyCorrection: (events.CorrectionSupplied,),
    commands.DeclareComplete: (events.DeclaredComplete,),
    commands.EnterStage: (events.StageEntered,),
    commands.CompleteStage: (events.StageCompleted,),
    commands.Refer: (events.Referred,),
    commands.AnswerReferral: (events.ReferralAnswered,),
    commands.Transfer: (events.Transferred,),
    commands.Reassign: (events.Reassigned,),
    commands.Suspend: (events.Suspended,),
    commands.Resume: (events.Resumed,),
    commands.ScheduleInspection: (incident_events.InspectionScheduled,),
    commands.RecordInspection: (incident_events.InspectionDone,),
    commands.RequestPayment: (incident_events.PaymentRequested,),
    commands.ReceivePayment: (incident_events.PaymentReceived,),
    commands.ExpirePayment: (incident_events.PaymentExpired,),
    commands.ReportObstacle: (incident_events.ObstacleReported,),
    commands.ClearObstacle: (incident_events.ObstacleCleared,),
    commands.ExtendDeadline: (promise_events.DeadlineExtended,),
    commands.MovePromise: (promise_events.PromiseMoved,),
    commands.Approve: (events.Approved, events.DecisionReportedLate),
    commands.Reject: (events.Rejected, events.DecisionReportedLate),
    commands.DeemApproved: (events.DeemedApproved,),
    commands.Issue: (events.Issued,),
    commands.MakeReady: (events.MadeReady,),
    commands.HandOver: (events.HandedOver,),
    commands.Withdraw: (events.Withdrawn,),
    commands.Lapse: (events.Lapsed,),
    commands.Cancel: (events.Cancelled,),
    commands.Revoke: (events.Revoked,),
    commands.Dispute: (events.Disputed,),
    commands.DismissDispute: (events.DisputeDismissed,),
    commands.Reopen: (events.Reopened,),
    commands.Link: (incident_events.Linked,),
    commands.ReferComplaint: (incident_events.ComplaintReferred,),
    commands.AmendRecord: (events.RecordAmended,),
    commands.ResetPin: (events.PinReset,),
}

TOPICS_OF: Mapping[type[Command], frozenset[str]] = {
    command: frozenset(event.topic for event in written) for command, written in WRITTEN.items()
}
