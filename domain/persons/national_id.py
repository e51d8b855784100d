"""This module checks a NIK (nomor induk kependudukan), which has the form `PP KK CC DDMMYY SSSS`.

The parts are the district of first registration, the birth date and a serial number. A NIK never changes, not even
after a move or after a correction of the birth date. So a NIK may be correct although it disagrees with other data. The
check reports such a disagreement as a doubt, not as a fault. A NIK has no check digit, so a mistyped NIK may belong to
another person. No message of this module repeats the NIK. Source: UU 23/2006 jo. 24/2013 (Adminduk) and the practice of
the civil registration offices.
"""

import re
from collections.abc import Collection
from datetime import date
from enum import StrEnum
from typing import NoReturn

from domain.rules import rests_on

DIGITS = 16
FEMALE_FROM = 40
"""In a woman's NIK, 40 is added to the day of birth."""
LAST_DAY, LAST_MONTH = 31, 12
CENTURY_WITH_ALL_DAYS = 2000
"""Every year of this century that is divisible by four is a leap year. The year 2000 is a leap year too."""


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"


class NationalIdFault(StrEnum):
    """The reason why a text is not a NIK."""

    NOT_SIXTEEN_DIGITS = "not-sixteen-digits"
    NO_SUCH_MONTH = "no-such-month"
    NO_SUCH_DAY = "no-such-day"
    NO_SUCH_DATE = "no-such-date"
    NO_SERIAL = "no-serial"


class Doubt(StrEnum):
    """A disagreement between a NIK and other data. The NIK may be correct although the data disagree."""

    PROVINCE_UNKNOWN = "province-unknown"
    REGENCY_DIFFERS = "regency-differs"
    BIRTH_DATE_DIFFERS = "birth-date-differs"
    SEX_DIFFERS = "sex-differs"


MESSAGES = {
    NationalIdFault.NOT_SIXTEEN_DIGITS: "a NIK has 16 digits",
    NationalIdFault.NO_SUCH_MONTH: "digits 9 and 10 are a month, from 01 to 12",
    NationalIdFault.NO_SUCH_DAY: "digits 7 and 8 are a day of birth, from 01 to 31, or from 41 to 71 for a woman",
    NationalIdFault.NO_SUCH_DATE: "digits 7 to 12 are a date of birth, and there is no such day in any century",
    NationalIdFault.NO_SERIAL: "the last four digits are a serial number, from 0001 to 9999",
    Doubt.PROVINCE_UNKNOWN: "the first two digits are not the code of a present or former province: check the card",
    Doubt.REGENCY_DIFFERS: "the NIK was first registered in another regency; this is right if the person moved",
    Doubt.BIRTH_DATE_DIFFERS: "the NIK holds another date of birth; this is right if the date was corrected later",
    Doubt.SEX_DIFFERS: "the NIK is for the other sex; this is right if the sex was corrected later",
}


class NationalIdInvalid(ValueError):
    """The text is not a NIK.

    The message never repeats the text, because messages reach logs, and a mistyped NIK is close to a real person's
    number.
    """

    def __init__(self, fault: NationalIdFault) -> None:
        super().__init__(MESSAGES[fault])
        self.fault = fault


@rests_on("national-id")
def check(
    nik: str,
    *,
    provinces: Collection[str],
    born: date | None = None,
    sex: Sex | None = None,
    regency: str | None = None,
) -> tuple[Doubt, ...]:
    """Return the doubts about a NIK. Raises NationalIdInvalid if the text is not a NIK.

    `provinces` holds the two-digit province codes of all editions of the region table. Old editions are included,
    because a NIK keeps the code of the province of first registration. `born`, `sex` and `regency` (for example 33.74)
    are other data about the person. A value that is None is not compared with the NIK.
    """
    day, month, year = _birth(nik)
    if int(nik[12:]) == 0:
        _refuse(NationalIdFault.NO_SERIAL)
    woman = day > FEMALE_FROM
    odd = {
        Doubt.PROVINCE_UNKNOWN: nik[:2] not in provinces,
        Doubt.REGENCY_DIFFERS: regency is not None and regency != f"{nik[:2]}.{nik[2:4]}",
        Doubt.BIRTH_DATE_DIFFERS: born is not None
        and (born.day, born.month, born.year % 100) != (day - FEMALE_FROM * woman, month, year),
        Doubt.SEX_DIFFERS: sex is not None and (sex is Sex.FEMALE) != woman,
    }
    return tuple(doubt for doubt, holds in odd.items() if holds)


def _birth(nik: str) -> tuple[int, int, int]:
    """Return three numbers from the NIK: the day of birth, the month of birth, and the last two digits of the year of
    birth.

    For a woman, 40 is added to the day.

    Raises NationalIdInvalid.
    """
    if not re.fullmatch(f"[0-9]{{{DIGITS}}}", nik):
        _refuse(NationalIdFault.NOT_SIXTEEN_DIGITS)
    day, month, year = int(nik[6:8]), int(nik[8:10]), int(nik[10:12])
    if not 1 <= month <= LAST_MONTH:
        _refuse(NationalIdFault.NO_SUCH_MONTH)
    of_month = day - FEMALE_FROM if day > FEMALE_FROM else day
    if not 1 <= of_month <= LAST_DAY:
        _refuse(NationalIdFault.NO_SUCH_DAY)
    try:
        date(CENTURY_WITH_ALL_DAYS + year, month, of_month)
    except ValueError:
        _refuse(NationalIdFault.NO_SUCH_DATE)
    return day, month, year


def _refuse(fault: NationalIdFault) -> NoReturn:
    raise NationalIdInvalid(fault) from None
