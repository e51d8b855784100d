"""Registry editions: this module makes the registry events that an import publishes before its first record. These
events describe the offices, the service, and the stages of the service.
"""

from datetime import date

from domain.codes import StagePhase
from domain.registry.editions import Names, OfficeRegistered, OpeningDay, RegistryEvent, Stage, StandardPublished
from feeds.history.activity_mapping import STAGES, code_of, meanings
from feeds.history.mapping import Mapping, SourceOffice

BEGINNING = date(1900, 1, 1)
"""An imported standard is in force from this date, so the standard covers the whole past."""
NAME_LONGEST = 200


def editions(mapping: Mapping) -> list[RegistryEvent]:
    """Returns the registry events of a mapping: first the offices, then the standard of the service."""
    offices = mapping.offices.all()
    return [*(_office(mapping, office) for office in offices.values()), _standard(mapping, sorted(offices))]


def _office(mapping: Mapping, office: SourceOffice) -> OfficeRegistered:
    return OfficeRegistered(
        code=office.code,
        edition=0,
        agency=mapping.offices.agency,
        region=None,
        zone=mapping.zone,
        names=Names(id=office.id, en=office.en),
        opening_days=(*[OpeningDay(opens="08:00", closes="16:00")] * 5, OpeningDay(), OpeningDay()),
        imported=True,
    )


def _standard(mapping: Mapping, offices: list[str]) -> StandardPublished:
    service, channels = mapping.service, mapping.channels
    return StandardPublished(
        service=service.code,
        standard=0,
        in_force_from=BEGINNING,
        kind=service.kind,
        names=Names(id=service.id, en=service.en),
        sensitive=service.sensitive,
        offices=tuple(offices),
        channels=tuple(sorted({*channels.values.values(), channels.default})),
        requirements=(),
        stages=_stages(mapping),
        free_order=service.free_order,
        source=mapping.source,
        imported=True,
    )


def _stages(mapping: Mapping) -> tuple[Stage, ...]:
    """Returns the stages. The name of a stage is its word in the mapping, and this name is published. A person has read
    this name, because a person wrote the mapping.
    """
    named: dict[str, Names] = {}
    for _, word, activity in meanings(mapping):
        if activity.event in STAGES:
            code = code_of(word, activity)
            name = word[:NAME_LONGEST] or code
            names = Names(id=activity.id or activity.en or name, en=activity.en or activity.id or name)
            named.setdefault(code, names)
    return tuple(Stage(code=code, names=names, phase=StagePhase.REVIEW) for code, names in named.items())
