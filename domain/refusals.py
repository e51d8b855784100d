"""Refusals: the reasons why the rules forbid a command.

Each refusal has a stable public `code`, and advises what to do instead. `domain/refusal_tree.py` lists all refusals.
"""

from typing import ClassVar


class Refusal(Exception):
    """The rules forbid the command. The text repeats nothing from the request, except times. So answers and logs may
    contain the text.

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
    title = "This application was already submitted"
    advice = "To submit another application, send a new Idempotency-Key"


class ApplicationUnknown(Refusal):
    code = "application-unknown"
    title = "There is no such application"
    advice = "Submit the application first, or check its id"


class ApplicationEnded(Refusal):
    code = "application-ended"
    title = "This application has ended"
    advice = "Read the timeline of the application. For a new request, submit a new application"


class StatusForbids(Refusal):
    code = "status-forbids"
    title = "The present status of the application does not allow this"
    advice = "Read the application. Its status shows the next step"

    def __init__(self, status: str, possible_in: tuple[str, ...]) -> None:
        super().__init__()
        self.status = status
        self.possible_in = possible_in

    def __str__(self) -> str:
        return f"The application is {self.status}; this can be done while it is {' or '.join(self.possible_in)}."


class ServiceUnknown(Refusal):
    code = "service-unknown"
    title = "No standard of this service is in force at that time"
    advice = "Choose a service code from /v1/services"


class ChannelNotOffered(Refusal):
    code = "channel-not-offered"
    title = "The service is not offered by this channel"
    advice = "The standard of the service in /v1/services lists the channels"


class OfficeUnknown(Refusal):
    code = "office-unknown"
    title = "There is no such office"
    advice = "Choose an office code from /v1/offices"


class OfficeUnchanged(Refusal):
    code = "office-unchanged"
    title = "This office already holds the application"
    advice = "Name another office"


class ServiceNotOfferedHere(Refusal):
    code = "service-not-offered-here"
    title = "This office does not offer the service"
    advice = "The service in /v1/services lists its offices"


class MallUnknown(Refusal):
    code = "mall-unknown"
    title = "There is no such mall"
    advice = "Choose a mall code from /v1/malls, or send no mall code"


class CounterNotInMall(Refusal):
    code = "counter-not-in-mall"
    title = "Your office has no such counter in this mall"
    advice = "Choose a counter of your office from /v1/malls, and also send the code of the mall"


class TransferUnlisted(Refusal):
    code = "transfer-unlisted"
    title = "The service does not list this office, so only a supervisor can transfer the file to this office"
    advice = "Choose an office that the service in /v1/services lists, or ask a supervisor, who must give a reason"


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
    advice = "The standard of the service in /v1/services lists the requirements"


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
    title = "The latest documents have not been checked yet"
    advice = "Check the documents first. You can declare the file complete in the same request"


class AlreadyComplete(Refusal):
    code = "already-complete"
    title = "The file was already declared complete"
    advice = "The promise stays in force. Continue with the stages"


class CalendarEnds(Refusal):
    code = "calendar-ends"
    title = "The published calendar ends before the promised day"
    advice = "The operator must publish the next calendar edition"


class TooManyCalendars(Refusal):
    code = "too-many-calendars"
    title = "One office has too many calendars for a promise"
    advice = "The operator must publish the closures and special hours of one office as one calendar"


class StageUnknown(Refusal):
    code = "stage-unknown"
    title = "The service's procedure has no such stage"
    advice = "The standard of the service in /v1/services lists the stages"


class StageOutOfOrder(Refusal):
    code = "stage-out-of-order"
    title = "Other stages must be completed before this stage"
    advice = "Complete the earlier stages first"


class StageNotEntered(Refusal):
    code = "stage-not-entered"
    title = "This stage has not been entered yet"
    advice = "Enter the stage first"


class StageAlreadyEntered(Refusal):
    code = "stage-already-entered"
    title = "This stage was already entered"
    advice = "Complete the stage, or amend the record if the stage was entered in error"


class StageAlreadyCompleted(Refusal):
    code = "stage-already-completed"
    title = "This stage was already completed"
    advice = "Continue with the next stage, or amend the record if this stage was completed in error"


class StagesOpen(Refusal):
    code = "stages-open"
    title = "Some earlier stages are not completed"
    advice = "Complete the stages that the application shows as open"


class ReferralOpen(Refusal):
    code = "referral-open"
    title = "Another office has not answered a referral yet"
    advice = "Wait for the answer, or ask the other office to answer"


class ReferralUnknown(Refusal):
    code = "referral-unknown"
    title = "There is no such open referral"
    advice = "The application lists its referrals and shows which referrals are open"


class NotTheReferredOffice(Refusal):
    code = "not-the-referred-office"
    title = "Only the office that was asked for advice can answer a referral"
    advice = "Ask this office to send the answer"


class GroundUnknown(Refusal):
    code = "ground-unknown"
    title = "The service's standard does not list this ground for a suspension"
    advice = "The standard of the service in /v1/services lists the grounds"


class PaymentUnknown(Refusal):
    code = "payment-unknown"
    title = "There is no such open payment request"
    advice = "The application lists its payment requests and shows which requests are open"


class ObstacleUnknown(Refusal):
    code = "obstacle-unknown"
    title = "There is no such open obstacle"
    advice = "The application lists its obstacles and shows which obstacles are open"


class InspectionUnknown(Refusal):
    code = "inspection-unknown"
    title = "There is no such scheduled inspection"
    advice = "The application lists its inspections and shows which inspections are open"


class InspectionInThePast(Refusal):
    code = "inspection-in-the-past"
    title = "An inspection cannot be scheduled for a day in the past"
    advice = "Choose today or a later day"


class NoPromise(Refusal):
    code = "no-promise"
    title = "This application has no promised date that can be moved"
    advice = "Declare the file complete first"


class PromiseUnmoved(Refusal):
    code = "promise-unmoved"
    title = "The calendars in force give the same promised date as before"
    advice = "No action is needed"


class ExtensionUnknown(Refusal):
    code = "extension-unknown"
    title = "The service's standard does not list this extension, or the extension was used before"
    advice = "The standard of the service in /v1/services lists the extensions. Each extension can be used only once"


class DeemedApprovalNotOffered(Refusal):
    code = "deemed-approval-not-offered"
    title = "This service does not provide for deemed approval"
    advice = "The standard of the service in /v1/services says whether deemed approval is possible, and names the law"


class NotYetDue(Refusal):
    code = "not-yet-due"
    title = "The promised date has not passed, or the legal clock is paused"
    advice = "Wait for the date that the application shows"


class NothingDisputed(Refusal):
    code = "nothing-disputed"
    title = "This application has no open dispute"
    advice = "Only an open dispute can be answered"


class AlreadyDisputed(Refusal):
    code = "already-disputed"
    title = "This application already has an open dispute"
    advice = "Wait for the office's answer"


class DisputeWindowOver(Refusal):
    code = "dispute-window-over"
    title = "The time limit for a dispute has passed"
    advice = "Complain at the office or to SP4N-LAPOR"


class AlreadyLinked(Refusal):
    code = "already-linked"
    title = "These applications are already linked"
    advice = "The application lists its links"


class AskedInLinkedApplication(Refusal):
    code = "asked-in-linked-application"
    title = "A linked application supplies this document"
    advice = "Look for the document in the file of the linked application"


class EventUnknown(Refusal):
    code = "event-unknown"
    title = "The application has no event with this version"
    advice = "The timeline gives the version of each event"


class AlreadyAmended(Refusal):
    code = "already-amended"
    title = "This event was already amended"
    advice = "An event can be amended only once. The timeline shows the amendment"


class AmendmentImpossible(Refusal):
    code = "amendment-impossible"
    title = "This event cannot be amended in that way"
    advice = (
        "To correct a time, send corrected_at; the time of an amendment cannot be corrected. Only the event of a stage"
        " can be marked as entered in error"
    )


class TimeTooEarly(Refusal):
    code = "time-too-early"
    title = "The reported time is earlier than an event that must happen first"
    advice = "Send the true time. The timeline shows the time of each event"


class TimeTooLate(Refusal):
    code = "time-too-late"
    title = "The corrected time is too late: the event must have happened before this time"
    advice = "Send the true time. The timeline shows when each event happened and when it was recorded"


class PinResetsExhausted(Refusal):
    code = "pin-resets-exhausted"
    title = "The PIN of this application was reset 255 times, which is the limit"
    advice = "Tell the applicant the status at the counter"


class NoOutcomeYet(Refusal):
    code = "no-outcome-yet"
    title = "This application has no outcome yet"
    advice = "Wait for the outcome, for example that the application is issued or rejected. Then answer the survey"


class SatisfactionAlreadyGiven(Refusal):
    code = "satisfaction-already-given"
    title = "The survey was already answered for this application"
    advice = "The survey can be answered only once for each application"


class StaleVersion(Exception):
    """A relevant event came after `seen`, the version that the sender saw. `now` is the present version of the
    application.
    """

    def __init__(self, seen: int, now: int) -> None:
        super().__init__(
            f"You saw version {seen}, but the application changed and is now at version {now}. Read it again."
        )
        self.seen = seen
        self.now = now
