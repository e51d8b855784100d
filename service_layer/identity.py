"""The persons in a submission: this module checks the NIK of each person, and selects the personal data that will be
sealed.
"""

import unicodedata
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from domain.persons import contacts, names, national_id
from domain.persons.contacts import ContactInvalid
from domain.persons.names import TextInvalid
from domain.persons.national_id import Doubt, NationalIdInvalid
from domain.registry.registry import Registry
from service_layer import bodies
from service_layer.faults import ImpossibleValue


class WarningCode(StrEnum):
    """The answer to a submission may contain warnings with these codes. There is one code for each `Doubt`, and one
    code for an open application.
    """

    PROVINCE_UNKNOWN = Doubt.PROVINCE_UNKNOWN.value
    REGENCY_DIFFERS = Doubt.REGENCY_DIFFERS.value
    BIRTH_DATE_DIFFERS = Doubt.BIRTH_DATE_DIFFERS.value
    SEX_DIFFERS = Doubt.SEX_DIFFERS.value
    OPEN_APPLICATION = "open-application"


PERSONS = ("applicant", "subject", "proxy")
Result = TypeVar("Result")


def doubts_about(body: bodies.SubmitBody, registry: Registry) -> list[dict[str, str]]:
    """Returns the warnings about the NIK of each person, as `WarningBody`. The warnings never quote the NIK.

    The regency in the application is the regency of the applicant. So only the NIK of the applicant is compared with
    this regency. Raises ImpossibleValue if a text is not a NIK.
    """
    return [
        {"pointer": f"/{role}/nik", "code": doubt.value, "detail": _sentence(national_id.MESSAGES[doubt])}
        for role, person in persons_of(body)
        if person.nik is not None
        for doubt in _doubts(person, role, body, registry)
    ]


def _sentence(message: str) -> str:
    return f"{message[0].upper()}{message[1:]}."


def _doubts(person: bodies.Person, role: str, body: bodies.SubmitBody, registry: Registry) -> tuple[Doubt, ...]:
    place = body.regency or (body.district[:5] if body.district else None)
    return checked(
        person.nik or "",
        f"/{role}/nik",
        registry,
        born=person.birth_date,
        sex=person.sex,
        regency=place if role == "applicant" else None,
    )


def checked(nik: str, pointer: str, registry: Registry, **known: Any) -> tuple[Doubt, ...]:  # noqa: ANN401 - passed on
    """Returns the doubts that `national_id.check` finds. Raises ImpossibleValue at `pointer` if the text is not a
    NIK.
    """
    try:
        return national_id.check(nik, provinces=registry.provinces, **known)
    except NationalIdInvalid as invalid:
        raise ImpossibleValue(pointer, _sentence(str(invalid))) from None


def sealed_of(body: bodies.SubmitBody) -> dict[str, dict[str, Any]]:
    """Returns the personal data that will be sealed, by the role of the person. Text is in Unicode NFC. Telephone
    numbers and e-mail addresses are in their normal form.

    Raises ImpossibleValue, with the pointer of the value, if a name, a telephone number or an e-mail address is not
    valid.
    """
    return {role: _normal(_read(person, role)) for role, person in persons_of(body)}


def _read(person: bodies.Person, role: str) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(person)
    _at(f"/{role}/name", names.check, person.name)
    if person.other_document is not None:
        _at(f"/{role}/other_document/number", names.check, person.other_document.number)
    if person.address is not None:
        _at(f"/{role}/address", lambda address: names.check(address, lines=True), person.address)
    if person.phone is not None:
        fields["phone"] = _at(f"/{role}/phone", contacts.phone, person.phone)
    if person.email is not None:
        fields["email"] = _at(f"/{role}/email", contacts.email, person.email)
    return fields


def _at(pointer: str, read: Callable[[str], Result], text: str) -> Result:
    """Returns the result of `read`. If `read` finds a fault, raises ImpossibleValue at `pointer`. This error does not
    contain the text.
    """
    try:
        return read(text)
    except (TextInvalid, ContactInvalid) as invalid:
        raise ImpossibleValue(pointer, _sentence(str(invalid))) from None


def persons_of(body: bodies.SubmitBody) -> Iterator[tuple[str, bodies.Person]]:
    """Yields the persons of the body, each with a role."""
    return ((role, person) for role in PERSONS if (person := getattr(body, role)))


def _normal(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _normal(value) if isinstance(value, dict) else unicodedata.normalize("NFC", value)
        for name, value in fields.items()
        if value is not None
    }
