"""Who an application concerns, as sent: the NIK checked, and what is sealed of each person."""

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
    """What is odd about the NIK of each person. Raises ImpossibleValue where one is no NIK; never repeats the number.

    The place of the application is the applicant's, so theirs alone is compared with it.
    """
    return [
        {"pointer": f"/{role}/nik", "code": doubt.value, "detail": f"{said[0].upper()}{said[1:]}."}
        for role, person in persons_of(body)
        if person.nik is not None
        for doubt in _doubts(person, role, body, registry)
        for said in (national_id.MESSAGES[doubt],)
    ]


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


def checked(nik: str, pointer: str, registry: Registry, **known: Any) -> tuple[Doubt, ...]:  # noqa: ANN401 - of each its own
    """As `national_id.check`, with a fault as an ImpossibleValue at `pointer`."""
    try:
        return national_id.check(nik, provinces=registry.provinces, **known)
    except NationalIdInvalid as invalid:
        said = str(invalid)
        raise ImpossibleValue(pointer, f"{said[0].upper()}{said[1:]}.") from None


def sealed_of(body: bodies.SubmitBody) -> dict[str, dict[str, Any]]:
    """What is sealed of each person concerned, in the one normal form of its text."""
    return {role: _normal(msgspec.to_builtins(person)) for role, person in persons_of(body)}


def persons_of(body: bodies.SubmitBody) -> Iterator[tuple[str, bodies.Person]]:
    """By role."""
    return ((role, person) for role in PERSONS if (person := getattr(body, role)))


def _normal(said: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _normal(value) if isinstance(value, dict) else unicodedata.normalize("NFC", value)
        for name, value in said.items()
        if value is not None
    }
