"""Languages of the pages: this module translates the texts of the pages. This module also writes numbers, dates and
times in local notation.

Source strings are English. `locale/id` contains the Indonesian translations. The `.po` file is compiled in memory when
this module is imported, so there is no build step.
"""

from dataclasses import dataclass
from datetime import date, datetime
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations

from domain.registry.editions import Names

LANGUAGES = ("id", "en")
CATALOGUE = Path(__file__).parent / "locale" / "id" / "LC_MESSAGES" / "jejak.po"

ZONES = {"Asia/Jakarta": "WIB", "Asia/Pontianak": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in two forms. `machine` is in ISO 8601, either with an offset or as a date alone. `text` is for people."""

    machine: str
    text: str


@dataclass(frozen=True, slots=True)
class Language:
    """One language. `clock` is the strftime format of a time of day."""

    code: str
    own_name: str
    clock: str
    translations: NullTranslations

    def say(self, msgid: str, **values: str) -> str:
        """Returns the translation of `msgid`. The placeholders are replaced by `values`."""
        return self.translations.gettext(msgid) % values

    def count(self, forms: tuple[str, str], n: int) -> str:
        """Returns the translation for `n` things, for example "3 days". In the strings, %(num)s stands for `n`."""
        return self.translations.ngettext(*forms, n) % {"num": n}

    def measure(self, forms: tuple[str, str], amount: float) -> str:
        """Does the same as `count`, but the amount may be a fraction."""
        return self.translations.ngettext(*forms, 1 if amount == 1 else 2) % {"num": self.number(amount)}

    def of(self, names: Names) -> str:
        return names.id if self.code == "id" else names.en

    def number(self, number: float) -> str:
        """Writes a number with one decimal, but leaves out the decimal if it is zero."""
        return format_decimal(number, format="#,##0.#", locale=self.code)

    def hundredths(self, number: float) -> str:
        """Writes a number with exactly two decimals."""
        return format_decimal(number, format="#,##0.00", locale=self.code)

    def rupiah(self, amount: int) -> str:
        grouped = f"{amount:,}"
        return f"Rp{grouped.replace(',', '.')}" if self.code == "id" else f"IDR {grouped}"

    def percent(self, percent: float) -> str:
        """Writes a percentage, for example 87.5% in English and 87,5% in Indonesian. There is no space before the
        percent sign.
        """
        return f"{self.number(percent)}%"

    def month(self, month: str) -> str:
        """Writes the name of the month and the year. `month` has the form 2026-03."""
        return format_date(date.fromisoformat(f"{month}-01"), "MMMM y", locale=self.code)

    def day(self, day: date) -> str:
        return format_date(day, "EEEE, d MMMM y", locale=self.code)

    def weekday(self, day: date) -> str:
        return format_date(day, "EEEE", locale=self.code)

    def on_day(self, at: datetime, zone: str) -> Moment:
        """Writes the date alone, in the office's time zone `zone`."""
        day = at.astimezone(ZoneInfo(zone)).date()
        return Moment(day.isoformat(), self.day(day))

    def at_time(self, at: datetime, zone: str) -> Moment:
        """Writes the date and the time of day, in the office's time zone `zone`."""
        local = at.astimezone(ZoneInfo(zone))
        text = f"{self.day(local.date())}, {local.strftime(self.clock)} {self.zone(local, zone)}"
        return Moment(local.isoformat(timespec="minutes"), text)

    def zone(self, local: datetime, zone: str) -> str:
        """Returns the short name of a time zone: WIB, WITA or WIT in Indonesia. For other zones, the name is the offset
        from UTC, for example UTC+01:00.
        """
        offset = local.strftime("%z")
        return ZONES.get(zone) or f"UTC{offset[:3]}:{offset[3:]}"


def _indonesian() -> Translations:
    compiled = BytesIO()
    with CATALOGUE.open("rb") as file:
        write_mo(compiled, read_po(file, locale="id"))
    compiled.seek(0)
    return Translations(compiled)


BY_CODE = {
    "id": Language("id", "Bahasa Indonesia", "%H.%M", _indonesian()),
    "en": Language("en", "English", "%H:%M", NullTranslations()),
}
