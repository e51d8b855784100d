"""Refusals: the reasons why the rules forbid a command.

Each refusal has a stable public `code`, and advises what to do instead. `domain/refusal_tree.py` lists all refusals.
"""

from typing import ClassVar


class Refusal(Exception):
    """The rules forbid the command. The text repeats nothing from the request except times, so answers and logs may
    hold the text.

    `finding` describes the fault in detail. If `finding` is given, the text contains `finding` in place of the title.
    """

    code: ClassVar[str]
    title: ClassVar[str]
    advice: ClassVar[str]

    def __init__(self, finding: str = "") -> None:
        super().__init__(finding)
        self.finding = finding

    def __str__(self) -> str:
        return f"{self.finding or self.title}. {self.advice}"


class ApplicationAlreadySubmitted(Refusal):
    code = "application-already-submitted"
    title = "This application was submitted before"
    advice = "Start again with a new Idempotency-Key"


class ApplicationUnknown(Refusal):
    code = "application-unknown"
    title = "There is no such application"
    advice = "Submit it first, or check its id"


class ApplicationEnded(Refusal):
    code = "application-ended"
    title = "This application has ended"
    advice = "Read its timeline; submit a new application for a new request"


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


class MallUnknown(Refusal):
    code = "mall-unknown"
    title = "There is no such mall"
    advice = "Choose a mall code from /v1/malls, or leave the mall out"


class CounterNotInMall(Refusal):
    code = "counter-not-in-mall"
    title = "The acting office has no such counter in this mall"
    advice = "Choose a counter of your office from /v1/malls, and name its mall too"


class TransferUnlisted(Refusal):
    code = "transfer-unlisted"
    title = "The service does not list this office, so only a supervisor can send the file there"
    advice = "Choose an office that the service in /v1/services lists, or ask a supervisor to transfer with a reason"


class RegionUnknown(Refusal):
    code = "region-unknown"
    title = "The place is not in the region table"
    advice = "Send a code of the region table: PP.KK.CC for a district, PP.KK for a regency or a city"

    def __init__(self, nearest: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.nearest = nearest

    def __str__(self) -> str:
        if not self.nearest:
            return super().__str__()
        return f"{self.title}. The nearest places in the table are {', '.join(self.nearest)}"


class RequirementUnknown(Refusal):
    code = "requirement-unknown"
    title = "The service's standard does not ask for such a document"
    advice = "Its standard in /v1/services lists the requirements"


class DefectsMissing(Refusal):
    code = "defects-missing"
    title = "The return does not say which documents are wrong"
    advice = "Name all wrong documents at once, each with its defect"


class DocumentsIncomplete(Refusal):
    code = "documents-incomplete"
    title = "The last check found the documents incomplete"
    advice = "Return the file for correction, or check the documents again"


class DocumentsNotChecked(Refusal):
    code = "documents-not-checked"
    title = "The documents have not been checked since they were last supplied"
    advice = "Check the documents first; the same request can declare the file complete"


class AlreadyComplete(Refusal):
    code = "already-complete"
    title = "The file is already declared complete"
    advice = "The promise stays in force; continue with the stages"


class CalendarEnds(Refusal):
    code = "calendar-ends"
    title = "The working-day calendar does not reach the promised day"
    advice = "The operator must publish the next calendar edition"


class TooManyCalendars(Refusal):
    code = "too-many-calendars"
    title = "One office has more calendars than a promise can name"
    advice = "The operator must publish the closures and special hours of one office as one calendar"


class StageUnknown(Refusal):
    code = "stage-unknown"
    title = "The service's procedure has no such stage"
    advice = "Its standard in /v1/services lists the stages"


class StageOutOfOrder(Refusal):
    code = "stage-out-of-order"
    title = "Other stages come before this one"
    advice = "Complete the earlier stages first"


class StageNotEntered(Refusal):
    code = "stage-not-entered"
    title = "This stage was not entered"
    advice = "Enter the stage first"


class StageAlreadyEntered(Refusal):
    code = "stage-already-entered"
    title = "This stage was entered before"
    advice = "Complete the stage, or amend the record if the stage was entered in error"


class StageAlreadyCompleted(Refusal):
    code = "stage-already-completed"
    title = "This stage was completed before"
    advice = "Continue with the next stage, or amend the record if this stage was completed in error"


class StagesOpen(Refusal):
    code = "stages-open"
    title = "Not all earlier stages are completed"
    advice = "Complete the stages that the application shows as open"


class ReferralOpen(Refusal):
    code = "referral-open"
    title = "Another office has not answered a referral yet"
    advice = "Wait for the answer, or ask that office for it"


class ReferralUnknown(Refusal):
    code = "referral-unknown"
    title = "There is no such open referral"
    advice = "The application lists its referrals and which are open"


class NotTheReferredOffice(Refusal):
    code = "not-the-referred-office"
    title = "Only the office that was asked can answer a referral"
    advice = "The office that was asked must send the answer"


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
    title = "An inspection cannot be scheduled for a day in the past"
    advice = "Choose today or a later day"


class NoPromise(Refusal):
    code = "no-promise"
    title = "This application has no promised date that could move"
    advice = "Declare the file complete first"


class PromiseUnmoved(Refusal):
    code = "promise-unmoved"
    title = "The calendars in force give the same promised date"
    advice = "No action is needed"


class ExtensionUnknown(Refusal):
    code = "extension-unknown"
    title = "The service's standard does not list this extension, or the extension was used before"
    advice = "Its standard in /v1/services lists the extensions; each extension can be used once"


class DeemedApprovalNotOffered(Refusal):
    code = "deemed-approval-not-offered"
    title = "This service does not provide for deemed approval"
    advice = "Its standard in /v1/services says whether deemed approval is possible, and by which law"


class NotYetDue(Refusal):
    code = "not-yet-due"
    title = "The promised date has not passed, or the legal clock is paused"
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
    title = "The time limit for a dispute has passed"
    advice = "Complain at the office or to SP4N-LAPOR"


class AlreadyLinked(Refusal):
    code = "already-linked"
    title = "These applications are linked already"
    advice = "Read the links that the application shows"


class AskedInLinkedApplication(Refusal):
    code = "asked-in-linked-application"
    title = "A linked application supplies this document"
    advice = "The document is asked for only once: look in the linked application's file"


class EventUnknown(Refusal):
    code = "event-unknown"
    title = "The application has no event of that version"
    advice = "The timeline gives the version of each event"


class AlreadyAmended(Refusal):
    code = "already-amended"
    title = "This event was amended before"
    advice = "An event can be amended once; the timeline shows the amendment"


class AmendmentImpossible(Refusal):
    code = "amendment-impossible"
    title = "This event cannot be amended in that way"
    advice = (
        "Send corrected_at to correct the time of any event except an amendment; only a stage's event can be marked as"
        " entered in error"
    )


class TimeTooEarly(Refusal):
    code = "time-too-early"
    title = "The reported time is before an event that must come first"
    advice = "Send the true time; the timeline gives the time of each event"


class TimeTooLate(Refusal):
    code = "time-too-late"
    title = "The event had already happened before the corrected time"
    advice = "Send the true time; the timeline gives the time of each event, and when it was recorded"


class PinResetsExhausted(Refusal):
    code = "pin-resets-exhausted"
    title = "The PIN of this application was reset 255 times, which is the limit"
    advice = "Tell the applicant the status at the counter"


class NoOutcomeYet(Refusal):
    code = "no-outcome-yet"
    title = "This application has no outcome yet"
    advice = "Ask for the answers after the application was issued, rejected, or ended in another way"


class SatisfactionAlreadyGiven(Refusal):
    code = "satisfaction-already-given"
    title = "The answers for this application were given before"
    advice = "The survey can be answered once for each application"


class StaleVersion(Exception):
    """A relevant event came after `seen`, the version that the sender saw. `now` is the present version."""

    def __init__(self, seen: int, now: int) -> None:
        super().__init__(
            f"You saw version {seen}, but the application changed and is now at version {now}. Read it again."
        )
        self.seen = seen
        self.now = now
