"""Imported history: this module turns every record of a source into an event. The module accepts every record.

    admit : SourceRecord, Application, Registry -> Event

A record may report an act that the procedure forbids. Jejak stores the event in spite of this. In this case, a command
for the same act would be refused. The event's field `deviates` holds the code of this refusal.
"""

from dataclasses import dataclass, replace
from typing import assert_never

from domain import refusals
from domain.application import commands, events, import_events, imported_events, incident_events, promise_events
from domain.application.decide import decide
from domain.application.events import ApplicationEvent
from domain.application.evolve import Application
from domain.codes import Channel
from domain.provenance import Act
from domain.registry.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """One record of a source: an event and its act.

    In the act, the field `by` has the value `import`, and the field `at_quality` has the value `source` or `day`.
    """

    act: Act
    event: ApplicationEvent


def admit(record: SourceRecord, application: Application, registry: Registry) -> ApplicationEvent:
    """Return the record's event.

    If the procedure would refuse the corresponding command, the event's field `deviates` holds the code of the refusal.
    """
    event = _numbered(record.event, application)
    try:
        _judge(replace(record, event=event), application, registry)
    except refusals.Refusal as refusal:
        return replace(event, deviates=refusal.code)
    return event


def _numbered(event: ApplicationEvent, application: Application) -> ApplicationEvent:
    """Fill in the numbers that a source leaves out. In an event, the number 0 means that the source gives no number.

    An event that opens a numbered thing (for example a referral or a payment) gets the next free number. An event that
    closes a numbered thing gets the number of the oldest open thing of the same kind. If nothing of this kind is open,
    the event gets the number 0.
    """
    counted = application.counted
    match event:
        case events.Referred(referral=0):
            return replace(event, referral=counted.referrals + 1)
        case events.ReferralAnswered(referral=0):
            return replace(event, referral=min(application.referrals, default=0))
        case incident_events.InspectionScheduled(inspection=0):
            return replace(event, inspection=counted.inspections + 1)
        case incident_events.InspectionDone(inspection=0):
            return replace(event, inspection=min(application.inspections, default=0))
        case incident_events.PaymentRequested(payment=0):
            return replace(event, payment=counted.payments + 1)
        case incident_events.PaymentReceived(payment=0) | incident_events.PaymentExpired(payment=0):
            return replace(event, payment=min(application.payments, default=0))
        case incident_events.ObstacleReported(obstacle=0):
            return replace(event, obstacle=counted.obstacles + 1)
        case incident_events.ObstacleCleared(obstacle=0):
            return replace(event, obstacle=min(application.obstacles, default=0))
        case incident_events.ComplaintReferred(complaint=0):
            return replace(event, complaint=counted.complaints + 1)
        case _:
            return event


def _judge(record: SourceRecord, application: Application, registry: Registry) -> None:
    command = _command_of(record.event)
    if command is None:  # no command leads to this event, so the event deviates only if the application had ended
        if application.ended:
            raise refusals.ApplicationEnded
        return
    act = record.act
    if isinstance(command, commands.SubmitApplication):
        act = replace(act, channel=_offered(command.service, act, registry))
    decide(command, application, act, registry)


def _offered(service: str, act: Act, registry: Registry) -> Channel:
    """Return a channel that the standard offers. If there is no standard, return the channel of the act. A source may
    report a submission by a channel that the standard does not offer. With the returned channel, such a submission is
    not a deviation.
    """
    if act.office not in registry.offices:
        return act.channel
    standard = registry.standard_in_force(service, registry.local_day(act.at, act.office), act.office)
    return standard.channels[0] if standard and standard.channels else act.channel


def _command_of(event: ApplicationEvent) -> commands.Command | None:
    match event:
        case events.Submitted():
            return commands.SubmitApplication(
                service=event.service,
                number=event.number,
                district=event.district,
                regency=event.regency,
                mall=event.mall,
                counter=event.counter,
            )
        case events.Received():
            return commands.Receive()
        case events.DocumentsChecked():
            return commands.CheckDocuments(complete=event.complete, missing=event.missing)
        case events.ReturnedForCorrection():
            return commands.ReturnForCorrection(documents=event.documents)
        case events.CorrectionSupplied():
            return commands.SupplyCorrection()
        case events.DeclaredComplete():
            return commands.DeclareComplete()
        case events.StageEntered():
            return commands.EnterStage(stage=event.stage)
        case events.StageCompleted():
            return commands.CompleteStage(stage=event.stage)
        case events.Referred():
            return commands.Refer(to=event.to)
        case events.ReferralAnswered():
            return commands.AnswerReferral(referral=event.referral, advice=event.advice)
        case events.Transferred():
            return commands.Transfer(to=event.to, reason=event.reason)
        case events.Reassigned():
            return commands.Reassign(officer=event.officer)
        case events.Suspended():
            return commands.Suspend(ground=event.ground)
        case events.Resumed():
            return commands.Resume()
        case incident_events.InspectionScheduled():
            return commands.ScheduleInspection(on=event.on)
        case incident_events.InspectionDone():
            return commands.RecordInspection(inspection=event.inspection)
        case incident_events.PaymentRequested():
            return commands.RequestPayment(amount_idr=event.amount_idr, expires_at=event.expires_at)
        case incident_events.PaymentReceived():
            return commands.ReceivePayment(payment=event.payment, amount_idr=event.amount_idr)
        case incident_events.PaymentExpired():
            return commands.ExpirePayment(payment=event.payment)
        case incident_events.ObstacleReported():
            return commands.ReportObstacle(code=event.code)
        case incident_events.ObstacleCleared():
            return commands.ClearObstacle(obstacle=event.obstacle)
        case promise_events.DeadlineExtended():
            return commands.ExtendDeadline(extension=event.extension)
        case events.Approved():
            return commands.Approve()
        case events.Rejected():
            return commands.Reject(reason=event.reason, remedy=event.remedy)
        case events.Issued():
            return commands.Issue()
        case events.MadeReady():
            return commands.MakeReady()
        case events.HandedOver():
            return commands.HandOver(receiver=event.receiver, mall=event.mall, counter=event.counter)
        case events.Withdrawn():
            return commands.Withdraw()
        case events.Lapsed():
            return commands.Lapse()
        case events.Cancelled():
            return commands.Cancel(reason=event.reason)
        case events.Revoked():
            return commands.Revoke(ground=event.ground)
        case events.Disputed():
            return commands.Dispute(reason=event.reason)
        case events.DisputeDismissed():
            return commands.DismissDispute(reason=event.reason)
        case events.Reopened():
            return commands.Reopen(redo=event.redo)
        case incident_events.Linked():
            return commands.Link(
                link=event.link, life_event=event.life_event, others=event.others, supplied=event.supplied
            )
        case incident_events.ComplaintReferred():
            return commands.ReferComplaint(kind=event.kind)
        case events.RecordAmended():
            return commands.AmendRecord(amends=event.amends, amendment=event.amendment, corrected_at=event.corrected_at)
        case events.PinReset():
            return commands.ResetPin()
        case imported_events.StagePlanned() | imported_events.StageEnded():
            return None
        case (
            events.Concluded()
            | events.DeemedApproved()
            | events.DecisionReportedLate()
            | promise_events.PromiseMoved()
            | import_events.ImportUndone()
            | import_events.ImportRestored()
        ):
            return None
        case _:
            assert_never(event)
