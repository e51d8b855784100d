"""The persons in a submission: checks of the NIK of each person, and the data of each person that is sealed."""

import unicodedata
from collections.abc import Iterator
from typing import Any

import msgspec

from domain.persons import national_id
from domain.persons.national_id import Doubt, NationalIdInvalid
from domain.registry.editions import Registry
from service_layer import bodies
from service_layer.faults import ImpossibleValue

PERSONS = ("applicant", "subject", "proxy")


def doubts_about(body: bodies.SubmitBody, registry: Registry) -> list[dict[str, str]]:
    """Warnings about the NIK of each person, as `WarningBody`. They never quote the number.

    The application's place belongs to the applicant, so only the applicant's NIK is compared with the place. Raises
    ImpossibleValue for a text that is not a NIK.
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
    """The doubts of `national_id.check`. Raises ImpossibleValue at `pointer` for a text that is not a NIK."""
    try:
        return national_id.check(nik, provinces=registry.provinces, **known)
    except NationalIdInvalid as invalid:
        raise ImpossibleValue(pointer, _sentence(str(invalid))) from None


def sealed_of(body: bodies.SubmitBody) -> dict[str, dict[str, Any]]:
    """The data of each person to be sealed, by role, with text in Unicode NFC."""
    return {role: _normal(msgspec.to_builtins(person)) for role, person in persons_of(body)}


def persons_of(body: bodies.SubmitBody) -> Iterator[tuple[str, bodies.Person]]:
    """The persons of the body with their roles."""
    return ((role, person) for role in PERSONS if (person := getattr(body, role)))


def _normal(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _normal(value) if isinstance(value, dict) else unicodedata.normalize("NFC", value)
        for name, value in fields.items()
        if value is not None
    }
