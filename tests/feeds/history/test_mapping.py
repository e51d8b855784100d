"""Mappings are written by people: what they say is taken as said, and what is wrong is told with its place."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.codes import Advice, Channel, StagePhase
from domain.registry.editions import OfficeRegistered, StandardPublished
from feeds.history.mapping import Activity, Mapping, activities_of
from feeds.history.mapping_file import MappingWrong, read_mapping
from feeds.history.registry_editions import editions
from feeds.history.vocabulary import STAGE_CODE_LONGEST, lines_to_add, stage_code, toml_text
from tests.conftest import PROJECT

LEAST = """
source = "uji"
zone = "Asia/Jakarta"
[service]
code = "uji-layanan"
id = "Layanan"
en = "Service"
[offices]
agency = "uji"
default = { code = "uji-pusat", id = "Pusat", en = "Centre" }
"""


def mapping(tmp_path: Path, text: str) -> Mapping:
    file = tmp_path / "a.toml"
    file.write_text(text, encoding="utf-8")
    return read_mapping(file)


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(MappingWrong) as refused:
        mapping(tmp_path, text)
    message = str(refused.value)
    assert message.startswith(f"{tmp_path / 'a.toml'}: ")
    return message


def test_the_least_mapping_takes_the_usual_columns_and_drops_the_rest(tmp_path: Path) -> None:
    read = mapping(tmp_path, LEAST)
    assert read.case_columns() == {"concept:name"}
    assert read.event_columns() == {"concept:name", "time:timestamp"}
    assert (read.submitted, read.deadline, read.concluded) == (None, None, None)
    assert read.channels.default is Channel.UNKNOWN
    assert (read.activities, read.times) == ({}, [])


@pytest.mark.parametrize("name", sorted(file.name for file in (PROJECT / "examples").glob("*.toml")))
def test_the_shipped_mappings_can_be_used(name: str) -> None:
    read = read_mapping(PROJECT / "examples" / name)
    assert read.source in read.service.code
    assert len(editions(read)) > 1


def test_the_receipt_mapping_knows_all_27_activities_and_their_kinds() -> None:
    read = read_mapping(PROJECT / "examples" / "receipt.toml")
    events = [activity.event for activity in activities_of(read.activities).values()]
    assert (len(events), events.count("stage")) == (27, 21)
    assert (events.count("received"), events.count("referred"), events.count("referral_answered")) == (1, 1, 4)


def test_an_activity_is_a_word_or_a_table(tmp_path: Path) -> None:
    activities = """
    others = [{ code = "uji-saran", id = "Saran", en = "Advice" }]
    [activities]
    "Terima" = "received"
    "Minta" = { event = "referred", to = "uji-saran" }
    "Jawab" = { event = "referral_answered", advice = "favourable" }
    "Cetak" = { stage = "cetak-kartu" }
    """
    assert activities_of(mapping(tmp_path, LEAST + activities).activities) == {
        "Terima": Activity(event="received"),
        "Minta": Activity(event="referred", to="uji-saran"),
        "Jawab": Activity(event="referral_answered", advice=Advice.FAVOURABLE),
        "Cetak": Activity(event="stage", stage="cetak-kartu"),
    }


def test_offices_are_registered_once_and_before_the_service_that_names_them(tmp_path: Path) -> None:
    more = """
    column = "unit"
    others = [{ code = "uji-saran", id = "Saran", en = "Advice" }]
    [offices.values]
    "A" = { code = "uji-a", id = "A", en = "A" }
    "a lama" = { code = "uji-a", id = "A", en = "A" }
    [channels]
    values = { "loket" = "counter", "pos" = "post" }
    [activities]
    "Survei  lokasi" = "stage"
    "Masuk" = { event = "stage_entered", stage = "gudang" }
    "Terima" = "received"
    """
    *offices, standard = editions(mapping(tmp_path, LEAST + more))
    assert isinstance(standard, StandardPublished)
    assert all(isinstance(office, OfficeRegistered) and office.imported for office in offices)
    codes = [office.code for office in offices if isinstance(office, OfficeRegistered)]
    assert tuple(sorted(codes)) == standard.offices == ("uji-a", "uji-pusat", "uji-saran")
    assert standard.channels == (Channel.COUNTER, Channel.POST, Channel.UNKNOWN)
    assert [(stage.code, stage.names.id) for stage in standard.stages] == [
        ("survei-lokasi", "Survei  lokasi"),
        ("gudang", "Masuk"),
    ]
    assert {stage.phase for stage in standard.stages} == {StagePhase.REVIEW}
    assert (standard.imported, standard.free_order, standard.source) == (True, True, "uji")


ACTIVITIES = LEAST + "[activities]\n"
WRONG: dict[str, tuple[str, str]] = {
    "no TOML": ("=", "line 1"),
    "an unknown key": ("colour = 1\n" + LEAST, "unknown field `colour`"),
    "an unknown key of an office": (LEAST.replace("en =", "english ="), "english"),
    "an unknown key of an activity": (ACTIVITIES + '"A" = { phase = "review" }', "unknown field `phase`"),
    "a missing key": (LEAST.replace('source = "uji"', ""), "`source`"),
    "a code that is none": (LEAST.replace('"uji-layanan"', '"Uji Layanan"'), "$.service.code"),
    "an unknown zone": (LEAST.replace("Asia/Jakarta", "Jakarta"), "IANA name"),
    "a zone outside of the zones": (LEAST.replace("Asia/Jakarta", "../../etc/passwd"), "IANA name"),
    "a zone that is a folder": (LEAST.replace("Asia/Jakarta", "Asia"), "IANA name"),
    "a zone without a name": (LEAST.replace("Asia/Jakarta", ""), "IANA name"),
    "an unknown channel": (LEAST + '[channels.values]\n"x" = "merpati"', "merpati"),
    "a time of day that is none": (LEAST + '[submitted]\ncolumn = "x"\nday_at = ["midnight"]', "day_at"),
    "a time of day of events that is none": (LEAST + '[events]\nday_at = ["midnight"]', "day_at"),
    "neither an office column nor a default": (
        "\n".join(line for line in LEAST.splitlines() if not line.startswith("default")),
        "needs a column, or a default",
    ),
    "an unknown event": (ACTIVITIES + '"A" = "accepted"', "activities.'A': event must be one of approved,"),
    "a referral to nobody": (ACTIVITIES + '"A" = "referred"', "activities.'A': to must be the code of an office"),
    "a referral to an unknown office": (ACTIVITIES + '"A" = { event = "referred", to = "x" }', "to must be the code"),
    "a pattern without a stage code": (ACTIVITIES + '"*" = "stage"', "activities.'*': a pattern needs a stage code"),
    "a cancellation without a reason": (ACTIVITIES + '"A" = "cancelled"', "activities.'A': reason must be one of dup"),
    "a rejection without a remedy": (
        ACTIVITIES + '"A" = { event = "rejected", reason = "not_eligible" }',
        "and remedy one of",
    ),
    "a hand-over to nobody": (ACTIVITIES + '"A" = "handed_over"', "receiver must be one of applicant, proxy"),
    "a policy that is none": ('doubled = "both"\n' + LEAST, "doubled"),
    "an encoding that is none": (
        LEAST + '[csv]\nencoding = "utf-99"',
        "csv.encoding must be an encoding that Python knows",
    ),
    "an encoding that is no text": (
        LEAST + '[csv]\nencoding = "hex"',
        "csv.encoding must be an encoding that Python knows",
    ),
    "no case column": ("case = []\n" + LEAST, "case needs a column"),
    "a format without a year": (
        LEAST + '[submitted]\ncolumn = "x"\nformats = ["%d/%m"]',
        "formats: '%d/%m' is not iso, ",
    ),
    "a format with a zone's name": (
        LEAST + '[events]\nformats = ["%Y-%m-%d %Z"]',
        "or a strptime pattern with year and day",
    ),
    "a format without a month": (LEAST + '[events]\nformats = ["%Y-%d"]', "(and month; "),
    "hours without minutes": (LEAST + '[events]\nformats = ["%d/%m/%Y %H"]', "minutes belong to hours"),
    "an hour of the wrong clock": (LEAST + '[events]\nformats = ["%d/%m/%Y %H:%M %p"]', "%p to %I"),
    "twelve hours without their half": (LEAST + '[events]\nformats = ["%d/%m/%Y %I:%M"]', "%p to %I"),
    "a format of weeks": (LEAST + '[events]\nformats = ["%Y-%W"]', "or a strptime pattern"),
    "two orders of day and month": (
        LEAST + '[events]\nformats = ["dmy", "iso", "mdy"]',
        "give one text two meanings; name one of them",
    ),
    "two orders in patterns": (
        LEAST + '[events]\nformats = ["%d/%m/%Y", "%m/%d/%Y %H:%M"]',
        "give one text two meanings; name one of them",
    ),
    "two calendars of a spreadsheet": (
        LEAST + '[events]\nformats = ["excel", "excel_1904"]',
        "give one text two meanings; name one of them",
    ),
    "a bound above all rows": ("replaced_at_most = 1.5\n" + LEAST, "replaced_at_most"),
    "a format that is none": (LEAST + '[events]\nformats = ["%Y-%m-%d %q"]', "or a strptime pattern"),
    "no format": (LEAST + "[events]\nformats = []", "formats must name at least one"),
    "a column of times that stands twice": (
        LEAST + '[[times]]\ncolumn = "x"\n[[times]]\ncolumn = "x"',
        "[[times]] names the column 'x' twice",
    ),
    "words without a column": (
        LEAST + '[[times]]\ncolumn = "x"\nvalues = { "A" = "issued" }',
        "[[times]] of the column 'x': `by` needs `values`",
    ),
    "a word of a column of times that is wrong": (
        LEAST + '[[times]]\ncolumn = "x"\nby = "y"\nvalues = { "A" = "accepted" }',
        "times of 'x', 'A': event must be one of",
    ),
    "two activities that make one code": (
        ACTIVITIES + '"A b" = "stage"\n"a-B" = "stage"',
        "activities.'a-B': give it another stage code, because another activity has the same code",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_the_file_and_the_key(tmp_path: Path, name: str) -> None:
    text, wrong = WRONG[name]
    assert wrong in refusal(tmp_path, text)


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"source = '\xff'")
    for file in (tmp_path / "a.toml", tmp_path / "absent.toml", tmp_path):
        with pytest.raises(MappingWrong, match=str(file)):
            read_mapping(file)


def test_entering_and_completing_may_share_a_stage(tmp_path: Path) -> None:
    both = '"Mulai" = { event = "stage_entered", stage = "survei" }\n"Survei" = "stage"\n'
    [stage] = [
        s for e in editions(mapping(tmp_path, ACTIVITIES + both)) if isinstance(e, StandardPublished) for s in e.stages
    ]
    assert stage.code == "survei"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("T02 Check confirmation of receipt", "t02-check-confirmation-of-receipt"),
        ("01_HOOFD_010", "01-hoofd-010"),
        ("Ünïted  Façade!", "united-facade"),
        ("審査", "stage"),
        ("--", "stage"),
        ("a" * 79 + " b", "a" * 79),
    ],
)
def test_a_stage_s_code_is_made_of_its_name(name: str, code: str) -> None:
    assert stage_code(name) == code


@given(st.text(max_size=200))
def test_any_name_makes_a_code_that_the_log_takes(name: str) -> None:
    code = stage_code(name)
    assert 0 < len(code) <= STAGE_CODE_LONGEST
    assert set(code) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not code.startswith("-")
    assert not code.endswith("-")
    assert "--" not in code


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_word_of_a_source_becomes_a_key_that_toml_reads_back(word: str) -> None:
    assert tomllib.loads(f"{toml_text(word)} = 1") == {word: 1}


def test_the_most_frequent_words_come_first_with_their_counts() -> None:
    assert lines_to_add({"b": 1, "c": 5, "a": 1}, '"stage"') == [
        '"c" = "stage"  # 5',
        '"a" = "stage"  # 1',
        '"b" = "stage"  # 1',
    ]


def test_a_stage_may_have_several_words_and_is_published_by_those_of_the_mapping(tmp_path: Path) -> None:
    words = """
    "Survei" = "stage"
    "Peninjauan" = { stage = "survei-lokasi" }
    "Tinjau*" = { stage = "survei-lokasi" }
    "" = { stage = "tanpa-nama" }
    [[times]]
    column = "tgl_cetak"
    """
    *_, standard = editions(mapping(tmp_path, ACTIVITIES + words))
    assert isinstance(standard, StandardPublished)
    assert [(stage.code, stage.names.id) for stage in standard.stages] == [
        ("survei", "Survei"),
        ("survei-lokasi", "Peninjauan"),
        ("tanpa-nama", "tanpa-nama"),
        ("tgl-cetak", "tgl_cetak"),
    ]
