"""The reader's language: words from the catalogue, dates and times as they are written there.

Source strings are English; `locale/id` holds the Indonesian ones. It is read as it is written, so nothing is built.
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
    """A time as a machine and as a person reads it."""

    machine: str
    text: str


@dataclass(frozen=True, slots=True)
class Language:
    code: str
    own_name: str
    clock: str
    translations: NullTranslations

    def say(self, msgid: str, **values: str) -> str:
        return self.translations.gettext(msgid) % values

    def count(self, forms: tuple[str, str], n: int) -> str:
        """`n` of something; the strings name it %(num)s."""
        return self.translations.ngettext(*forms, n) % {"num": n}

    def measure(self, forms: tuple[str, str], amount: float) -> str:
        """As `count`, of what may be a fraction."""
        return self.translations.ngettext(*forms, 1 if amount == 1 else 2) % {"num": self.number(amount)}

    def of(self, names: Names) -> str:
        return names.id if self.code == "id" else names.en

    def number(self, number: float) -> str:
        """With one decimal where there is one."""
        return format_decimal(number, format="#,##0.#", locale=self.code)

    def hundredths(self, number: float) -> str:
        """With two decimals, always."""
        return format_decimal(number, format="#,##0.00", locale=self.code)

    def rupiah(self, amount: int) -> str:
        amount_in = f"{amount:,}"
        return f"Rp{amount_in.replace(',', '.')}" if self.code == "id" else f"IDR {amount_in}"

    def percent(self, percent: float) -> str:
        return f"{self.number(percent)}\N{NO-BREAK SPACE}%"

    def month(self, month: str) -> str:
        """`month` as 2026-03."""
        return format_date(date.fromisoformat(f"{month}-01"), "MMMM y", locale=self.code)

    def day(self, day: date) -> str:
        return format_date(day, "EEEE, d MMMM y", locale=self.code)

    def weekday(self, day: date) -> str:
        return format_date(day, "EEEE", locale=self.code)

    def on_day(self, at: datetime, zone: str) -> Moment:
        """The date alone, where the office is."""
        day = at.astimezone(ZoneInfo(zone)).date()
        return Moment(day.isoformat(), self.day(day))

    def at_time(self, at: datetime, zone: str) -> Moment:
        local = at.astimezone(ZoneInfo(zone))
        text = f"{self.day(local.date())}, {local.strftime(self.clock)} {self.zone(local, zone)}"
        return Moment(local.isoformat(timespec="minutes"), text)

    def zone(self, local: datetime, zone: str) -> str:
        """As people in Indonesia call it; elsewhere the distance from UTC."""
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
