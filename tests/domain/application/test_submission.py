from datetime import UTC, datetime

import pytest

from domain.application.commands import Receive, SubmitApplication
from domain.application.events import Received, Submitted
from domain.codes import Channel
from domain.refusals import (
    ApplicationAlreadySubmitted,
    ApplicationUnknown,
    ChannelNotOffered,
    OfficeUnknown,
    RegionUnknown,
    ServiceNotOfferedHere,
    ServiceUnknown,
    StatusForbids,
)
from tests.builders import COMPLETE, INFORMATION, KTP, MAKASSAR, NUMBER, RECEIVED, SEMARANG, SIP, SORONG, SUBMITTED
from tests.spec import given

SUBMIT = SubmitApplication(service=KTP, number=NUMBER)


def submit(service: str = KTP, district: str | None = None, regency: str | None = None) -> SubmitApplication:
    return SubmitApplication(service=service, number=NUMBER, district=district, regency=regency)


def test_an_application_is_submitted_under_the_standard_in_force() -> None:
    given().when(SUBMIT).then(Submitted(service=KTP, standard=3, number=NUMBER))


def test_an_application_is_submitted_once() -> None:
    given(*SUBMITTED).when(SUBMIT).refused(ApplicationAlreadySubmitted)
    given(*COMPLETE).when(SUBMIT).refused(ApplicationAlreadySubmitted)


def test_the_standard_in_force_is_that_of_the_offices_own_day() -> None:
    thirtieth_of_june_in_utc = datetime(2026, 6, 30, 16, 30, tzinfo=UTC)
    given().when(SUBMIT, at=thirtieth_of_june_in_utc).then(Submitted(service=KTP, standard=3, number=NUMBER))
    midnight_in_semarang = datetime(2026, 6, 30, 17, tzinfo=UTC)
    given().when(SUBMIT, at=midnight_in_semarang, channel=Channel.ELECTRONIC).then(
        Submitted(service=KTP, standard=4, number=NUMBER)
    )
    given().when(SUBMIT, at=thirtieth_of_june_in_utc, office=SORONG).refused(ServiceNotOfferedHere)


def test_a_service_must_have_a_standard_in_force() -> None:
    given().when(submit("no-such-service")).refused(ServiceUnknown)
    given().when(SUBMIT, at=datetime(2025, 12, 31, 3, tzinfo=UTC)).refused(ServiceUnknown)


def test_an_office_must_be_registered_and_offer_the_service() -> None:
    given().when(SUBMIT, office="no-such-office").refused(OfficeUnknown)
    given().when(SUBMIT, office="").refused(OfficeUnknown)
    given().when(submit(INFORMATION), office=MAKASSAR).refused(ServiceNotOfferedHere)


@pytest.mark.parametrize("channel", [Channel.ELECTRONIC, Channel.TELEPHONE, Channel.INTERNAL])
def test_a_channel_must_be_offered_by_the_service(channel: Channel) -> None:
    given().when(SUBMIT, channel=channel).refused(ChannelNotOffered)


def test_a_mobile_unit_is_as_good_as_the_counter() -> None:
    given().when(SUBMIT, channel=Channel.MOBILE).then(Submitted(service=KTP, standard=3, number=NUMBER))


def test_the_district_is_recorded_or_else_the_regency() -> None:
    in_district = Submitted(service=KTP, standard=3, number=NUMBER, district="33.74.01")
    given().when(submit(district="33.74.01")).then(in_district)
    given().when(submit(district="33.74.01", regency="33.74")).then(in_district)
    given().when(submit(regency="33.74")).then(Submitted(service=KTP, standard=3, number=NUMBER, regency="33.74"))


@pytest.mark.parametrize(
    "command", [submit(SIP, district="33.74.01"), submit(SIP, regency="33.74"), submit(SIP, "33.74.01", "33.74")]
)
def test_of_a_sensitive_service_no_place_finer_than_the_regency_is_recorded(command: SubmitApplication) -> None:
    given().when(command).then(Submitted(service=SIP, standard=1, number=NUMBER, regency="33.74"))


def test_of_a_sensitive_service_no_place_need_be_recorded() -> None:
    given().when(submit(SIP)).then(Submitted(service=SIP, standard=1, number=NUMBER))


@pytest.mark.parametrize("service", [KTP, SIP])
def test_a_place_must_be_in_the_region_table(service: str) -> None:
    given().when(submit(service, district="99.99.01")).refused(RegionUnknown)
    given().when(submit(service, regency="99.99")).refused(RegionUnknown)


def test_the_submission_is_the_offices_where_it_was_made() -> None:
    application = given(*SUBMITTED).application
    assert application.office == SEMARANG
    assert application.concerned == {SEMARANG}
    assert application.number == NUMBER
    assert not application.ended


def test_a_submission_is_received_once() -> None:
    given(*SUBMITTED).when(Receive()).then(Received())
    refusal = given(*RECEIVED).when(Receive()).refused(StatusForbids)
    assert str(refusal) == "The application is received; this can be done while it is submitted."


def test_nothing_can_be_done_with_an_application_that_was_never_submitted() -> None:
    given().when(Receive()).refused(ApplicationUnknown)


def test_nothing_can_be_done_under_a_standard_that_is_not_published() -> None:
    given(Submitted(service="no-such-service", standard=1, number=NUMBER)).when(Receive()).refused(ServiceUnknown)
