"""Request bodies: each body has its own msgspec type. The same types check requests and give the schemas of
openapi.json.
"""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from domain import codes
from domain.persons.national_id import Sex
from domain.satisfaction import Score

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)"  # in Python, `$` alone also matches before a line break at the end

Code = Annotated[str, Meta(pattern=SLUG, max_length=63)]
StageCodeText = Annotated[str, Meta(pattern=SLUG, max_length=80)]
District = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{2}\.[0-9]{2}\.[0-9]{2}$",
        max_length=8,
        examples=["33.74.01"],
        description="PP.KK.CC (Kemendagri)",
    ),
]
Regency = Annotated[
    str,
    Meta(pattern=r"^[0-9]{2}\.[0-9]{2}$", max_length=5, examples=["33.74"], description="PP.KK (Kemendagri)"),
]
Mall = Annotated[
    str,
    Meta(
        pattern=r"^mpp-[0-9]{4}-[0-9]{2}$(?!\n)",
        max_length=11,
        examples=["mpp-3374-01"],
        description="From /v1/malls: the mall in which the citizen is served",
    ),
]
Counter = Annotated[Code, Meta(description="The counter in the mall; the mall must be named too")]
Instant = Annotated[datetime, Meta(tz=True)]
Personal = Annotated[
    str, Meta(min_length=1, max_length=200, description="Sealed: events contain this text only in encrypted form")
]
Note = Annotated[str, Meta(max_length=2000, description="Sealed: events contain this text only in encrypted form")]
Rupiah = Annotated[int, Meta(ge=0, le=1_000_000_000_000, description="Whole rupiah")]
Positive = Annotated[int, Meta(ge=1, le=1_000_000)]
NIK_SCHEMA = {
    "pattern": r"^[0-9]{6}(0[1-9]|[12][0-9]|3[01]|4[1-9]|[56][0-9]|7[01])(0[1-9]|1[0-2])[0-9]{2}[0-9]{4}$",
    "maxLength": 16,
    "examples": ["3374014101900001"],
}
Nik = Annotated[
    str,
    Meta(max_length=200, description="Sealed; the server checks more than the pattern", extra_json_schema=NIK_SCHEMA),
]
"""openapi.json contains the pattern, but this type does not check the pattern, because `domain.persons.national_id`
gives better messages.
"""


class Body(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A request body. A body with an unknown field is refused."""


class CommandBody(Body, kw_only=True, forbid_unknown_fields=True):
    """Every command may have these fields. `at` is the time of an act that was recorded on a device without a network.
    The time comes from the clock of this device. Leave out `at` if the device is online.

    `channel` is the channel of the act. The default is the value `counter`.
    """

    at: Instant | None = None
    channel: codes.Channel | None = None


class OtherDocument(Body, kw_only=True, forbid_unknown_fields=True):
    """Another identity document, for a person without a NIK, for example a foreigner or a refugee."""

    kind: Literal["passport", "kitas", "kitap", "unhcr", "other"]
    number: Personal


class Person(Body, kw_only=True, forbid_unknown_fields=True):
    """A person whom the application concerns. All fields are sealed: they are encrypted with a key for this person in
    this application.

    `nik` is optional, because a newborn has no NIK yet. `birth_date` and `sex` are compared with the NIK. A difference
    gives a warning.
    """

    name: Personal
    nik: Nik | None = None
    other_document: OtherDocument | None = None
    birth_date: date | None = None
    sex: Sex | None = None
    phone: Personal | None = None
    email: Personal | None = None
    address: Personal | None = None


class SubmitBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """A new application. An officer may leave out `office`. Then the officer's own office is used. The default of
    `channel` is the value `counter`.
    """

    service: Annotated[Code, Meta(examples=["ktp-el"], description="From /v1/services")]
    applicant: Person
    office: Annotated[Code, Meta(examples=["pemda-3374-disdukcapil"], description="From /v1/offices")] | None = None
    district: District | None = None
    regency: Regency | None = None
    subject: Person | None = None
    proxy: Person | None = None
    mall: Mall | None = None
    counter: Counter | None = None


class EmptyBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """A command without further fields."""


class CheckDocumentsBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    complete: bool
    missing: Annotated[list[Code], Meta(max_length=50)] = []
    declare_complete: bool = False


class DefectiveDocumentBody(Body, kw_only=True, forbid_unknown_fields=True):
    requirement: Code
    defect: codes.Defect


class ReturnForCorrectionBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """This one command lists all defects of the file."""

    documents: Annotated[list[DefectiveDocumentBody], Meta(min_length=1, max_length=50)]
    note: Note | None = None


class StageBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    stage: StageCodeText


class ReferBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    to: Code
    note: Note | None = None


class AnswerReferralBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    referral: Positive
    advice: codes.Advice
    note: Note | None = None


class TransferBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """`to` is the office that receives the file. If the service does not list this office, only a supervisor may send
    the command, and must give a `reason`.
    """

    to: Code
    reason: codes.TransferReason | None = None


class ReassignBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """`officer` is the random reference of the officer. The `sub` claim of the officer's bearer token contains the same
    reference.
    """

    officer: UUID


class SuspendBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    ground: Code
    note: Note | None = None


class RejectBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    reason: codes.RejectionReason
    remedy: codes.Remedy
    note: Note | None = None


class IssueBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    document_number: Personal | None = None


class HandOverBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """If the product is handed over in a mall, the field `mall` names the mall, and the field `counter` names the
    service counter in the mall.
    """

    receiver: codes.Receiver = codes.Receiver.APPLICANT
    mall: Mall | None = None
    counter: Counter | None = None


class CancelBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    reason: codes.CancellationReason
    note: Note | None = None


class ScheduleInspectionBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """The field `on` holds the day of the inspection, in the time zone of the office."""

    on: date


class RecordInspectionBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    inspection: Positive


class RequestPaymentBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """`payment_number` is the number of the payment order (SKRD, SPS, billing code)."""

    amount_idr: Rupiah
    expires_at: Instant | None = None
    payment_number: Personal | None = None


class ReceivePaymentBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """`receipt_number` is the number that the bank or the treasury gave to the payment."""

    payment: Positive
    amount_idr: Rupiah
    receipt_number: Personal | None = None


class ExpirePaymentBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    payment: Positive


class ReportObstacleBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    code: codes.ObstacleCode
    note: Note | None = None


class ClearObstacleBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    obstacle: Positive


class ExtendDeadlineBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """`extension` is the code of an extension. The standard of the service lists the possible extensions, each with its
    legal basis.
    """

    extension: Code
    note: Note | None = None


class RevokeBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    ground: codes.RevocationGround
    note: Note | None = None


class DisputeBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    reason: codes.DisputeReason
    note: Note | None = None


class DismissDisputeBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    reason: codes.DismissalReason
    note: Note | None = None


class ReopenBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """`redo` lists the production stages that must be repeated."""

    redo: Annotated[list[StageCodeText], Meta(max_length=50)] = []


class ReferComplaintBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """`complaint_number` is the number that SP4N-LAPOR gave to the complaint."""

    kind: codes.ComplaintKind
    complaint_number: Personal | None = None


class LinkedApplicationBody(Body, kw_only=True, forbid_unknown_fields=True):
    """An application to link. Exactly one of `application_id`, `number` and `qr` names the application.

    If your office holds the application, `version` is the version of the application that you saw. A `number` with its
    `pin` proves that the citizen agrees. A `qr` proves the same. With this proof, an application of another office is
    linked at once. Without this proof, an application of another office must concern the same person, and the other
    office must accept the link. `qr` is the token in the QR code, or the address in the QR code.
    """

    application_id: UUID | None = None
    version: Positive | None = None
    number: Annotated[str, Meta(min_length=1, max_length=40, examples=["01K2-M9XD-4TB5"])] | None = None
    pin: Annotated[str, Meta(min_length=1, max_length=40, examples=["51658548"])] | None = None
    qr: Annotated[str, Meta(min_length=1, max_length=300)] | None = None


class LinkApplicationsBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """The applications that one life event needs. Several of these applications may require the same document. Then the
    applicant hands in the document only once, for the first application that requires the document.
    """

    life_event: codes.LifeEvent
    applications: Annotated[list[LinkedApplicationBody], Meta(min_length=2, max_length=10)]


class AmendRecordBody(CommandBody, kw_only=True, forbid_unknown_fields=True):
    """`amends` is the version of the wrong event. Send `corrected_at` only if `amendment` is `time`."""

    amends: Positive
    amendment: codes.Amendment
    corrected_at: Instant | None = None
    note: Note | None = None


class TrackBody(Body, kw_only=True, forbid_unknown_fields=True):
    """The number and the PIN of the receipt. The number and the PIN may contain spaces, all kinds of dashes, and
    lower-case letters.
    """

    number: Annotated[str, Meta(min_length=1, max_length=40, examples=["01K2-M9XD-4TB5"])]
    pin: Annotated[str, Meta(min_length=1, max_length=40, examples=["51658548"])]


Purpose = Literal["process-application", "verify-identity", "answer-citizen", "access-request", "inspection"]


class OpenDossierBody(Body, kw_only=True, forbid_unknown_fields=True):
    """`purpose` says why the sealed parts are opened. The citizen can see the purpose."""

    purpose: Purpose


class FindByNumberBody(Body, kw_only=True, forbid_unknown_fields=True):
    """The tracking number of a receipt. The number may contain spaces, all kinds of dashes, and lower-case letters.

    The number is sent in the body and not in the path. So the number does not appear in addresses, logs or metrics.
    """

    number: Annotated[str, Meta(min_length=1, max_length=40, examples=["01K2-M9XD-4TB5"])]


class FindByPersonBody(Body, kw_only=True, forbid_unknown_fields=True):
    """The NIK is sent in the body and not in the path. So the NIK does not appear in addresses, logs or metrics."""

    nik: Nik


class SatisfactionBody(Body, kw_only=True, forbid_unknown_fields=True):
    """The nine answers of the survey (PermenPANRB 14/2017). The worst answer is 1, and the best answer is 4."""

    requirements: Score
    procedure: Score
    time: Score
    fee: Score
    product: Score
    competence: Score
    behaviour: Score
    complaints: Score
    facilities: Score
