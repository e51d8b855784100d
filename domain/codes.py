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


class Receiver(StrEnum):
    """Who took the product."""

    APPLICANT = "applicant"
    PROXY = "proxy"


class Amendment(StrEnum):
    """What was wrong with the record that an office mends."""

    TIME = "time"
    ENTERED_IN_ERROR = "entered_in_error"


class StagePhase(StrEnum):
    """Before the decision, or between the decision and the counter."""

    REVIEW = "review"
    PRODUCTION = "production"


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
