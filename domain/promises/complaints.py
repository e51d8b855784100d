"""The time limits for a complaint at SP4N-LAPOR (PermenPANRB 62/2018) are counted in working days of the office
concerned.

The limits are:

* 3 days to verify the complaint and to pass the complaint on;
* 5 days to answer a request for information, or a complaint that needs no oversight;
* 14 days to answer a complaint that needs no field check;
* 60 days to answer a complaint that needs an investigation in the field.
"""

from collections.abc import Mapping

from domain.codes import ComplaintKind
from domain.registry.calendar import Unit
from domain.registry.editions import PromiseTerms
from domain.rules import rests_on

EDITION = "permenpanrb-62-2018@1"

VERIFY_DAYS = 3
ANSWER_DAYS: Mapping[ComplaintKind, int] = {
    ComplaintKind.INFORMATION: 5,
    ComplaintKind.COMPLAINT: 14,
    ComplaintKind.INVESTIGATION: 60,
}


@rests_on("complaint-due")
def verify_terms() -> PromiseTerms:
    return PromiseTerms(unit=Unit.WORKING_DAYS, n=VERIFY_DAYS)


@rests_on("complaint-due")
def answer_terms(kind: ComplaintKind) -> PromiseTerms:
    return PromiseTerms(unit=Unit.WORKING_DAYS, n=ANSWER_DAYS[kind])
