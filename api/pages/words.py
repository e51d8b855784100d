"""Words for codes: each code that a citizen sees has one English source string. These strings are marked for the
catalogue.
"""

from domain.application.pauses import AWAITING_CORRECTION, AWAITING_PAYMENT
from domain.application.status import Status
from domain.clocks.marks import Clock, MarkKind, Party
from domain.codes import (
    Advice,
    CancellationReason,
    Channel,
    ComplaintKind,
    Decision,
    Defect,
    DismissalReason,
    DisputeReason,
    LifeEvent,
    ObstacleCode,
    Receiver,
    RejectionReason,
    Remedy,
    RevocationGround,
    TransferReason,
)
from domain.registry.calendar import Unit


def N_(text: str) -> str:  # noqa: N802 - the name by which gettext tools find a string that is translated later
    return text


def NN_(one: str, more: str) -> tuple[str, str]:  # noqa: N802 - like N_, for a string and its plural
    return one, more


STATUSES: dict[str, str] = {
    Status.SUBMITTED: N_("submitted, not yet received by the office"),
    Status.RECEIVED: N_("received, the documents are being checked"),
    Status.RETURNED: N_("returned to you for correction"),
    Status.PROCESSING: N_("being processed"),
    Status.SUSPENDED: N_("suspended"),
    Status.APPROVED: N_("approved, being prepared"),
    Status.DEEMED_APPROVED: N_("granted by law, because no decision came in time"),
    Status.ISSUED: N_("issued, not yet ready to collect"),
    Status.READY: N_("ready to collect"),
    Status.HANDED_OVER: N_("handed over"),
    Status.REJECTED: N_("rejected"),
    Status.WITHDRAWN: N_("withdrawn by the applicant"),
    Status.LAPSED: N_("lapsed, no correction came"),
    Status.CANCELLED: N_("cancelled by the office"),
    Status.REVOKED: N_("revoked after it was granted"),
    Status.CONCLUDED: N_("ended, the agency does not say how"),
    Status.IMPORT_UNDONE: N_("not valid any more: the office took back the data that it had brought"),
}

EVENTS = {
    "submitted": N_("Application submitted"),
    "received": N_("Application received by the office"),
    "documents-checked": N_("Documents checked: %(result)s"),
    "returned-for-correction": N_("Documents returned for correction"),
    "correction-supplied": N_("Corrected documents handed in"),
    "declared-complete": N_("File declared complete"),
    "stage-entered": N_("Started: %(stage)s"),
    "stage-completed": N_("Finished: %(stage)s"),
    "stage-planned": N_("Planned: %(stage)s"),
    "stage-ended": N_("Ended before it was finished: %(stage)s"),
    "referred": N_("Advice requested from: %(to)s"),
    "referral-answered": N_("Advice given: %(advice)s"),
    "transferred": N_("File moved to: %(to)s"),
    "reassigned": N_("File given to another officer"),
    "suspended": N_("Processing suspended: %(ground)s"),
    "resumed": N_("Processing resumed"),
    "inspection-scheduled": N_("Field inspection planned for %(on)s"),
    "inspection-done": N_("Field inspection done"),
    "payment-requested": N_("Payment requested: %(amount)s"),
    "payment-received": N_("Payment received: %(amount)s"),
    "payment-expired": N_("The time to pay is over"),
    "obstacle-reported": N_("Obstacle: %(obstacle)s"),
    "obstacle-cleared": N_("Obstacle removed: %(obstacle)s"),
    "deadline-extended": N_("Deadline extended to %(due)s"),
    "promise-moved": N_("Promised date moved to %(due)s"),
    "approved": N_("Application approved"),
    "deemed-approved": N_("Granted by law: no decision came in time"),
    "decision-reported-late": N_("A decision was recorded late: %(decision)s"),
    "rejected": N_("Application rejected: %(reason)s"),
    "issued": N_("Document issued"),
    "ready": N_("Ready to collect"),
    "handed-over": N_("Handed over to %(receiver)s"),
    "withdrawn": N_("Application withdrawn by the applicant"),
    "lapsed": N_("Application lapsed: no correction came"),
    "cancelled": N_("Application cancelled by the office: %(reason)s"),
    "revoked": N_("Revoked by the office: %(reason)s"),
    "disputed": N_("You disputed the result: %(reason)s"),
    "dispute-dismissed": N_("The office answered that the work is done: %(reason)s"),
    "reopened": N_("Reopened: the office is doing the work again"),
    "linked": N_("Linked with other applications: %(life_event)s"),
    "complaint-referred": N_("Complaint passed on to SP4N-LAPOR"),
    "record-amended": N_("The office corrected its record “%(what)s”"),
    "pin-reset": N_("New PIN given out"),
    "concluded": N_("The application ended; the agency does not say how"),
    "import-undone": N_("The office took back the data that it had brought from its old system"),
}

CHECKED = {True: N_("complete"), False: N_("incomplete")}

DEFECTS: dict[str, str] = {
    Defect.MISSING: N_("missing"),
    Defect.ILLEGIBLE: N_("cannot be read"),
    Defect.EXPIRED: N_("no longer valid"),
    Defect.INCONSISTENT: N_("does not match your other documents"),
    Defect.WRONG_FORM: N_("wrong form"),
    Defect.NOT_SIGNED: N_("not signed"),
}

ADVICE: dict[str, str] = {
    Advice.FAVOURABLE: N_("in favour"),
    Advice.UNFAVOURABLE: N_("against"),
    Advice.INFORMATIVE: N_("for information"),
    Advice.UNKNOWN: N_("content not stated"),
}

REASONS: dict[str, str] = {
    RejectionReason.REQUIREMENT_NOT_MET: N_("a requirement is not met"),
    RejectionReason.TECHNICAL_ADVICE_NEGATIVE: N_("the technical advice was negative"),
    RejectionReason.NOT_ELIGIBLE: N_("the applicant is not entitled to this service"),
    RejectionReason.LOCATION_NOT_PERMITTED: N_("this is not permitted at that location"),
    RejectionReason.DOCUMENTS_NOT_VALID: N_("the documents are not valid"),
    RejectionReason.QUOTA_EXHAUSTED: N_("there are no places left"),
    RejectionReason.NOT_STATED: N_("the agency does not say why"),
    CancellationReason.DUPLICATE: N_("it was submitted twice"),
    CancellationReason.ENTERED_IN_ERROR: N_("it was entered by mistake"),
    CancellationReason.WRONG_SERVICE: N_("it was entered for the wrong service"),
    TransferReason.WRONG_JURISDICTION: N_("the file belongs to the area of that office"),
    TransferReason.OFFICE_CLOSED: N_("the office that had the file is closed"),
    TransferReason.AUTHORITY_MOVED: N_("that office is now responsible for the service"),
    TransferReason.CONFLICT_OF_INTEREST: N_("the office that had the file has a conflict of interest"),
    RevocationGround.UNTRUE_STATEMENT: N_("something stated was not true"),
    RevocationGround.CONDITIONS_BROKEN: N_("its conditions were broken"),
    RevocationGround.COURT_ORDER: N_("a court ordered it"),
    RevocationGround.GRANTED_IN_ERROR: N_("it was granted by mistake"),
    RevocationGround.HOLDER_REQUEST: N_("its holder asked for it"),
    DisputeReason.NOT_RECEIVED: N_("not received"),
    DisputeReason.WRONG_DATA: N_("wrong data"),
    DisputeReason.DEFECTIVE: N_("defective"),
    DisputeReason.SOMEBODY_ELSE_RECEIVED: N_("somebody else received it"),
    DismissalReason.RECEIPT_PROVES_IT: N_("the receipt proves it"),
    DismissalReason.PRODUCT_IS_RIGHT: N_("the document is right"),
    DismissalReason.NEW_APPLICATION_NEEDED: N_("a new application is needed"),
}

REMEDIES: dict[str, str] = {
    Remedy.APPLY_AGAIN: N_("You may put right what was wrong and apply again."),
    Remedy.OBJECTION: N_("If you disagree, you may object in writing to the office that decided."),
    Remedy.APPEAL: N_("If you disagree, you may appeal in writing to the superior of the office that decided."),
    Remedy.OTHER_SERVICE: N_("Another service may fit your need. Ask at the counter which one."),
}

RECEIVERS: dict[str, str] = {
    Receiver.APPLICANT: N_("the applicant"),
    Receiver.PROXY: N_("the applicant's proxy"),
}

GROUNDS = {
    AWAITING_CORRECTION: N_("waiting for corrected documents"),
    AWAITING_PAYMENT: N_("waiting for the payment"),
    "trafficking-check": N_("check against human trafficking"),
}
"""A standard may list other grounds. Such a ground is shown as its code until it has an entry here."""

CHANNELS: dict[str, str] = {
    Channel.COUNTER: N_("at the counter"),
    Channel.MOBILE: N_("mobile unit"),
    Channel.SELF_SERVICE: N_("self-service kiosk"),
    Channel.ELECTRONIC: N_("online"),
    Channel.INTERNAL: N_("by the office itself"),
    Channel.TELEPHONE: N_("by telephone"),
    Channel.POST: N_("by post"),
    Channel.EMAIL: N_("by e-mail"),
    Channel.UNKNOWN: N_("way of applying not known"),
}

BY_LAW = N_("automatically, by law")
"""After a deemed approval, the page shows this text in place of an office and a channel."""

OUTCOMES: dict[str, str] = {
    "granted": N_("granted"),
    "deemed_approved": N_("granted by law, no decision came"),
    "rejected": STATUSES[Status.REJECTED],
    "withdrawn": STATUSES[Status.WITHDRAWN],
    "lapsed": STATUSES[Status.LAPSED],
    "cancelled": STATUSES[Status.CANCELLED],
    "concluded": STATUSES[Status.CONCLUDED],
}

OBSTACLES: dict[str, str] = {
    ObstacleCode.DOCUMENTS: N_("documents are incomplete or do not match"),
    ObstacleCode.TECHNICAL_TEAM: N_("waiting for the technical team"),
    ObstacleCode.STAFF: N_("too few officers"),
    ObstacleCode.BLANK_FORMS: N_("blank forms have run out"),
    ObstacleCode.NETWORK: N_("the network or the power is down"),
    ObstacleCode.SYSTEM: N_("the central system is down"),
    ObstacleCode.DATA: N_("data do not match"),
    ObstacleCode.SIGNATURE: N_("waiting for the electronic signature"),
    ObstacleCode.PAYMENT: N_("the payment is missing or has expired"),
    ObstacleCode.QUOTA: N_("the queue is full"),
    ObstacleCode.ACCESS: N_("weather or terrain blocks the way"),
    ObstacleCode.DISPUTED_LAND: N_("the land is in dispute"),
    ObstacleCode.APPLICANT: N_("the applicant cannot be reached"),
    ObstacleCode.REGULATION: N_("the rules have changed"),
}

LIFE_EVENTS: dict[str, str] = {
    LifeEvent.BIRTH: N_("a birth"),
    LifeEvent.MARRIAGE: N_("a marriage"),
    LifeEvent.MOVING: N_("moving house"),
    LifeEvent.DEATH: N_("a death"),
    LifeEvent.BUSINESS: N_("starting a business"),
    LifeEvent.BUILDING: N_("building a house"),
}

DECISIONS: dict[str, str] = {Decision.APPROVED: N_("approved"), Decision.REJECTED: N_("rejected")}

COMPLAINTS: dict[str, str] = {
    ComplaintKind.INFORMATION: N_("request for information"),
    ComplaintKind.COMPLAINT: N_("complaint"),
    ComplaintKind.INVESTIGATION: N_("complaint that needs a field check"),
}

PARTIES: dict[str, str] = {
    Party.APPLICANT: N_("you, the applicant"),
    Party.EXTERNAL: N_("the person who pays"),
    Party.OTHER_AGENCY: N_("another agency"),
    Party.SIGNATORY: N_("the official who signs"),
    Party.TECHNICAL_TEAM: N_("technical team"),
    Party.FRONT_OFFICE: N_("front office (counter)"),
    Party.BACK_OFFICE: N_("back office"),
}

CLOCKS: dict[tuple[str, str], str] = {
    (Clock.CITIZEN, MarkKind.START): N_("Your time begins"),
    (Clock.CITIZEN, MarkKind.STOP): N_("Your time ends"),
    (Clock.CITIZEN, MarkKind.RESTART): N_("Your time continues as if it had not ended"),
    (Clock.LEGAL, MarkKind.START): N_("The office's clock starts"),
    (Clock.LEGAL, MarkKind.PAUSE): N_("The office's clock is paused"),
    (Clock.LEGAL, MarkKind.RESUME): N_("The office's clock runs again"),
    (Clock.LEGAL, MarkKind.STOP): N_("The office's clock stops"),
    (Clock.LEGAL, MarkKind.RESTART): N_("Declared complete again; the office's clock keeps running"),
}
"""The meaning of each entry of the clock ledger."""

UNITS: dict[str, tuple[str, str]] = {
    Unit.SERVICE_MINUTES: NN_("%(num)s minute of opening time", "%(num)s minutes of opening time"),
    Unit.SERVICE_HOURS: NN_("%(num)s hour of opening time", "%(num)s hours of opening time"),
    Unit.WALL_HOURS: NN_("%(num)s hour, day and night", "%(num)s hours, day and night"),
    Unit.WORKING_DAYS: NN_("%(num)s working day", "%(num)s working days"),
    Unit.CALENDAR_DAYS: NN_("%(num)s calendar day", "%(num)s calendar days"),
    Unit.MONTHS: NN_("%(num)s month", "%(num)s months"),
}

MESSAGES = {
    "wrong-number-or-pin": N_("The tracking number and the PIN do not match. Check both on your receipt."),
    "mistyped-wrong-length": N_("A tracking number has 12 letters and digits. Yours has more or fewer."),
    "mistyped-unused-symbol": N_("The tracking number contains a character that tracking numbers never have."),
    "mistyped-check-fails": N_(
        "The tracking number has a typing mistake. Compare it with your receipt, letter by letter."
    ),
    "pin-malformed": N_("A PIN has 8 digits."),
    "limited": N_("Too many attempts. Wait a while and try again, or scan the QR code on your receipt."),
    "signed-out": N_("You have signed out. Type your number and PIN to see your application again."),
    "qr-invalid": N_("This QR code is wrong or has expired. Type the number and PIN from your receipt instead."),
}

FIELD_OF = {
    "wrong-number-or-pin": "number",
    "mistyped-wrong-length": "number",
    "mistyped-unused-symbol": "number",
    "mistyped-check-fails": "number",
    "pin-malformed": "pin",
}
"""Maps a message to the form field that the message is about. If a message is not listed here, it is about no single
field.
"""
