"""Tests of the NIK check: valid NIKs, invalid ones, and doubts about a NIK that may be right."""

from datetime import date

import pytest

from domain.persons.national_id import MESSAGES, Doubt, NationalIdFault, NationalIdInvalid, Sex, check

PROVINCES = {"33", "36", "91", "92", "96"}
MAN, WOMAN = "3602041211870001", "3602045211870001"


def with_day(day: str) -> str:
    return MAN[:6] + day + MAN[8:]


@pytest.mark.parametrize(
    ("nik", "fault"),
    [
        pytest.param(with_day("40"), NationalIdFault.NO_SUCH_DAY, id="day 40"),
        pytest.param(with_day("72"), NationalIdFault.NO_SUCH_DAY, id="day 72"),
        pytest.param(with_day("00"), NationalIdFault.NO_SUCH_DAY, id="day 00"),
        pytest.param(with_day("32"), NationalIdFault.NO_SUCH_DAY, id="day 32"),
        pytest.param("3602041213870001", NationalIdFault.NO_SUCH_MONTH, id="month 13"),
        pytest.param("3602041200870001", NationalIdFault.NO_SUCH_MONTH, id="month 00"),
        pytest.param("3602041211870000", NationalIdFault.NO_SERIAL, id="serial 0000"),
        pytest.param(MAN[:15], NationalIdFault.NOT_SIXTEEN_DIGITS, id="15 digits"),
        pytest.param(MAN + "0", NationalIdFault.NOT_SIXTEEN_DIGITS, id="17 digits"),
        pytest.param(MAN + "\n", NationalIdFault.NOT_SIXTEEN_DIGITS, id="a line break at its end"),
        pytest.param("36020412118700O1", NationalIdFault.NOT_SIXTEEN_DIGITS, id="a letter"),
        pytest.param("٣" + MAN[1:], NationalIdFault.NOT_SIXTEEN_DIGITS, id="a digit of another script"),
        pytest.param("3602043002990001", NationalIdFault.NO_SUCH_DATE, id="30 February"),
        pytest.param("3602047002990001", NationalIdFault.NO_SUCH_DATE, id="30 February of a woman"),
        pytest.param("3602042902990001", NationalIdFault.NO_SUCH_DATE, id="29 February 99 of any century"),
    ],
)
def test_what_is_no_nik_is_told_why_and_not_repeated(nik: str, fault: NationalIdFault) -> None:
    with pytest.raises(NationalIdInvalid) as caught:
        check(nik, provinces=PROVINCES)
    assert caught.value.fault is fault
    assert str(caught.value) == MESSAGES[fault]
    assert nik not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "nik",
    [
        pytest.param(MAN, id="a man of 12-11-1987"),
        pytest.param(WOMAN, id="a woman of the same day"),
        pytest.param("3602042902000001", id="29 February 00, of 2000"),
        pytest.param("3602042902960001", id="29 February 96"),
        pytest.param(with_day("71")[:8] + "12" + MAN[10:], id="day 71"),
        pytest.param("3602040101870001", id="New Year's Day"),
        pytest.param("3602044101870001", id="a woman of New Year's Day"),
        pytest.param("3602040102870001", id="the first of February"),
    ],
)
def test_a_nik_is_one(nik: str) -> None:
    assert check(nik, provinces=PROVINCES) == ()


def test_a_province_that_no_list_knows_is_a_doubt_and_an_old_one_is_none() -> None:
    assert check("99" + MAN[2:], provinces=PROVINCES) == (Doubt.PROVINCE_UNKNOWN,)
    for papua in ("91", "92", "96"):
        assert check(papua + MAN[2:], provinces=PROVINCES) == ()


def test_what_else_is_known_of_the_person_is_compared_and_never_refused() -> None:
    known = {"born": date(1987, 11, 12), "regency": "36.02"}
    assert check(MAN, provinces=PROVINCES, sex=Sex.MALE, **known) == ()  # type: ignore[arg-type] # each value has its own type
    assert check(WOMAN, provinces=PROVINCES, sex=Sex.FEMALE, **known) == ()  # type: ignore[arg-type] # as above
    assert check(WOMAN, provinces=PROVINCES, sex=Sex.MALE) == (Doubt.SEX_DIFFERS,)
    assert check(MAN, provinces=PROVINCES, born=date(1987, 11, 13)) == (Doubt.BIRTH_DATE_DIFFERS,)
    assert check(MAN, provinces=PROVINCES, born=date(1887, 11, 12)) == (), "the century is not in it"
    all_of_them = check(MAN, provinces=(), born=date(2001, 1, 1), sex=Sex.FEMALE, regency="33.74")
    assert set(all_of_them) == set(Doubt)


def test_every_fault_and_doubt_has_its_sentence() -> None:
    assert MESSAGES.keys() == {*NationalIdFault, *Doubt}
