"""A row in the hands of its reader: the names behind its codes, the zone of its office.

A page is shown whatever history says, so a code that the registry does not know reads as itself.
"""

from dataclasses import dataclass
from datetime import datetime

from api.pages.language import Language, Moment
from domain.json_values import parse_instant
from domain.registry.editions import OfficeRegistered, Registry, StandardPublished
from projections.progress import ProgressRow

FALLBACK_ZONE = "Asia/Jakarta"  # of an office that the registry does not know


@dataclass(frozen=True, slots=True)
class PageReader:
    language: Language
    row: ProgressRow
    registry: Registry
    now: datetime

    @property
    def standard(self) -> StandardPublished | None:
        return self.registry.standard(self.row["service"], self.row["standard"])

    @property
    def office(self) -> OfficeRegistered | None:
        return self.registry.offices.get(self.row["office"])

    def service_name(self) -> str:
        return self.language.of(self.standard.names) if self.standard else self.row["service"]

    def office_name(self, code: str) -> str:
        office = self.registry.offices.get(code)
        return self.language.of(office.names) if office else code

    def stage_name(self, code: str) -> str:
        stage = self.standard.stage(code) if self.standard else None
        return self.language.of(stage.names) if stage else code

    def requirement_name(self, code: str) -> str:
        asked = self.standard.requirements if self.standard else ()
        return next((self.language.of(one.names) for one in asked if one.code == code), code)

    def word(self, table: dict[str, str], code: str) -> str:
        return self.language.say(table[code]) if code in table else code

    def zone(self, code: str) -> str:
        """Where nobody's office acted, that of the office that holds the file."""
        office = self.registry.offices.get(code) or self.office
        return office.zone if office else FALLBACK_ZONE

    def moment(self, at: str, office: str = "", quality: str = "") -> Moment:
        """`at` where `office` is; of quality `day`, its source knows the date only."""
        show = self.language.on_day if quality == "day" else self.language.at_time
        return show(parse_instant(at), self.zone(office))
