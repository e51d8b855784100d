"""This module checks telephone numbers and e-mail addresses, and brings them into their stored form.

A telephone number is stored in the form of E.164. For example, `0812 3456 7890`, `+62 812-3456-7890` and `62812 3456
7890` are all stored as `+6281234567890`. Sources: ITU-T E.164 (at most 15 digits); Permenkominfo 14/2018 (national
numbering plan: trunk prefix 0, mobile numbers begin with 8). No error message of this module repeats the number or the
address.
"""

import re
from enum import StrEnum

from domain.typed_text import without_gaps

COUNTRY, TRUNK, MOBILE = "62", "0", "8"
INTERNATIONAL = "00"
"""In many countries, callers dial this prefix before a country code."""
DIGITS_MIN, DIGITS_MAX = 7, 15
"""The smallest and the largest number of digits, with the country code. E.164 gives no minimum, but shorter numbers
exist only inside a country.
"""
NATIONAL, NATIONAL_MOBILE = re.compile("[2-79][0-9]{6,10}"), re.compile("8[0-9]{8,11}")
"""An Indonesian number without country code and trunk prefix: either an area code and a subscriber number, or a mobile
number.
"""
PUNCTUATION = str.maketrans("", "", "()./")
LOCAL_MAX, ADDRESS_MAX, LABEL_MAX = 64, 254, 63
"""The greatest lengths of the local part, of the whole address and of one label of the domain, in characters (RFC 5321,
4.5.3.1; RFC 1035, 2.3.4).
"""
ATOM_MARKS = frozenset("!#$%&'*+-/=?^_`{|}~")


class ContactFault(StrEnum):
    """The reason why a text is neither a telephone number nor an e-mail address."""

    NOT_DIGITS = "not-digits"
    NO_COUNTRY = "no-country"
    WRONG_LENGTH = "wrong-length"
    NO_ADDRESS = "no-address"
    NO_DOMAIN = "no-domain"
    ADDRESS_TOO_LONG = "address-too-long"


MESSAGES = {
    ContactFault.NOT_DIGITS: "a telephone number has digits, with + in front, or spaces and dashes between them",
    ContactFault.NO_COUNTRY: "a telephone number begins with 0, with 62, or with + and the code of a country",
    ContactFault.WRONG_LENGTH: "the telephone number has too few or too many digits",
    ContactFault.NO_ADDRESS: "an e-mail address has the form name@domain, without spaces",
    ContactFault.NO_DOMAIN: "the part after @ is not the name of a domain",
    ContactFault.ADDRESS_TOO_LONG: "the e-mail address is too long",
}


class ContactInvalid(ValueError):
    """The text is neither a telephone number nor an e-mail address.

    The message never repeats the text, because the text is personal.
    """

    def __init__(self, fault: ContactFault) -> None:
        super().__init__(MESSAGES[fault])
        self.fault = fault


def phone(typed: str) -> str:
    """Return the telephone number as `+` and digits. Raises ContactInvalid.

    A number without a country code counts as an Indonesian number. Spaces, dashes, brackets, dots and slashes are
    dropped. A trunk prefix after the country code 62, as in `+62 (0)24`, is dropped too.
    """
    plain = without_gaps(typed).translate(PUNCTUATION)
    digits = plain.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        raise ContactInvalid(ContactFault.NOT_DIGITS)
    if digits != plain and digits.startswith(TRUNK):
        raise ContactInvalid(ContactFault.NO_COUNTRY)
    if digits == plain:
        digits = _with_country(digits)
    if digits.startswith(COUNTRY):
        return f"+{COUNTRY}{_national(digits.removeprefix(COUNTRY).removeprefix(TRUNK))}"
    if not DIGITS_MIN <= len(digits) <= DIGITS_MAX:
        raise ContactInvalid(ContactFault.WRONG_LENGTH)
    return f"+{digits}"


def _with_country(digits: str) -> str:
    """Return the digits with the country code in front.

    A trunk prefix after the country code 62 stays in the result. `phone` drops this prefix later.
    """
    if digits.startswith(INTERNATIONAL + COUNTRY):
        return digits.removeprefix(INTERNATIONAL)
    if digits.startswith(TRUNK) and not digits.startswith(INTERNATIONAL):
        return COUNTRY + digits
    if digits.startswith(COUNTRY):
        return digits
    raise ContactInvalid(ContactFault.NO_COUNTRY)


def _national(digits: str) -> str:
    if digits.startswith((TRUNK, "1")):
        raise ContactInvalid(ContactFault.NO_COUNTRY)
    if not (NATIONAL_MOBILE if digits.startswith(MOBILE) else NATIONAL).fullmatch(digits):
        raise ContactInvalid(ContactFault.WRONG_LENGTH)
    return digits


def email(typed: str) -> str:
    """Return the e-mail address without spaces around it, with its domain in lower case. Raises ContactInvalid.

    The address must have the form of RFC 5321 with a dot-atom as local part. Letters of every script are accepted (RFC
    6531).
    """
    local, at, domain = typed.strip().rpartition("@")
    if not at or not all(atom and all(map(_is_of_atom, atom)) for atom in local.split(".")):
        raise ContactInvalid(ContactFault.NO_ADDRESS)
    labels = domain.lower().split(".")
    if len(labels) == 1 or labels[-1].isdigit() or not all(map(_is_label, labels)):
        raise ContactInvalid(ContactFault.NO_DOMAIN)
    address = f"{local}@{'.'.join(labels)}"
    if len(local) > LOCAL_MAX or len(address) > ADDRESS_MAX:
        raise ContactInvalid(ContactFault.ADDRESS_TOO_LONG)
    return address


def _is_of_atom(symbol: str) -> bool:
    return symbol.isalnum() or symbol in ATOM_MARKS


def _is_label(label: str) -> bool:
    plain = label.replace("-", "")
    return plain.isalnum() and len(label) <= LABEL_MAX and not (label.startswith("-") or label.endswith("-"))
