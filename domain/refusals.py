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
  + PaymentUnknown
  + ObstacleUnknown
  + InspectionUnknown
  + InspectionInThePast
  + NoPromise
  + PromiseUnmoved
  + ExtensionUnknown
  + DeemedApprovalNotOffered
  + NotYetDue
  + NothingDisputed
  + AlreadyDisputed
  + DisputeWindowOver
  + AlreadyLinked
  + AskedInLinkedApplication
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


class PaymentUnknown(Refusal):
    code = "payment-unknown"
    title = "There is no such open payment request"
    advice = "The application lists its payments and which are open"


class ObstacleUnknown(Refusal):
    code = "obstacle-unknown"
    title = "There is no such open obstacle"
    advice = "The application lists its obstacles and which are open"


class InspectionUnknown(Refusal):
    code = "inspection-unknown"
    title = "There is no such scheduled inspection"
    advice = "The application lists its inspections and which are open"


class InspectionInThePast(Refusal):
    code = "inspection-in-the-past"
    title = "An inspection cannot be scheduled for a day that is over"
    advice = "Name a day from today on"


class NoPromise(Refusal):
    code = "no-promise"
    title = "This application has no promised date that could move"
    advice = "Declare the file complete first"


class PromiseUnmoved(Refusal):
    code = "promise-unmoved"
    title = "The calendars in force give the promised date that stands"
    advice = "Nothing is to be done"


class ExtensionUnknown(Refusal):
    code = "extension-unknown"
    title = "The service's standard does not list this extension, or it was used"
    advice = "Its standard in /v1/services lists the extensions; each can be used once"


class DeemedApprovalNotOffered(Refusal):
    code = "deemed-approval-not-offered"
    title = "This service does not grant by silence"
    advice = "Its standard in /v1/services says whether it does, and on which legal basis"


class NotYetDue(Refusal):
    code = "not-yet-due"
    title = "The promised date is not over, or the legal clock is paused"
    advice = "Wait for the date that the application shows"


class NothingDisputed(Refusal):
    code = "nothing-disputed"
    title = "There is no open dispute"
    advice = "Only an open dispute can be answered"


class AlreadyDisputed(Refusal):
    code = "already-disputed"
    title = "A dispute is open already"
    advice = "Wait for the office's answer"


class DisputeWindowOver(Refusal):
    code = "dispute-window-over"
    title = "The time in which this can be disputed is over"
    advice = "Complain at the office or to SP4N-LAPOR"


class AlreadyLinked(Refusal):
    code = "already-linked"
    title = "These applications are linked already"
    advice = "Read the links that the application shows"


class AskedInLinkedApplication(Refusal):
    code = "asked-in-linked-application"
    title = "A linked application supplies this document"
    advice = "It is asked once: look in the linked application's file"


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
