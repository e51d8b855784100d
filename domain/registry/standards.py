"""Standards of a service, by the place where they are in force: the country, a region, or some offices."""

from dataclasses import replace

from domain.registry.editions import Registry, StandardPublished


def newest_of_places(service: str, registry: Registry) -> list[StandardPublished]:
    """Return the newest edition of each place, sorted by number."""
    editions = sorted(registry.services.get(service, ()), key=lambda s: s.standard)
    return sorted({s.place: s for s in editions}.values(), key=lambda s: s.standard)


def has_published(standard: StandardPublished, registry: Registry) -> bool:
    """Whether the newest edition of the same service and place says the same; the number does not count."""
    return any(replace(standard, standard=s.standard) == s for s in newest_of_places(standard.service, registry))


def last_number(service: str, registry: Registry) -> int:
    """Return the number of the last edition of any place; 0 if there is none."""
    return max((s.standard for s in registry.services.get(service, ())), default=0)
