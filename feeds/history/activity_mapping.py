"""Activity mapping: this module turns a word of the source into an event, as the mapping says."""

from collections.abc import Iterator

from domain.application import events, imported_events
from domain.application.events import ApplicationEvent
from domain.codes import CancellationReason, Receiver, RejectionReason, Remedy
from feeds.history.mapping import Activity, Mapping, Transition, activities_of
from feeds.history.vocabulary import is_pattern, stage_code

STAGES = ("stage", "stage_entered", "stage_planned", "stage_ended")

PLAIN: dict[str, ApplicationEvent] = {
    "received": events.Received(),
    "correction_supplied": events.CorrectionSupplied(),
    "declared_complete": events.DeclaredComplete(),
    "approved": events.Approved(),
    "issued": events.Issued(),
    "ready": events.MadeReady(),
    "withdrawn": events.Withdrawn(),
    "lapsed": events.Lapsed(),
    "concluded": events.Concluded(),
    "resumed": events.Resumed(),
}

TRANSITIONS: dict[Transition, type[imported_events.StagePlanned | events.StageEntered | imported_events.StageEnded]] = {
    "planned": imported_events.StagePlanned,
    "entered": events.StageEntered,
    "ended": imported_events.StageEnded,
}

KNOWN = frozenset({*PLAIN, *STAGES, "referred", "referral_answered", "handed_over", "rejected", "cancelled"})


def code_of(word: str, activity: Activity) -> str:
    """Returns the code of the activity's stage. If the mapping gives no code, the code is made from the word."""
    return activity.stage or stage_code(word)


def meaning(word: str, activity: Activity) -> ApplicationEvent:
    """Returns the event of an activity. `word` is the key of the activity in the mapping. Call this function only if
    `fault` found no fault in the activity.
    """
    match activity.event:
        case "stage":
            return events.StageCompleted(stage=code_of(word, activity))
        case "stage_entered":
            return events.StageEntered(stage=code_of(word, activity))
        case "stage_planned":
            return imported_events.StagePlanned(stage=code_of(word, activity))
        case "stage_ended":
            return imported_events.StageEnded(stage=code_of(word, activity))
        case "referred":
            return events.Referred(referral=0, to=activity.to or "")
        case "referral_answered":
            return events.ReferralAnswered(referral=0, advice=activity.advice)
        case "handed_over":
            return events.HandedOver(receiver=activity.receiver or Receiver.APPLICANT)
        case "rejected":
            reason = RejectionReason(activity.reason or "")
            return events.Rejected(reason=reason, remedy=activity.remedy or Remedy.APPLY_AGAIN)
        case "cancelled":
            return events.Cancelled(reason=CancellationReason(activity.reason or ""))
        case plain:
            return PLAIN[plain]


def in_transition(event: ApplicationEvent, transition: Transition) -> ApplicationEvent | None:
    """Returns what a transition of an activity means. `event` is the meaning of the activity when it is completed.
    Returns None if nothing can be said: only a stage can be planned, entered or ended.
    """
    if transition == "completed":
        return event
    if not isinstance(event, events.StageCompleted):
        return None
    return TRANSITIONS[transition](stage=event.stage)


def fault(word: str, activity: Activity, mapping: Mapping) -> str | None:
    """Returns the fault in an activity of the mapping, or None if there is no fault. `word` is the key of the
    activity.
    """
    match activity.event:
        case stage if stage in STAGES and is_pattern(word) and not activity.stage:
            return "a pattern needs a stage code, because Jejak does not publish a name that only the file contains"
        case "referred" if activity.to not in mapping.offices.all():
            return "to must be the code of an office of this mapping (offices.others)"
        case "handed_over" if activity.receiver is None:
            return f"receiver must be one of {_listed(Receiver)}"
        case "rejected" if activity.reason not in [*RejectionReason] or activity.remedy is None:
            return f"reason must be one of {_listed(RejectionReason)}, and remedy one of {_listed(Remedy)}"
        case "cancelled" if activity.reason not in [*CancellationReason]:
            return f"reason must be one of {_listed(CancellationReason)}"
        case known if known in KNOWN:
            return None
        case _:
            return f"event must be one of {', '.join(sorted(KNOWN))}"


def _listed(words: type[Receiver] | type[RejectionReason] | type[Remedy] | type[CancellationReason]) -> str:
    return ", ".join(sorted(words))


def meanings(mapping: Mapping) -> Iterator[tuple[str, str, Activity]]:
    """Yields three values for each word of the mapping: the place of the word in the mapping, the word, and its
    activity.
    """
    for word, activity in activities_of(mapping.activities).items():
        yield f"activities.{word!r}", word, activity
    for times in mapping.times:
        for word, activity in times.meanings().items():
            yield f"times of {times.column!r}, {word!r}", word, activity
