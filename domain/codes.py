"""Codes: every string in an event has one of these types.

Events contain no free text. Every string in an event is checked before the event is stored.

A `Pattern` limits the form of a code. `decide` asks the registry whether the code exists.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated


@dataclass(frozen=True, slots=True)
class Pattern:
    """The form of a code: the whole code must match `regex`, and a code has at most `longest` characters."""

    regex: str
    longest: int


@dataclass(frozen=True, slots=True)
class Published:
    """Text that an institution publishes, for example the name of an office. Only the registry has such text."""

    longest: int = 200


_SLUG = r"^(?=[0-9-]*[a-z])[a-z0-9]+(-[a-z0-9]+)*$"
"""A slug contains at least one letter, because digits alone might be a person's number in another register."""

OfficeCode = Annotated[str, Pattern(_SLUG, 63)]
AgencyCode = Annotated[str, Pattern(_SLUG, 63)]
ServiceCode = Annotated[str, Pattern(_SLUG, 63)]
StageCode = Annotated[str, Pattern(_SLUG, 80)]
RequirementCode = Annotated[str, Pattern(_SLUG, 63)]
GroundCode = Annotated[str, Pattern(_SLUG, 63)]
RefusalCode = Annotated[str, Pattern(_SLUG, 63)]
CalendarCode = Annotated[str, Pattern(_SLUG, 63)]
CounterCode = Annotated[str, Pattern(_SLUG, 63)]
MallCode = Annotated[str, Pattern(r"^mpp-[0-9]{4}-[0-9]{2}$", 11)]
Latitude = Annotated[str, Pattern(r"^-?[0-9]{1,2}\.[0-9]{1,6}$", 10)]
Longitude = Annotated[str, Pattern(r"^-?[0-9]{1,3}\.[0-9]{1,6}$", 11)]
DistrictCode = Annotated[str, Pattern(r"^[0-9]{2}\.[0-9]{2}\.[0-9]{2}$", 8)]
RegencyCode = Annotated[str, Pattern(r"^[0-9]{2}\.[0-9]{2}$", 5)]
RegionCode = Annotated[str, Pattern(r"^[0-9]{2}(\.[0-9]{2}){0,2}$", 8)]
TrackingNumber = Annotated[str, Pattern(r"^[0-9A-HJKMNP-TV-Z]{12}$", 12)]
EditionCode = Annotated[str, Pattern(r"^[a-z0-9-]+@[1-9][0-9]*$", 80)]
CalendarEditions = Annotated[str, Pattern(r"^([a-z0-9-]+@[1-9][0-9]*(\+[a-z0-9-]+@[1-9][0-9]*)*)?$", 200)]
ExtensionCode = Annotated[str, Pattern(_SLUG, 63)]
BasisCode = Annotated[str, Pattern(_SLUG, 63)]
RuleCode = Annotated[str, Pattern(_SLUG, 63)]
ClockTime = Annotated[str, Pattern(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", 5)]
Zone = Annotated[str, Pattern(r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$", 64)]
Text = Annotated[str, Published()]


class Role(StrEnum):
    """The role of the person or the system that acted."""

    APPLICANT = "applicant"
    PROXY = "proxy"
    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    AGENCY = "agency"
    SYSTEM = "system"
    IMPORT = "import"


class Channel(StrEnum):
    """The channel of an act. The first four channels are equal before the law (Perpres 89/2021).

    Only imported history has the other channels.
    """

    COUNTER = "counter"
    MOBILE = "mobile"
    SELF_SERVICE = "self_service"
    ELECTRONIC = "electronic"
    INTERNAL = "internal"
    TELEPHONE = "telephone"
    POST = "post"
    EMAIL = "email"
    UNKNOWN = "unknown"


class Quality(StrEnum):
    """Each value says which clock gave the time of an act, and how precise this time is. DAY means that the source
    knows only the date.
    """

    SERVER = "server"
    DEVICE = "device"
    SOURCE = "source"
    DAY = "day"


class Defect(StrEnum):
    """A defect that the office found in a document. Because of the defect, the office returns the file to the
    applicant.
    """

    MISSING = "missing"
    ILLEGIBLE = "illegible"
    EXPIRED = "expired"
    INCONSISTENT = "inconsistent"
    WRONG_FORM = "wrong_form"
    NOT_SIGNED = "not_signed"


class Advice(StrEnum):
    """The answer of another agency to a referral (rekomendasi teknis)."""

    FAVOURABLE = "favourable"
    UNFAVOURABLE = "unfavourable"
    INFORMATIVE = "informative"
    UNKNOWN = "unknown"


class RejectionReason(StrEnum):
    """The reason for a rejection (alasan penolakan). NOT_STATED means that the source of an import states no reason."""

    REQUIREMENT_NOT_MET = "requirement_not_met"
    TECHNICAL_ADVICE_NEGATIVE = "technical_advice_negative"
    NOT_ELIGIBLE = "not_eligible"
    LOCATION_NOT_PERMITTED = "location_not_permitted"
    DOCUMENTS_NOT_VALID = "documents_not_valid"
    QUOTA_EXHAUSTED = "quota_exhausted"
    NOT_STATED = "not_stated"


class Remedy(StrEnum):
    """The remedy that an applicant has against a rejection (UU 30/2014 art. 75-78 for objection and appeal)."""

    APPLY_AGAIN = "apply_again"
    OBJECTION = "objection"
    APPEAL = "appeal"
    OTHER_SERVICE = "other_service"


class CancellationReason(StrEnum):
    """The reason for a cancellation by the office. NOT_STATED means that the source of an import states no reason."""

    DUPLICATE = "duplicate"
    ENTERED_IN_ERROR = "entered_in_error"
    WRONG_SERVICE = "wrong_service"
    NOT_STATED = "not_stated"


class TransferReason(StrEnum):
    """The reason for a transfer to an office that the service does not list."""

    WRONG_JURISDICTION = "wrong_jurisdiction"
    OFFICE_CLOSED = "office_closed"
    AUTHORITY_MOVED = "authority_moved"
    CONFLICT_OF_INTEREST = "conflict_of_interest"


class RevocationGround(StrEnum):
    """The ground on which the office revokes a granted product (dicabut)."""

    UNTRUE_STATEMENT = "untrue_statement"
    CONDITIONS_BROKEN = "conditions_broken"
    COURT_ORDER = "court_order"
    GRANTED_IN_ERROR = "granted_in_error"
    HOLDER_REQUEST = "holder_request"


class DisputeReason(StrEnum):
    """The reason for a citizen's dispute."""

    NOT_RECEIVED = "not_received"
    WRONG_DATA = "wrong_data"
    DEFECTIVE = "defective"
    SOMEBODY_ELSE_RECEIVED = "somebody_else_received"


class DismissalReason(StrEnum):
    """The office's reason for dismissing a dispute."""

    RECEIPT_PROVES_IT = "receipt_proves_it"
    PRODUCT_IS_RIGHT = "product_is_right"
    NEW_APPLICATION_NEEDED = "new_application_needed"


class Decision(StrEnum):
    """An official's decision."""

    APPROVED = "approved"
    REJECTED = "rejected"


class LifeEvent(StrEnum):
    """An event in the life of a family or of a business. Such an event needs several services at once."""

    BIRTH = "birth"
    MARRIAGE = "marriage"
    MOVING = "moving"
    DEATH = "death"
    BUSINESS = "business"
    BUILDING = "building"


class ComplaintKind(StrEnum):
    """The class of a report in SP4N-LAPOR (PermenPANRB 62/2018). Each class has its own time limit for an answer."""

    INFORMATION = "information"
    COMPLAINT = "complaint"
    INVESTIGATION = "investigation"


class ObstacleCode(StrEnum):
    """The cause of a delay (hambatan). Obstacles may overlap."""

    DOCUMENTS = "H-BERKAS"
    TECHNICAL_TEAM = "H-TEKNIS"
    STAFF = "H-SDM"
    BLANK_FORMS = "H-BLANGKO"
    NETWORK = "H-JARINGAN"
    SYSTEM = "H-SISTEM"
    DATA = "H-DATA"
    SIGNATURE = "H-TTE"
    PAYMENT = "H-BAYAR"
    QUOTA = "H-KUOTA"
    ACCESS = "H-AKSES"
    DISPUTED_LAND = "H-SENGKETA"
    APPLICANT = "H-PEMOHON"
    REGULATION = "H-REGULASI"


class Receiver(StrEnum):
    """The person who collected the product."""

    APPLICANT = "applicant"
    PROXY = "proxy"


class Amendment(StrEnum):
    """The kind of an amendment: the time of the event was wrong, or the event was entered in error."""

    TIME = "time"
    ENTERED_IN_ERROR = "entered_in_error"


class StagePhase(StrEnum):
    """The phase of a stage: before the decision, before the hand-over, or after the hand-over."""

    REVIEW = "review"
    PRODUCTION = "production"
    AFTERCARE = "aftercare"


class Holder(StrEnum):
    """The part of an office that does a stage."""

    FRONT_OFFICE = "front_office"
    BACK_OFFICE = "back_office"
    TECHNICAL_TEAM = "technical_team"
    SIGNATORY = "signatory"


class Kind(StrEnum):
    """The kind of a service: perizinan or non-perizinan."""

    LICENSING = "licensing"
    NON_LICENSING = "non_licensing"


class RegionLevel(StrEnum):
    """The level of a region in the region table."""

    PROVINCE = "province"
    REGENCY = "regency"
    CITY = "city"
    DISTRICT = "district"
