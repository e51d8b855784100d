"""This module lists all refusals in a tree. A line has no note if the name of the refusal is clear without a note.

* Refusal                          the rules forbid the command
  + ApplicationAlreadySubmitted
  + ApplicationUnknown
  + ApplicationEnded
  + StatusForbids                  the text names the statuses in which the command is possible
  + ServiceUnknown                 the service is unknown, or has no standard in force at that time
  + ChannelNotOffered
  + OfficeUnknown
  + OfficeUnchanged
  + ServiceNotOfferedHere
  + MallUnknown
  + CounterNotInMall               the acting office has no such counter in the mall
  + TransferUnlisted               the service does not list the office that should take the file over
  + RegionUnknown
  + RequirementUnknown
  + DefectsMissing                 a return names no defect
  + DocumentsIncomplete
  + DocumentsNotChecked
  + AlreadyComplete
  + CalendarEnds                   no calendar covers the promised day yet
  + TooManyCalendars               a promise cannot name all calendars of one office
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
  + EventUnknown                   an amendment names an event that does not exist
  + AlreadyAmended
  + AmendmentImpossible
  + TimeTooEarly                   the text names the reported time and the earliest possible time
  + TimeTooLate                    the text names the corrected time and the latest possible time
  + PinResetsExhausted
  + NoOutcomeYet
  + SatisfactionAlreadyGiven
* StaleVersion                     a relevant event came after the version that the sender saw
"""

from domain.refusals import Refusal


def all_refusals() -> list[type[Refusal]]:
    """Return all classes of refusals, sorted by code."""
    return sorted(Refusal.__subclasses__(), key=lambda refusal: refusal.code)
