"""The NIK (nomor induk kependudukan), `PP KK CC DDMMYY SSSS`: where and when first registered, and a serial.

It is for life: it follows neither a move nor a birth date that was corrected, so what disagrees with it is a doubt and
never a fault. It has no check digit, so a typing mistake may be somebody else's. Nothing here repeats it.
Source: UU 23/2006 jo. 24/2013 (Adminduk) and the practice of the civil registration offices.
"""

import re
from collections.abc import Collection
from datetime import date
from enum import StrEnum
from typing import NoReturn

from domain.rules import rests_on

DIGITS = 16
FEMALE_FROM = 40
"""Added to the day of birth of a woman."""
LAST_DAY, LAST_MONTH = 31, 12
CENTURY_WITH_ALL_DAYS = 2000
"""Of the centuries that there are, the one in which every two-digit leap year is one: 00 too."""


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"


class NationalIdFault(StrEnum):
    """Why it is no NIK."""

    NOT_SIXTEEN_DIGITS = "not-sixteen-digits"
    NO_SUCH_MONTH = "no-such-month"
    NO_SUCH_DAY = "no-such-day"
    NO_SUCH_DATE = "no-such-date"
    NO_SERIAL = "no-serial"


class Doubt(StrEnum):
    """What is odd about it, and may be right all the same."""

    PROVINCE_UNKNOWN = "province-unknown"
    REGENCY_DIFFERS = "regency-differs"
    BIRTH_DATE_DIFFERS = "birth-date-differs"
    SEX_DIFFERS = "sex-differs"


MESSAGES = {
    NationalIdFault.NOT_SIXTEEN_DIGITS: "a NIK has 16 digits",
    NationalIdFault.NO_SUCH_MONTH: "digits 9 and 10 are a month, from 01 to 12",
    NationalIdFault.NO_SUCH_DAY: "digits 7 and 8 are a day of birth, from 01 to 31, or from 41 to 71 of a woman",
    NationalIdFault.NO_SUCH_DATE: "digits 7 to 12 are a date of birth, and there is no such day in any century",
    NationalIdFault.NO_SERIAL: "the last four digits are a serial number, from 0001 on",
    Doubt.PROVINCE_UNKNOWN: "the first two digits are of no province that there is or was: compare it with the card",
    Doubt.REGENCY_DIFFERS: "it was first registered in another regency: right of somebody who moved",
    Doubt.BIRTH_DATE_DIFFERS: "it holds another date of birth: a NIK stays also when the date was corrected",
    Doubt.SEX_DIFFERS: "it is of the other sex: a NIK stays also when that was corrected",
}


class NationalIdInvalid(ValueError):
    """Never repeats what was sent: a near miss is almost somebody's number, and messages end up in logs."""

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
    """What is odd about the NIK. Raises NationalIdInvalid where it is none.

    `provinces`: the two-digit codes of all editions of the region table, since a NIK keeps the one it began with.
    `born`, `sex`, `regency` (as 33.74) are what else is known of the person; None is compared with nothing.
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
    """Day (a woman's with its 40), month, and year of the century. Raises NationalIdInvalid."""
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
