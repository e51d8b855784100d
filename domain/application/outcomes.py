"""This module decides about approvals, rejections, deemed approvals, deadlines, revocations, disputes and links."""

from dataclasses import replace
from datetime import datetime, timedelta

from domain import refusals
from domain.application.commands import DeemApproved as Deem
from domain.application.commands import Dispute, ExtendDeadline, Link, Reject, Reopen, Revoke
from domain.application.events import (
    ApplicationEvent,
    Approved,
    DecisionReportedLate,
    DeemedApproved,
    Disputed,
    Rejected,
    Reopened,
    Revoked,
)
from domain.application.evolve import Application, PromiseFacts, fold
from domain.application.guards import IN_PRODUCTION, IN_WORK, UNDECIDED, only_in, stages_done
from domain.application.incident_events import Linked
from domain.application.promise_events import DeadlineExtended, PromiseMoved
from domain.application.standing import REVISING
from domain.application.status import Status
from domain.codes import Decision, StagePhase
from domain.promises import steps
from domain.provenance import Act, Promise
from domain.registry.calendar import Unit
from domain.registry.editions import StandardPublished
from domain.registry.registry import Registry
from domain.rules import rests_on


def silence_has_granted(
    application: Application, now: datetime, registry: Registry, standard: StandardPublished
) -> datetime | None:
    """Return the instant, in UTC, at which the application was deemed approved because nobody had decided.

    The result is None if the application was not deemed approved by `now`.

    The deemed approval is in force from that instant on, even if no scheduler has recorded the deemed approval. If the
    calendars in force move the promised date, the application is not deemed approved at the old date.
    `silence_waits_for` gives the new date.
    """
    if standard.deemed_approval is None or application.status not in UNDECIDED or application.pausing:
        return None
    at = silence_grants_at(application, registry, standard)
    return at if at is not None and application.complete_at is not None and at < now else None


def silence_waits_for(application: Application, registry: Registry, standard: StandardPublished) -> Promise | None:
    """If the calendars in force give another date than the promised date, return the promise with this other date.

    Otherwise return None.
    """
    try:
        moved = promise_now(application, registry, standard)
    except refusals.Refusal:  # no calendar reaches the promised date
        return None
    return moved if moved and application.promise and moved.due_at != application.promise.due_at else None


def approve(application: Application, act: Act, standard: StandardPublished) -> list[ApplicationEvent]:
    if comes_too_late(application, act):
        return [DecisionReportedLate(decision=Decision.APPROVED)]
    only_in(application, Status.PROCESSING)
    stages_done(StagePhase.REVIEW, application, standard)
    if application.referrals:
        raise refusals.ReferralOpen
    return [Approved()]


def reject(command: Reject, application: Application, act: Act) -> list[ApplicationEvent]:
    if comes_too_late(application, act):
        return [DecisionReportedLate(decision=Decision.REJECTED, reason=command.reason, remedy=command.remedy)]
    only_in(application, *IN_WORK)
    return [Rejected(reason=command.reason, remedy=command.remedy)]


def comes_too_late(application: Application, act: Act) -> bool:
    """Return True if the decision does not become the outcome, and is only recorded as a late report.

    There are two cases. First, the decision was made before the outcome in force. Second, the application is deemed
    approved, and no late report was recorded before.
    """
    if before_outcome(application, act):
        return True
    reported = any(isinstance(entry.event, DecisionReportedLate) for entry in application.entries)
    return application.status is Status.DEEMED_APPROVED and not reported


def before_outcome(application: Application, act: Act) -> bool:
    """Tell whether the act happened earlier than the outcome in force. Such an act is recorded late."""
    return application.decided_at is not None and act.at < application.decided_at


def as_of(application: Application, act: Act) -> Application:
    """Return the state that the application had at the time of the act.

    In the returned application, `counted` has its present value, so that no number is used twice. The returned
    application has no promise, so that the command cannot move a promised date.
    """
    stand = (entry for entry in application.entries if not isinstance(entry.event, REVISING))
    then = fold(entry for entry in stand if entry.act.at <= act.at)
    return replace(then, counted=application.counted, promise=None)


@rests_on("silence")
def deem_approved(
    command: Deem, application: Application, act: Act, registry: Registry, standard: StandardPublished
) -> list[ApplicationEvent]:
    """Record a deemed approval, if the service's standard provides for it (UU 30/2014 art. 53, UU 6/2023 art. 175).

    The command is refused in each of these cases:

    * `command.now` is not later than the due instant. A decision at exactly the due instant is still in time.
    * The file was not declared complete.
    * Somebody has decided.
    * A pause is open.
    """
    only_in(application, *UNDECIDED)
    if standard.deemed_approval is None:
        raise refusals.DeemedApprovalNotOffered
    promise, complete_at = application.promise, application.complete_at
    if promise is None or complete_at is None:
        raise refusals.NoPromise
    if application.pausing or act.at != silence_grants_at(application, registry, standard) or command.now <= act.at:
        raise refusals.NotYetDue
    return [
        DeemedApproved(
            basis=standard.deemed_approval.basis,
            promise=promise,
            complete_at=complete_at,
            pauses=application.pauses,
            silent_until=application.version,
        )
    ]


@rests_on("silence-known")
def silence_grants_at(facts: PromiseFacts, registry: Registry, standard: StandardPublished) -> datetime | None:
    """Return the instant, in UTC, at which the application is deemed approved if nobody decides and no pause is open.

    Normally this is the promised instant.

    Return None in three cases: no date was promised, an import's source states the date, or no calendar reaches far
    enough.

    A promised date may have passed already when the system learns of the promise. For example, a device had a wrong
    clock, or a mobile unit had no network for a long time. If the promised date has passed before the system learns of
    the promise, nobody can decide in time. So the whole promised time is counted again from the instant at which the
    system learnt of the promise.
    """
    promise, known_at = facts.promise, facts.promised_at
    if standard.terms is None or promise is None or promise.unit is Unit.SOURCE or known_at is None:
        return None
    if known_at < promise.due_at:
        return promise.due_at
    office, service = facts.office, facts.service
    try:
        again = steps.promised(
            standard.terms, known_at, office=office, service=service, edition=standard.edition, registry=registry
        )
    except (refusals.CalendarEnds, refusals.OfficeUnknown):
        return None
    return again.due_at


def extend_deadline(
    command: ExtendDeadline, application: Application, registry: Registry, standard: StandardPublished
) -> list[ApplicationEvent]:
    only_in(application, *UNDECIDED)
    promise = application.promise
    if promise is None or promise.unit is Unit.SOURCE or application.office not in registry.offices:
        raise refusals.NoPromise
    listed = next((e for e in standard.extensions or () if e.code == command.extension), None)
    if listed is None or command.extension in application.extensions:
        raise refusals.ExtensionUnknown
    extended = steps.extended(
        promise,
        listed.n,
        office=application.office,
        service=application.service,
        registry=registry,
    )
    return [DeadlineExtended(extension=command.extension, promise=extended)]


def move_promise(application: Application, registry: Registry, standard: StandardPublished) -> list[ApplicationEvent]:
    """Compute the promised date again with the calendars in force, and move the promise to this date.

    The date is counted again from completeness. Then the pauses, extensions and transfers are applied again in the
    order in which they happened.
    """
    only_in(application, *UNDECIDED)
    moved = promise_now(application, registry, standard)
    if moved is None:
        raise refusals.NoPromise
    if application.promise is None or moved.due_at == application.promise.due_at:
        raise refusals.PromiseUnmoved
    return [PromiseMoved(promise=moved)]


def promise_after(pause: str, application: Application, until: datetime, registry: Registry) -> Promise | None:
    """Return the promise with its new date after the end of this pause. Return None if the date does not move.

    The date does not move in each of these cases:

    * Another pause is open.
    * Somebody has decided.
    * No date was promised.
    * An import's source states the date.

    Raises CalendarEnds.
    """
    promise, since = application.promise, application.paused_since
    if promise is None or since is None or application.decided_at is not None:
        return None
    if application.pausing != {pause} or application.office not in registry.offices:
        return None
    moved = steps.after_pause(
        promise, since, until, office=application.office, service=application.service, registry=registry
    )
    return moved if moved != promise else None


def promise_now(facts: PromiseFacts, registry: Registry, standard: StandardPublished) -> Promise | None:
    """Return the promise, computed again with the newest calendars.

    Return None in two cases: the application has no promise, or the promise does not come from the edition `standard`.
    """
    if standard.terms is None or facts.complete_at is None or facts.promised_by not in registry.offices:
        return None
    if facts.promise is None or facts.promise.standard != standard.edition:
        return None
    return steps.replayed(
        standard.terms,
        facts.complete_at,
        facts.steps,
        office=facts.promised_by,
        service=facts.service,
        standard=standard,
        registry=registry,
    )


def promise_handed_on(application: Application, act: Act, to: str, registry: Registry) -> Promise | None:
    """Return the promise with its new date after a transfer. `to` is the office that receives the file. The remaining
    time is counted with the calendar of this office.

    Return None in three cases: the system computed no promise, the file is incomplete, or somebody has decided.

    While the legal clock is paused, the remaining time is counted from the start of the pause. Raises CalendarEnds.
    """
    promise, office = application.promise, application.office
    if promise is None or promise.unit is Unit.SOURCE or not application.running or office not in registry.offices:
        return None
    at = min(application.paused_since or act.at, act.at)
    return steps.handed_on(promise, at, office=office, to=to, service=application.service, registry=registry)


def revoke(command: Revoke, application: Application) -> list[ApplicationEvent]:
    only_in(application, Status.DEEMED_APPROVED, Status.ISSUED, Status.READY, Status.HANDED_OVER)
    return [Revoked(ground=command.ground)]


@rests_on("dispute-window")
def dispute(
    command: Dispute, application: Application, act: Act, standard: StandardPublished
) -> list[ApplicationEvent]:
    """A citizen may dispute that a product is done.

    The standard sets the number of days after the hand-over in which a dispute is possible.
    """
    only_in(application, Status.READY, Status.HANDED_OVER)
    if application.disputed:
        raise refusals.AlreadyDisputed
    done_at, days = application.handed_over_at, standard.dispute_days
    if done_at is not None and days is not None and act.at > done_at + timedelta(days=days):
        raise refusals.DisputeWindowOver
    return [Disputed(reason=command.reason)]


def still_disputed(application: Application) -> None:
    if not application.disputed:
        raise refusals.NothingDisputed


def reopen(command: Reopen, application: Application, standard: StandardPublished) -> list[ApplicationEvent]:
    """Reopen the production.

    The event takes back the stages that must be repeated. The event also takes back every begun stage that depends on
    one of these stages.
    """
    still_disputed(application)
    only_in(application, Status.READY, Status.HANDED_OVER)
    for code in command.redo:
        stage = standard.stage(code)
        if stage is None or (stage.phase is not StagePhase.PRODUCTION and not standard.free_order):
            raise refusals.StageUnknown
    begun = application.completed | application.entered | set(command.redo)
    return [Reopened(redo=tuple(code for code in standard.resting_on(command.redo) if code in begun))]


def link(command: Link, application: Application) -> list[ApplicationEvent]:
    only_in(application, *UNDECIDED, *IN_PRODUCTION, Status.READY)
    if application.links.intersection(command.others):
        raise refusals.AlreadyLinked
    return [Linked(link=command.link, life_event=command.life_event, others=command.others, supplied=command.supplied)]
