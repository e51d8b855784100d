from dataclasses import replace
from datetime import timedelta

from domain.application.commands import AnswerReferral, Approve, Reassign, Refer, Transfer
from domain.application.events import (
    Approved,
    Reassigned,
    ReferralAnswered,
    Referred,
    Suspended,
    Transferred,
    Withdrawn,
)
from domain.codes import Advice, Role, TransferReason
from domain.refusals import (
    ApplicationEnded,
    NotTheReferredOffice,
    OfficeUnchanged,
    OfficeUnknown,
    ReferralOpen,
    ReferralUnknown,
    StatusForbids,
    TransferUnlisted,
)
from tests.builders import (
    ANSWERED,
    APPROVED,
    COMPLETE,
    HANDED_OVER,
    ISSUED,
    MAKASSAR,
    OFFICER,
    PROMISE,
    RECEIVED,
    REFERRED,
    REGISTRY,
    REVIEWED,
    SEMARANG,
    SORONG,
    SUBMITTED,
    an_office,
)
from tests.spec import given

FAVOURABLE = AnswerReferral(referral=1, advice=Advice.FAVOURABLE)


def test_referrals_are_counted_from_one() -> None:
    given(*RECEIVED).when(Refer(to=MAKASSAR)).then(Referred(referral=1, to=MAKASSAR))
    given(*REFERRED).when(Refer(to=SORONG)).then(Referred(referral=2, to=SORONG))
    given(*ANSWERED).when(Refer(to=MAKASSAR)).then(Referred(referral=2, to=MAKASSAR))


def test_another_office_is_asked_and_one_that_there_is() -> None:
    given(*COMPLETE).when(Refer(to="no-such-office")).refused(OfficeUnknown)
    given(*COMPLETE).when(Refer(to=SEMARANG)).refused(OfficeUnchanged)
    given(*SUBMITTED).when(Refer(to=MAKASSAR)).refused(StatusForbids)


def test_the_office_that_was_asked_answers() -> None:
    given(*REFERRED).when(FAVOURABLE, office=MAKASSAR).then(ReferralAnswered(referral=1, advice=Advice.FAVOURABLE))
    given(*REFERRED).when(FAVOURABLE, office=SEMARANG).refused(NotTheReferredOffice)
    given(*REFERRED).when(FAVOURABLE, office=SEMARANG, by=Role.IMPORT).then(
        ReferralAnswered(referral=1, advice=Advice.FAVOURABLE)
    )


def test_a_referral_is_answered_once() -> None:
    given(*ANSWERED).when(FAVOURABLE, office=MAKASSAR).refused(ReferralUnknown)
    given(*REFERRED).when(AnswerReferral(referral=2, advice=Advice.UNKNOWN), office=MAKASSAR).refused(ReferralUnknown)


def test_an_answer_without_a_number_is_to_the_oldest_open_referral() -> None:
    both = given(*ANSWERED, Referred(referral=2, to=SORONG), Referred(referral=3, to=MAKASSAR))
    unnumbered = AnswerReferral(referral=0, advice=Advice.INFORMATIVE)
    both.when(unnumbered, office=SORONG).then(ReferralAnswered(referral=2, advice=Advice.INFORMATIVE))
    both.when(unnumbered, office=MAKASSAR).refused(NotTheReferredOffice)
    given(*ANSWERED).when(unnumbered, office=MAKASSAR).refused(ReferralUnknown)


def test_a_referral_is_answered_while_the_file_is_held_but_not_after_an_end() -> None:
    held = Suspended(ground="awaiting-payment", pauses=True)
    given(*REFERRED, held).when(FAVOURABLE, office=MAKASSAR).then(
        ReferralAnswered(referral=1, advice=Advice.FAVOURABLE)
    )
    given(*REFERRED, Withdrawn()).when(FAVOURABLE, office=MAKASSAR).refused(ApplicationEnded)


def test_nothing_is_approved_while_a_referral_is_open() -> None:
    asked = (*REVIEWED, Referred(referral=1, to=MAKASSAR))
    given(*asked).when(Approve()).refused(ReferralOpen)
    given(*asked, ReferralAnswered(referral=1, advice=Advice.UNFAVOURABLE)).when(Approve()).then(Approved())


def test_the_office_asked_is_concerned_and_open_referrals_are_known() -> None:
    application = given(*REFERRED).application
    assert application.referrals == {1: MAKASSAR}
    assert application.concerned == {SEMARANG, MAKASSAR}
    assert given(*ANSWERED).application.referrals == {}
    assert given(*ANSWERED).application.counted.referrals == 1


def test_a_file_is_transferred_to_another_office() -> None:
    an_hour_earlier = replace(PROMISE, due_at=PROMISE.due_at - timedelta(hours=1))  # by the clock of Makassar
    given(*COMPLETE).when(Transfer(to=MAKASSAR)).then(Transferred(to=MAKASSAR, promise=an_hour_earlier))
    given(*RECEIVED).when(Transfer(to=MAKASSAR)).then(Transferred(to=MAKASSAR))
    given(*APPROVED).when(Transfer(to=MAKASSAR)).then(Transferred(to=MAKASSAR))
    given(*COMPLETE).when(Transfer(to=SEMARANG)).refused(OfficeUnchanged)
    given(*COMPLETE).when(Transfer(to="no-such-office")).refused(OfficeUnknown)
    given(*ISSUED).when(Transfer(to=MAKASSAR)).refused(StatusForbids)


LICENSING = an_office("pemda-3374-dpmptsp", "Asia/Jakarta")
WITH_ANOTHER = replace(REGISTRY, offices={**REGISTRY.offices, LICENSING.code: LICENSING})
UNLISTED = Transfer(to=LICENSING.code, reason=TransferReason.AUTHORITY_MOVED)


def test_only_a_supervisor_with_a_reason_transfers_to_an_office_that_the_service_does_not_list() -> None:
    for role in (Role.OFFICER, Role.AGENCY):
        given(*COMPLETE, registry=WITH_ANOTHER).when(UNLISTED, by=role).refused(TransferUnlisted)
    given(*COMPLETE, registry=WITH_ANOTHER).when(Transfer(to=UNLISTED.to), by=Role.SUPERVISOR).refused(TransferUnlisted)
    given(*COMPLETE, registry=WITH_ANOTHER).when(UNLISTED, by=Role.SUPERVISOR).then(
        Transferred(to=UNLISTED.to, promise=PROMISE, reason=TransferReason.AUTHORITY_MOVED, unlisted=True)
    )


def test_a_listed_office_needs_no_reason_and_is_not_flagged() -> None:
    given(*RECEIVED).when(replace(UNLISTED, to=MAKASSAR), by=Role.OFFICER).then(
        Transferred(to=MAKASSAR, reason=TransferReason.AUTHORITY_MOVED)
    )


def test_an_imported_transfer_to_an_unlisted_office_is_kept_and_deviates() -> None:
    given(*COMPLETE, registry=WITH_ANOTHER).admits(Transferred(to=LICENSING.code)).as_(
        Transferred(to=LICENSING.code, deviates="transfer-unlisted")
    )


def test_a_transferred_file_is_the_other_offices_and_no_officers_yet() -> None:
    application = given(*COMPLETE, Reassigned(officer=OFFICER), Transferred(to=MAKASSAR)).application
    assert application.office == MAKASSAR
    assert application.officer is None
    assert application.concerned == {SEMARANG, MAKASSAR}
    given(*RECEIVED, Transferred(to=MAKASSAR)).when(Transfer(to=SEMARANG)).then(Transferred(to=SEMARANG))


def test_a_file_is_reassigned_until_it_is_handed_over() -> None:
    for history in (SUBMITTED, COMPLETE, ISSUED):
        given(*history).when(Reassign(officer=OFFICER)).then(Reassigned(officer=OFFICER))
    assert given(*COMPLETE, Reassigned(officer=OFFICER)).application.officer == OFFICER
    given(*HANDED_OVER).when(Reassign(officer=OFFICER)).refused(ApplicationEnded)
