"""Refusals: why a command is not done. Each has a stable public `code` and says what can be done instead.

* Refusal                          the rules say no
  + ApplicationAlreadySubmitted
  + ApplicationUnknown
  + ApplicationEnded
  + StatusForbids                  not in this status; says in which
  + ServiceUnknown                 or no standard in force at that time
  + ChannelNotOffered
  + OfficeUnknown
  + OfficeUnchanged
  + ServiceNotOfferedHere
  + RegionUnknown
  + RequirementUnknown
  + DefectsMissing                 a return without saying what is wrong
  + DocumentsIncomplete
  + DocumentsNotChecked
  + AlreadyComplete
  + CalendarEnds                   no calendar for the promised day yet
  + StageUnknown
  + StageOutOfOrder
  + StageNotEntered
  + StageAlreadyEntered
  + StageAlreadyCompleted
  + StagesOpen
  + ReferralOpen
  + ReferralUnknown
  + NotTheReferredOffice
  + GroundUnknown
  + EventUnknown                   an amendment names an event that is not there
  + AlreadyAmended
  + AmendmentImpossible
  + PinResetsExhausted
  + NoOutcomeYet
  + SatisfactionAlreadyGiven
* StaleVersion                     something relevant came after the version that was seen
"""

from typing import ClassVar


class Refusal(Exception):
    """The rules say no. Says nothing of what was sent, so that it may stand in an answer and in a log."""

    code: ClassVar[str]
    title: ClassVar[str]
    advice: ClassVar[str]

    def __str__(self) -> str:
        return f"{self.title}. {self.advice}"


class ApplicationAlreadySubmitted(Refusal):
    code = "application-already-submitted"
    title = "This application was submitted before"
    advice = "Draw a new application for a new submission"


class ApplicationUnknown(Refusal):
    code = "application-unknown"
    title = "There is no such application"
    advice = "Submit it first, or check its id"


class ApplicationEnded(Refusal):
    code = "application-ended"
    title = "This application has ended"
    advice = "Read its timeline; a new wish needs a new application"


class StatusForbids(Refusal):
    code = "status-forbids"
    title = "This cannot be done in the application's present status"
    advice = "Read the application: its status says what comes next"

    def __init__(self, status: str, possible_in: tuple[str, ...]) -> None:
        super().__init__()
        self.status = status
        self.possible_in = possible_in

    def __str__(self) -> str:
        return f"The application is {self.status}; this can be done while it is {' or '.join(self.possible_in)}."


class ServiceUnknown(Refusal):
    code = "service-unknown"
    title = "There is no standard of this service in force at that time"
    advice = "Choose a service code from /v1/services"


class ChannelNotOffered(Refusal):
    code = "channel-not-offered"
    title = "The service is not offered by this channel"
    advice = "Its standard in /v1/services lists the channels"


class OfficeUnknown(Refusal):
    code = "office-unknown"
    title = "There is no such office"
    advice = "Choose an office code from /v1/offices"


class OfficeUnchanged(Refusal):
    code = "office-unchanged"
    title = "The application is at this office already"
    advice = "Name another office"


class ServiceNotOfferedHere(Refusal):
    code = "service-not-offered-here"
    title = "This office does not offer the service"
    advice = "The service in /v1/services lists its offices"


class RegionUnknown(Refusal):
    code = "region-unknown"
    title = "The place is not in the region table"
    advice = "Send a district as PP.KK.CC whose regency is in the table, or leave it out"


class RequirementUnknown(Refusal):
    code = "requirement-unknown"
    title = "The service's standard does not ask for such a document"
    advice = "Its standard in /v1/services lists the requirements"


class DefectsMissing(Refusal):
    code = "defects-missing"
    title = "It is not said which documents are wrong"
    advice = "Name all of them at once, each with its defect"


class DocumentsIncomplete(Refusal):
    code = "documents-incomplete"
    title = "The last check found the documents incomplete"
    advice = "Return the file for correction, or check the documents again"


class DocumentsNotChecked(Refusal):
    code = "documents-not-checked"
    title = "The documents were not checked since they last came in"
    advice = "Check the documents first; the same act may declare the file complete"


class AlreadyComplete(Refusal):
    code = "already-complete"
    title = "The file was declared complete before"
    advice = "The promise stands; go on with the stages"


class CalendarEnds(Refusal):
    code = "calendar-ends"
    title = "The working-day calendar does not reach the promised day"
    advice = "The operator must publish the next calendar edition"


class StageUnknown(Refusal):
    code = "stage-unknown"
    title = "The service's procedure has no such stage"
    advice = "Its standard in /v1/services lists the stages"


class StageOutOfOrder(Refusal):
    code = "stage-out-of-order"
    title = "Other stages come before this one"
    advice = "Complete the stages that it comes after"


class StageNotEntered(Refusal):
    code = "stage-not-entered"
    title = "This stage was not entered"
    advice = "Enter the stage first"


class StageAlreadyEntered(Refusal):
    code = "stage-already-entered"
    title = "This stage was entered before"
    advice = "Complete it, or amend the record if it was entered in error"


class StageAlreadyCompleted(Refusal):
    code = "stage-already-completed"
    title = "This stage was completed before"
    advice = "Go on with the next stage, or amend the record if it was completed in error"


class StagesOpen(Refusal):
    code = "stages-open"
    title = "Not all stages that must come before this are completed"
    advice = "Complete the stages that the application shows as open"


class ReferralOpen(Refusal):
    code = "referral-open"
    title = "Another office has not answered its referral yet"
    advice = "Wait for the answer, or ask that office for it"


class ReferralUnknown(Refusal):
    code = "referral-unknown"
    title = "There is no such open referral"
    advice = "The application lists its referrals and which are open"


class NotTheReferredOffice(Refusal):
    code = "not-the-referred-office"
    title = "Only the office that was asked can answer a referral"
    advice = "Let that office answer"


class GroundUnknown(Refusal):
    code = "ground-unknown"
    title = "The service's standard does not list this ground for a suspension"
    advice = "Its standard in /v1/services lists the grounds"


class EventUnknown(Refusal):
    code = "event-unknown"
    title = "The application has no event of that version"
    advice = "The timeline gives the version of each event"


class AlreadyAmended(Refusal):
    code = "already-amended"
    title = "This event was amended before"
    advice = "An event can be amended once; the timeline shows how"


class AmendmentImpossible(Refusal):
    code = "amendment-impossible"
    title = "This event cannot be amended in that way"
    advice = "A time needs corrected_at and fits every event but an amendment; an entry in error fits stages only"


class PinResetsExhausted(Refusal):
    code = "pin-resets-exhausted"
    title = "The PIN of this application was reset 255 times, which is all there are"
    advice = "Hand out the status at the counter"


class NoOutcomeYet(Refusal):
    code = "no-outcome-yet"
    title = "This application has no outcome yet"
    advice = "Ask how satisfied the applicant is once it was issued, rejected, or ended otherwise"


class SatisfactionAlreadyGiven(Refusal):
    code = "satisfaction-already-given"
    title = "The answers for this application were given before"
    advice = "Each application is answered for once"


class StaleVersion(Exception):
    """Something relevant came after the version that the sender saw. `now` is the stream's version."""

    def __init__(self, seen: int, now: int) -> None:
        super().__init__(f"You saw version {seen}, it is now {now}: what you decided on has changed. Read it again.")
        self.seen = seen
        self.now = now


def all_refusals() -> list[type[Refusal]]:
    """Every refusal there is, by code."""
    return sorted(Refusal.__subclasses__(), key=lambda refusal: refusal.code)
