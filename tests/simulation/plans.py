"""Plans over the example catalogue, as a new installation publishes it."""

from dataclasses import replace
from datetime import date
from functools import cache, reduce

from domain.registry.editions import Registry, RegistryEvent, StandardPublished, evolve
from domain.registry.standards import last_number
from infra import catalogue
from simulation.plan import Plan

UNTIL = date(2026, 11, 25)


@cache
def country() -> Registry:
    return reduce(_published, [*catalogue.basics(), *catalogue.examples()], Registry())


def _published(registry: Registry, event: RegistryEvent) -> Registry:
    if isinstance(event, StandardPublished):
        return evolve(registry, replace(event, standard=last_number(event.service, registry) + 1))
    return evolve(registry, replace(event, edition=1))


def a_plan(
    applications: int = 60, *, seed: int = 1, days: int = 30, until: date = UNTIL, with_sample: bool = False
) -> Plan:
    return Plan(
        seed=seed,
        days=days,
        applications=applications,
        until=until,
        registry=country(),
        with_sample=with_sample,
    )


@cache
def a_season() -> Plan:
    """Long enough for all that is rare."""
    return a_plan(1500, days=90)
