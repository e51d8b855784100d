"""Publication: this module checks a new edition of the registry before the edition is stored."""

from domain import refusals
from domain.registry.editions import CalendarPublished, RegistryEvent
from domain.registry.registry import Registry

LOCAL_NAMES_LONGEST = 80
"""The names of all local calendars of one office together may have at most this number of characters. A promise has 200
characters for the names of its calendars. After a transfer, a promise may name the national calendars and the local
calendars of two offices.
"""


def check(edition: RegistryEvent, registry: Registry) -> None:
    """Raise TooManyCalendars if this edition would give an office more calendars than a promise can name."""
    if not isinstance(edition, CalendarPublished):
        return
    others = [known for known in registry.calendars.values() if known.code != edition.code]
    for office in edition.offices or ():
        names = [edition.name, *(known.name for known in others if office in (known.offices or ()))]
        if len("+".join(names)) > LOCAL_NAMES_LONGEST:
            raise refusals.TooManyCalendars
