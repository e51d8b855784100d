"""PageReader: it reads one row of the progress view. The reader gives the names of the codes in the row, and the time
zone of the row's office.

Every application can be shown, even if the registry does not know one of its codes. An unknown code is shown unchanged.
"""

from dataclasses import dataclass
from datetime import datetime

from api.pages.language import Language, Moment
from domain.json_values import parse_instant
from domain.registry.editions import OfficeRegistered, StandardPublished
from domain.registry.registry import Registry
from projections.progress import ProgressRow

FALLBACK_ZONE = "Asia/Jakarta"
"""This time zone is used for an office that the registry does not know."""


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

    def mall_name(self, code: str) -> str:
        mall = self.registry.malls.get(code)
        return self.language.of(mall.names) if mall else code

    def stage_name(self, code: str) -> str:
        stage = self.standard.stage(code) if self.standard else None
        return self.language.of(stage.names) if stage else code

    def requirement_name(self, code: str) -> str:
        asked = self.standard.requirements if self.standard else ()
        return next((self.language.of(one.names) for one in asked if one.code == code), code)

    def word(self, table: dict[str, str], code: str) -> str:
        """Returns the text of `code` from a table of the module `words`. If the table does not contain `code`, returns
        `code` itself.
        """
        return self.language.say(table[code]) if code in table else code

    def zone(self, code: str) -> str:
        """Returns the time zone of the office `code`. If `code` is unknown or empty, returns the time zone of the
        office that has the file.
        """
        office = self.registry.offices.get(code) or self.office
        return office.zone if office else FALLBACK_ZONE

    def moment(self, at: str, office: str = "", quality: str = "") -> Moment:
        """Returns the time `at` in the time zone of `office`. If `quality` is "day", the text contains only the date,
        because the source states no time of day.
        """
        show = self.language.on_day if quality == "day" else self.language.at_time
        return show(parse_instant(at), self.zone(office))
