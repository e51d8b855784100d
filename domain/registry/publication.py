"""Publication: what is checked before a new edition of the registry is stored."""

from domain import refusals
from domain.registry.editions import CalendarPublished, RegistryEvent
from domain.registry.registry import Registry

LOCAL_NAMES_LONGEST = 80
"""Characters for the names of all local calendars of one office. A promise names calendars in 200 characters: those of
two offices after a transfer, and the national ones.
"""


def check(edition: RegistryEvent, registry: Registry) -> None:
    """Raise TooManyCalendars if the edition would make promises impossible."""
    if not isinstance(edition, CalendarPublished):
        return
    others = [known for known in registry.calendars.values() if known.code != edition.code]
    for office in edition.offices or ():
        names = [edition.name, *(known.name for known in others if office in (known.offices or ()))]
        if len("+".join(names)) > LOCAL_NAMES_LONGEST:
            raise refusals.TooManyCalendars
