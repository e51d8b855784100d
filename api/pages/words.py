"""How the codes of events read to a citizen: one English source string a code, marked for the catalogue."""

from domain.application import Status
from domain.calendar import Unit
from domain.codes import Advice, CancellationReason, Channel, Defect, Receiver, RejectionReason, Remedy
from domain.pauses import AWAITING_CORRECTION


def N_(text: str) -> str:  # noqa: N802 - the name by which gettext tools find a string that is translated later
    return text


def NN_(one: str, more: str) -> tuple[str, str]:  # noqa: N802 - as N_, for a string and its plural
    return one, more


STATUSES: dict[str, str] = {
    Status.SUBMITTED: N_("submitted, not yet received by the office"),
    Status.RECEIVED: N_("received, the documents are being checked"),
    Status.RETURNED: N_("returned to you for correction"),
    Status.PROCESSING: N_("being processed"),
    Status.SUSPENDED: N_("suspended"),
    Status.APPROVED: N_("approved, being prepared"),
    Status.ISSUED: N_("issued, not yet ready to collect"),
    Status.READY: N_("ready to collect"),
    Status.HANDED_OVER: N_("handed over"),
    Status.REJECTED: N_("rejected"),
    Status.WITHDRAWN: N_("withdrawn"),
    Status.LAPSED: N_("lapsed, no correction came"),
    Status.CANCELLED: N_("cancelled by the office"),
    Status.CONCLUDED: N_("ended, the agency does not say how"),
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
    "referred": N_("Advice asked of: %(to)s"),
    "referral-answered": N_("Advice given: %(advice)s"),
    "transferred": N_("File moved to: %(to)s"),
    "reassigned": N_("File given to another officer"),
    "suspended": N_("Processing suspended: %(ground)s"),
    "resumed": N_("Processing resumed"),
    "approved": N_("Application approved"),
    "rejected": N_("Application rejected: %(reason)s"),
    "issued": N_("Document issued"),
    "ready": N_("Ready to collect"),
    "handed-over": N_("Handed over to %(receiver)s"),
    "withdrawn": N_("Application withdrawn"),
    "lapsed": N_("Application lapsed: no correction came"),
    "cancelled": N_("Application cancelled by the office: %(reason)s"),
    "record-amended": N_("The office corrected its record “%(what)s”"),
    "pin-reset": N_("New PIN given out"),
    "concluded": N_("The application ended; the agency does not say how"),
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
    CancellationReason.DUPLICATE: N_("it was submitted twice"),
    CancellationReason.ENTERED_IN_ERROR: N_("it was entered by mistake"),
    CancellationReason.WRONG_SERVICE: N_("it was entered for the wrong service"),
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
    "trafficking-check": N_("check against human trafficking"),
}
"""Services may list others; those read as their code until they stand here."""

CHANNELS: dict[str, str] = {
    Channel.COUNTER: N_("at the counter"),
    Channel.MOBILE: N_("mobile service"),
    Channel.SELF_SERVICE: N_("self-service kiosk"),
    Channel.ELECTRONIC: N_("online"),
    Channel.INTERNAL: N_("inside the office"),
    Channel.TELEPHONE: N_("by telephone"),
    Channel.POST: N_("by post"),
    Channel.EMAIL: N_("by e-mail"),
    Channel.UNKNOWN: N_("channel not known"),
}

OUTCOMES: dict[str, str] = {
    "granted": N_("granted"),
    "rejected": STATUSES[Status.REJECTED],
    "withdrawn": STATUSES[Status.WITHDRAWN],
    "lapsed": STATUSES[Status.LAPSED],
    "cancelled": STATUSES[Status.CANCELLED],
    "concluded": STATUSES[Status.CONCLUDED],
}

UNITS: dict[str, tuple[str, str]] = {
    Unit.SERVICE_MINUTES: NN_("%(num)s minute of opening time", "%(num)s minutes of opening time"),
    Unit.SERVICE_HOURS: NN_("%(num)s hour of opening time", "%(num)s hours of opening time"),
    Unit.WALL_HOURS: NN_("%(num)s hour, day and night", "%(num)s hours, day and night"),
    Unit.WORKING_DAYS: NN_("%(num)s working day", "%(num)s working days"),
    Unit.CALENDAR_DAYS: NN_("%(num)s calendar day", "%(num)s calendar days"),
    Unit.MONTHS: NN_("%(num)s month", "%(num)s months"),
}

MESSAGES = {
    "wrong-number-or-pin": N_("The tracking number and the PIN do not belong together. Check both on your receipt."),
    "mistyped-wrong-length": N_("A tracking number has 12 letters and digits. Yours has more or fewer."),
    "mistyped-unused-symbol": N_("The tracking number holds a sign that is not used in tracking numbers."),
    "mistyped-check-fails": N_("The tracking number has a typing mistake. Compare it with your receipt, sign by sign."),
    "pin-malformed": N_("A PIN has 8 digits."),
    "limited": N_("Too many attempts. Please wait a while, then try again, or ask at the counter."),
    "signed-out": N_("You have signed out. Type your number and PIN to see your application again."),
    "qr-invalid": N_("This QR code is not valid, or no longer. Type the number and PIN from your receipt instead."),
}

FIELD_OF = {
    "wrong-number-or-pin": "number",
    "mistyped-wrong-length": "number",
    "mistyped-unused-symbol": "number",
    "mistyped-check-fails": "number",
    "pin-malformed": "pin",
}
"""The field a message is about. The others are about none."""
