import csv
import re
import tomllib
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from graphlib import TopologicalSorter
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from holidays import country_holidays
from holidays.constants import GOVERNMENT, PUBLIC

from domain.application.linking import supplied
from domain.codes import StagePhase
from domain.registry.calendar import AfterHours, Calendar, OpeningHours, Unit, is_working_day, span_of
from domain.registry.editions import DeemedApproval, Extension, PromiseTerms, StandardPublished
from domain.registry.registry import Registry, evolve
from infra import catalogue
from tests.conftest import PROJECT

CATALOGUE = PROJECT / "infra" / "catalogue"
SHARED = PROJECT / ".." / "shared" / "data"

CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
CHANNELS = {"counter", "mobile", "self_service", "electronic"}
HOLDERS = {"front_office", "back_office", "technical_team", "signatory"}
GROUNDS = {"awaiting-correction", "awaiting-payment", "trafficking-check"}
UTC_OFFSET_HOURS = {"Asia/Jakarta": 7, "Asia/Pontianak": 7, "Asia/Makassar": 8, "Asia/Jayapura": 9}
OFFICE_KEYS = {"code", "agency", "region", "zone", "names", "days", "joint_leave_closed"}
OFFICE_SETTINGS = {"counters", "day_zero", "after_hours", "late_report_days", "late_report_days_mobile"}
SERVICE_KEYS = {
    *("code", "kind", "names", "sensitive", "edition", "in_force_from", "figures_as_of", "example", "source", "basis"),
    *("offices", "channels", "grounds", "requirements", "stages"),
}
SERVICE_OPTIONS = {"promise", "fee_idr", "extensions", "deemed_approval", "dispute_days", "last_minute_percent"} | {
    *("default_promise", "promise_basis", "no_promise_reason")
}


def read_toml(name: str) -> dict[str, Any]:
    return tomllib.loads((CATALOGUE / name).read_text(encoding="utf-8"))


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shared(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{name} is not shipped with the project; this check needs ../shared/data beside it")
    return path


REGIONS = read_csv(CATALOGUE / "regions.csv")
CALENDARS = read_toml("holidays.toml")["calendar"]
OFFICES = read_toml("examples.toml")["office"]
SERVICES = read_toml("examples.toml")["service"]
LOCAL_CALENDARS = read_toml("examples.toml")["calendar"]
STANDARDS = [published for published in catalogue.examples() if isinstance(published, StandardPublished)]

each_calendar = pytest.mark.parametrize("calendar", CALENDARS, ids=lambda calendar: calendar["code"])
each_office = pytest.mark.parametrize("office", OFFICES, ids=lambda office: office["code"])
each_service = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service["code"])


def in_both_languages(names: dict[str, str]) -> bool:
    return set(names) == {"id", "en"} and all(name.strip() == name and 0 < len(name) <= 200 for name in names.values())


def test_the_country_has_38_provinces_514_regencies_and_cities_and_7285_districts() -> None:
    assert list(REGIONS[0]) == ["code", "parent", "level", "name", "zone"]
    assert Counter(region["level"] for region in REGIONS) == {
        "province": 38,
        "regency": 416,
        "city": 98,
        "district": 7285,
    }
    assert len({region["code"] for region in REGIONS}) == 7837


def test_aceh_has_18_regencies_and_5_cities() -> None:
    assert Counter(region["level"] for region in REGIONS if region["parent"] == "11") == {"regency": 18, "city": 5}


def test_every_region_lies_in_its_province_and_shares_its_zone() -> None:
    provinces = {region["code"]: region for region in REGIONS if region["level"] == "province"}
    for region in REGIONS:
        assert region["name"] == region["name"].strip() != ""
        if region["level"] == "province":
            assert region["parent"] == ""
        else:
            assert region["code"].startswith(region["parent"] + ".")
            assert region["zone"] == provinces[region["code"][:2]]["zone"]
        if region["level"] in ("regency", "city"):
            assert region["name"].startswith("Kota ") == (region["level"] == "city")


def test_the_zones_are_the_three_times_of_the_country() -> None:
    for zone, hours in UTC_OFFSET_HOURS.items():
        assert datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)).utcoffset() == timedelta(hours=hours)
    by_province = {region["code"]: UTC_OFFSET_HOURS[region["zone"]] for region in REGIONS if not region["parent"]}
    assert Counter(by_province.values()) == {7: 18, 8: 12, 9: 8}
    assert [by_province[code] for code in ("11", "36", "62", "51", "63", "76", "81", "96")] == [7, 7, 7, 8, 8, 8, 9, 9]


def test_the_regions_are_those_of_the_source() -> None:
    levels = {"provinsi", "kabupaten_kota", "kecamatan"}
    source = [row for row in read_csv(shared("id_wilayah_kemendagri_2025.csv")) if row["tingkat"] in levels]
    ours = {(region["code"], region["parent"], region["name"]) for region in REGIONS}
    assert ours == {(row["kode"], row["induk"], row["nama"].strip()) for row in source}


def test_the_licence_of_the_regions_is_kept_word_for_word() -> None:
    licence = shared("LICENSE-wilayah-MIT.txt").read_bytes()
    assert (CATALOGUE / "LICENSE-regions-MIT.txt").read_bytes() == licence


@each_calendar
def test_a_calendar_is_one_year(calendar: dict[str, Any]) -> None:
    assert set(calendar) == {"code", "edition", "year", "holidays", "joint_leave", "estimated", "source"}
    assert calendar["code"] == f"id-{calendar['year']}"
    assert calendar["source"]
    days = calendar["holidays"] + calendar["joint_leave"]
    assert len(days) == len(set(days))
    assert all(type(day) is date and day.year == calendar["year"] for day in days)
    assert set(calendar["estimated"]) <= set(calendar["holidays"])


def test_there_is_a_calendar_for_each_year_from_2024_to_2027() -> None:
    assert [(calendar["year"], calendar["edition"]) for calendar in CALENDARS] == [
        (year, 1) for year in (2024, 2025, 2026, 2027)
    ]
    assert [bool(calendar["estimated"]) for calendar in CALENDARS] == [False, False, False, True]


def test_the_calendars_agree_with_the_source() -> None:
    rows = [row for row in read_csv(shared("id_holidays_2017_2027.csv")) if row["date"] >= "2024"]
    joint_leave = {row["date"] for row in rows if "cuti bersama" in row["category"]}
    assert joint_leave == {str(day) for calendar in CALENDARS for day in calendar["joint_leave"]}
    assert {row["date"] for row in rows} - joint_leave == {
        str(day) for calendar in CALENDARS for day in calendar["holidays"]
    }
    assert {row["date"] for row in rows if "perkiraan" in row["name_id"]} == {
        str(day) for calendar in CALENDARS for day in calendar["estimated"]
    }


@each_calendar
def test_the_calendars_agree_with_the_library_that_they_are_from(calendar: dict[str, Any]) -> None:
    def known(category: str) -> set[date]:
        return set(country_holidays("ID", years=calendar["year"], categories=(category,), language="en_US"))

    assert known(PUBLIC) == set(calendar["holidays"])
    assert known(GOVERNMENT) == set(calendar["joint_leave"])


def test_2026_has_240_working_days_and_248_where_joint_leave_is_worked() -> None:
    found = next(calendar for calendar in CALENDARS if calendar["year"] == 2026)
    calendar = Calendar(
        code=found["code"],
        edition=found["edition"],
        holidays=frozenset(found["holidays"]),
        joint_leave=frozenset(found["joint_leave"]),
        first_day=date(2026, 1, 1),
        last_day=date(2026, 12, 31),
    )
    weekdays = ((time(8), time(15)),) * 5 + (None, None)
    for joint_leave_closed, expected in ((True, 240), (False, 248)):
        hours = OpeningHours(zone="Asia/Jakarta", days=weekdays, joint_leave_closed=joint_leave_closed)
        year = (date(2026, 1, 1) + timedelta(days=later) for later in range(365))
        assert sum(is_working_day(day, calendar, hours) for day in year) == expected


@each_office
def test_an_office_stands_in_a_region_and_keeps_its_time(office: dict[str, Any]) -> None:
    assert set(office) - OFFICE_SETTINGS == OFFICE_KEYS
    assert CODE.fullmatch(office["code"])
    assert CODE.fullmatch(office["agency"])
    assert in_both_languages(office["names"])
    region = next(region for region in REGIONS if region["code"] == office["region"])
    assert region["level"] != "province"
    assert office["zone"] == region["zone"]


@each_office
def test_an_offices_opening_hours_are_whole_minutes_of_a_week(office: dict[str, Any]) -> None:
    days = tuple(tuple(day) or None for day in office["days"])
    hours = OpeningHours(zone=office["zone"], days=days, joint_leave_closed=office["joint_leave_closed"])
    assert all(type(at) is time and at.second == 0 for span in hours.days if span for at in span)


def test_a_counter_serves_services_of_its_office_at_hours_of_its_own() -> None:
    offered = {(office, service["code"]) for service in SERVICES for office in service["offices"]}
    counters = [(office["code"], counter) for office in OFFICES for counter in office.get("counters", ())]
    assert counters
    for office, counter in counters:
        assert CODE.fullmatch(counter["code"])
        assert in_both_languages(counter["names"])
        assert {(office, service) for service in counter["services"]} <= offered
        OpeningHours(zone="Asia/Jakarta", days=tuple(tuple(day) or None for day in counter["days"]))


def test_the_mall_has_counters_of_example_offices_of_its_region_and_says_that_it_is_an_example() -> None:
    [mall] = read_toml("examples.toml")["mall"]
    offices = {office["code"]: office["region"] for office in OFFICES}
    assert mall["code"] == "mpp-3374-01"
    assert in_both_languages(mall["names"])
    assert {offices[counter["office"]] for counter in mall["counters"]} == {mall["region"]}
    assert len({counter["code"] for counter in mall["counters"]}) == len(mall["counters"]) > 1
    assert all(in_both_languages(counter["names"]) for counter in mall["counters"])
    registry = reduce(evolve, catalogue.examples(), Registry())
    assert registry.malls["mpp-3374-01"].example


def test_a_local_calendar_is_of_example_offices_and_of_its_year() -> None:
    for calendar in LOCAL_CALENDARS:
        assert set(calendar["offices"]) <= {office["code"] for office in OFFICES}
        assert all(day.year == calendar["year"] for day in calendar["closures"])
        assert calendar["source"]


def test_the_examples_show_a_counter_special_hours_a_closure_and_settings_of_an_office() -> None:
    registry = reduce(evolve, [*catalogue.basics(), *catalogue.examples()], Registry())
    assert registry.offices["kemnaker"].after_hours is AfterHours.SAME_DAY
    known = registry.calendar_from(datetime(2026, 3, 9, 3, tzinfo=UTC), "pemda-3374-ppid")
    assert known
    hours = registry.opening_hours("pemda-3374-ppid")
    spans = [span_of(date(2026, *day), known[0], hours) for day in ((3, 9), (4, 20), (4, 21))]
    assert spans == [(time(8), time(13, 30)), None, (time(8), time(15))]
    assert registry.opening_hours("pemda-3374-dinkes", "spp-irt").days[:2] == (None, (time(8), time(12)))
    assert registry.opening_hours("pemda-3374-dinkes", "sip").days[0] == (time(8), time(15))


def test_codes_are_used_once() -> None:
    for coded in (OFFICES, SERVICES, [*CALENDARS, *LOCAL_CALENDARS]):
        assert len({entry["code"] for entry in coded}) == len(coded)


def test_the_example_has_offices_in_all_three_times() -> None:
    assert {UTC_OFFSET_HOURS[office["zone"]] for office in OFFICES} == {7, 8, 9}


def test_the_example_has_20_services_and_every_office_offers_one() -> None:
    assert len(SERVICES) == 20
    offered = set(chain.from_iterable(service["offices"] for service in SERVICES))
    assert offered == {office["code"] for office in OFFICES}


@each_service
def test_a_service_is_complete(service: dict[str, Any]) -> None:
    assert set(service) - SERVICE_OPTIONS == SERVICE_KEYS
    assert CODE.fullmatch(service["code"])
    assert in_both_languages(service["names"])
    assert service["kind"] in {"licensing", "non_licensing"}
    assert service["source"]
    assert set(service["channels"]) <= CHANNELS
    assert service["channels"]
    assert set(service["grounds"]) <= GROUNDS


@each_service
def test_a_standard_says_that_it_is_an_example_and_how_old_its_figures_are(service: dict[str, Any]) -> None:
    assert service["example"] is True
    assert service["edition"] == 1
    assert service["in_force_from"] == date(2024, 1, 1)
    assert service["figures_as_of"] == date(2026, 11, 1)


@each_service
def test_a_promise_is_one_figure_in_a_unit_and_a_fee_is_in_whole_rupiah(service: dict[str, Any]) -> None:
    promise = service.get("promise", {"unit": "working_days", "n": 1})
    assert set(promise) - {"roll_forward"} == {"unit", "n"}
    assert promise["unit"] in set(Unit) - {Unit.SOURCE}
    assert promise["n"] > 0
    fee = service.get("fee_idr", 0)
    assert type(fee) is int
    assert fee >= 0


def test_the_promises_are_those_that_a_source_gives_as_one_figure() -> None:
    promises = {s["code"]: (s["promise"]["unit"], s["promise"]["n"]) for s in SERVICES if "promise" in s}
    assert promises == {
        "kartu-keluarga": ("calendar_days", 1),
        "akta-kelahiran": ("wall_hours", 24),
        "sip": ("working_days", 5),
        "jkn-pbpu": ("service_hours", 1),
        "sambungan-air": ("working_days", 5),
        "pertanahan-peralihan": ("working_days", 5),
        "informasi-publik": ("working_days", 10),
    }


@each_service
def test_a_service_has_its_own_promise_or_the_laws_default_or_says_why_it_has_none(service: dict[str, Any]) -> None:
    own, default, none = (name in service for name in ("promise", "default_promise", "no_promise_reason"))
    assert [own, default, none].count(True) == 1
    if default:
        assert service["default_promise"] is True
        assert "UU 30/2014 pasal 53" in service["promise_basis"]
    if none:
        assert in_both_languages(service["no_promise_reason"])


def test_the_laws_default_applies_where_the_source_gives_no_time_at_all() -> None:
    by_law = [standard for standard in STANDARDS if standard.default_promise]
    assert [standard.service for standard in by_law] == ["sim-perpanjangan", "stnk", "spp-irt"]
    assert {standard.terms for standard in by_law} == {PromiseTerms(unit=Unit.WORKING_DAYS, n=5)}


def test_services_whose_very_name_tells_something_are_sensitive() -> None:
    sensitive = {service["code"] for service in SERVICES if service["sensitive"]}
    assert sensitive == {"skck", "sip", "jkn-pbpu", "akta-kelahiran"}


def test_only_the_licence_to_practise_is_approved_by_silence_and_says_by_which_law() -> None:
    [standard] = [standard for standard in STANDARDS if standard.deemed_approval]
    assert standard.service == "sip"
    assert standard.deemed_approval == DeemedApproval(
        basis="uu-30-2014-53", basis_text="UU 30/2014 pasal 53, diubah UU 6/2023 pasal 175"
    )


def test_only_a_request_for_information_may_be_extended_and_says_by_which_law() -> None:
    [standard] = [standard for standard in STANDARDS if standard.extensions]
    assert standard.service == "informasi-publik"
    assert standard.extensions == (Extension(code="further-search", n=7, basis="UU 14/2008"),)


def test_every_product_may_be_disputed_for_thirty_days() -> None:
    assert {standard.dispute_days for standard in STANDARDS if standard.service != "pengaduan"} == {30}


def test_after_the_hand_over_a_job_seeker_reports_and_a_connection_is_observed() -> None:
    aftercare = StagePhase.AFTERCARE
    found = {s.service: [stage.code for stage in s.stages if stage.phase is aftercare] for s in STANDARDS}
    assert {service: codes for service, codes in found.items() if codes} == {
        "ak-1": ["six-month-report"],
        "sambungan-air": ["observation"],
    }


@each_service
def test_a_requirement_has_a_code_and_a_name(service: dict[str, Any]) -> None:
    requirements = service["requirements"]
    assert len({requirement["code"] for requirement in requirements}) == len(requirements) > 0
    for requirement in requirements:
        assert set(requirement) == {"code", "names"}
        assert CODE.fullmatch(requirement["code"])
        assert in_both_languages(requirement["names"])


@each_service
def test_stages_are_an_acyclic_graph_within_each_phase(service: dict[str, Any]) -> None:
    stages = {stage["code"]: stage for stage in service["stages"]}
    assert len(stages) == len(service["stages"])
    for code, stage in stages.items():
        assert set(stage) - {"optional"} == {"code", "names", "phase", "after", "holder"}
        assert CODE.fullmatch(code)
        assert in_both_languages(stage["names"])
        assert stage["phase"] in set(StagePhase)
        assert stage["holder"] in HOLDERS
        assert all(stages[before]["phase"] == stage["phase"] for before in stage["after"])
    order = TopologicalSorter({code: stage["after"] for code, stage in stages.items()})
    assert set(order.static_order()) == set(stages)
    assert any(stage["phase"] == "review" for stage in stages.values())


def test_the_services_of_a_birth_ask_once_for_each_document_that_they_share() -> None:
    birth = ("akta-kelahiran", "kartu-keluarga", "jkn-pbpu")
    standards = {each.service: each for each in catalogue.examples() if isinstance(each, StandardPublished)}
    assert supplied([standards[service] for service in birth]) == [
        (),
        ("marriage-book", "family-card"),
        ("family-card",),
    ]
