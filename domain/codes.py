"""The words that events may say. No string of an event is free: each is one of these, checked where events are written.

A `Pattern` bounds what a code looks like; whether it exists is asked of the registry by `decide`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a code of ours looks like: a regular expression for the whole of it."""

    regex: str
    longest: int


@dataclass(frozen=True, slots=True)
class Published:
    """Text that an institution publishes about itself (a name of an office, of a stage): registries only."""

    longest: int = 200


_SLUG = r"^(?=[0-9-]*[a-z])[a-z0-9]+(-[a-z0-9]+)*$"
"""With a letter in it: digits alone might be a number that another register issued to a person."""

OfficeCode = Annotated[str, Pattern(_SLUG, 63)]
AgencyCode = Annotated[str, Pattern(_SLUG, 63)]
ServiceCode = Annotated[str, Pattern(_SLUG, 63)]
StageCode = Annotated[str, Pattern(_SLUG, 80)]
RequirementCode = Annotated[str, Pattern(_SLUG, 63)]
GroundCode = Annotated[str, Pattern(_SLUG, 63)]
RefusalCode = Annotated[str, Pattern(_SLUG, 63)]
CalendarCode = Annotated[str, Pattern(_SLUG, 63)]
CounterCode = Annotated[str, Pattern(_SLUG, 63)]
DistrictCode = Annotated[str, Pattern(r"^[0-9]{2}\.[0-9]{2}\.[0-9]{2}$", 8)]
RegencyCode = Annotated[str, Pattern(r"^[0-9]{2}\.[0-9]{2}$", 5)]
RegionCode = Annotated[str, Pattern(r"^[0-9]{2}(\.[0-9]{2})?$", 5)]
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
    """Who did it."""

    APPLICANT = "applicant"
    PROXY = "proxy"
    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    AGENCY = "agency"
    SYSTEM = "system"
    IMPORT = "import"


class Channel(StrEnum):
    """By which way it reached us. The first four are equal before the law (Perpres 89/2021); imports know more."""

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
    """Whose clock `at` is from, and how exact: DAY means that the source knows the date only."""

    SERVER = "server"
    DEVICE = "device"
    SOURCE = "source"
    DAY = "day"


class Defect(StrEnum):
    """What is wrong with a document that goes back to the applicant."""

    MISSING = "missing"
    ILLEGIBLE = "illegible"
    EXPIRED = "expired"
    INCONSISTENT = "inconsistent"
    WRONG_FORM = "wrong_form"
    NOT_SIGNED = "not_signed"


class Advice(StrEnum):
    """How another agency answered a referral (rekomendasi teknis)."""

    FAVOURABLE = "favourable"
    UNFAVOURABLE = "unfavourable"
    INFORMATIVE = "informative"
    UNKNOWN = "unknown"


class RejectionReason(StrEnum):
    """Why an application is rejected (alasan penolakan)."""

    REQUIREMENT_NOT_MET = "requirement_not_met"
    TECHNICAL_ADVICE_NEGATIVE = "technical_advice_negative"
    NOT_ELIGIBLE = "not_eligible"
    LOCATION_NOT_PERMITTED = "location_not_permitted"
    DOCUMENTS_NOT_VALID = "documents_not_valid"
    QUOTA_EXHAUSTED = "quota_exhausted"


class Remedy(StrEnum):
    """What the applicant can do about a rejection (UU 30/2014 art. 75-78 for objection and appeal)."""

    APPLY_AGAIN = "apply_again"
    OBJECTION = "objection"
    APPEAL = "appeal"
    OTHER_SERVICE = "other_service"


class CancellationReason(StrEnum):
    """Why the office cancels an application."""

    DUPLICATE = "duplicate"
    ENTERED_IN_ERROR = "entered_in_error"
    WRONG_SERVICE = "wrong_service"


class RevocationGround(StrEnum):
    """Why a granted product is withdrawn (dicabut)."""

    UNTRUE_STATEMENT = "untrue_statement"
    CONDITIONS_BROKEN = "conditions_broken"
    COURT_ORDER = "court_order"
    GRANTED_IN_ERROR = "granted_in_error"
    HOLDER_REQUEST = "holder_request"


class DisputeReason(StrEnum):
    """Why a citizen says that "done" is not done."""

    NOT_RECEIVED = "not_received"
    WRONG_DATA = "wrong_data"
    DEFECTIVE = "defective"
    SOMEBODY_ELSE_RECEIVED = "somebody_else_received"


class DismissalReason(StrEnum):
    """Why the office holds that it is done, against a dispute."""

    RECEIPT_PROVES_IT = "receipt_proves_it"
    PRODUCT_IS_RIGHT = "product_is_right"
    NEW_APPLICATION_NEEDED = "new_application_needed"


class Decision(StrEnum):
    """What an official decided."""

    APPROVED = "approved"
    REJECTED = "rejected"


class LifeEvent(StrEnum):
    """What happened to a family or a business that needs several services at once."""

    BIRTH = "birth"
    MARRIAGE = "marriage"
    MOVING = "moving"
    DEATH = "death"
    BUSINESS = "business"
    BUILDING = "building"


class ComplaintKind(StrEnum):
    """How SP4N-LAPOR classes a report (PermenPANRB 62/2018): each has its own time for an answer."""

    INFORMATION = "information"
    COMPLAINT = "complaint"
    INVESTIGATION = "investigation"


class ObstacleCode(StrEnum):
    """What holds an application up (hambatan). They may overlap."""

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
    """Who took the product."""

    APPLICANT = "applicant"
    PROXY = "proxy"


class Amendment(StrEnum):
    """What was wrong with the record that an office mends."""

    TIME = "time"
    ENTERED_IN_ERROR = "entered_in_error"


class StagePhase(StrEnum):
    """Before the decision, between the decision and the counter, or after the citizen has the product."""

    REVIEW = "review"
    PRODUCTION = "production"
    AFTERCARE = "aftercare"


class Holder(StrEnum):
    """In whose hands a stage is."""

    FRONT_OFFICE = "front_office"
    BACK_OFFICE = "back_office"
    TECHNICAL_TEAM = "technical_team"
    SIGNATORY = "signatory"


class Kind(StrEnum):
    """Perizinan or non-perizinan."""

    LICENSING = "licensing"
    NON_LICENSING = "non_licensing"


class RegionLevel(StrEnum):
    """Of the region table."""

    PROVINCE = "province"
    REGENCY = "regency"
    CITY = "city"
