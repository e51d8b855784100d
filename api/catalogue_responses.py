"""Catalogue responses: this module defines the response bodies for offices, malls, services and service standards."""

from api.responses import Given
from domain import codes
from domain.registry.calendar import AfterHours, DayZero


class NamesBody(Given, kw_only=True):
    id: str
    en: str


class OpeningDayBody(Given, kw_only=True):
    opens: str | None = None
    closes: str | None = None


class CounterBody(Given, kw_only=True):
    code: str
    names: NamesBody
    opening_days: list[OpeningDayBody]
    services: list[str]


class OfficeBody(Given, kw_only=True):
    """An office. `opening_days` lists seven days, from Monday to Sunday. Opening times are local times in the time zone
    `zone`. On a day without opening times, the office is closed. Each service counter in `counters` has its own opening
    days. These opening days apply to the services of this counter. The default of `day_zero` is `completeness`. The
    default of `after_hours` is `next_opening`. `late_report_days` is the office's allowance for late reports. Until
    this number of working days after the promised date, the office may record a decision that was made in time.
    `late_report_days_mobile` is the allowance for the channel `mobile`. The default of `late_report_days` is 1, and the
    default of `late_report_days_mobile` is 5.
    """

    code: str
    edition: int
    agency: str
    region: str | None = None
    zone: str
    names: NamesBody
    opening_days: list[OpeningDayBody]
    joint_leave_closed: bool
    counters: list[CounterBody] | None = None
    day_zero: DayZero | None = None
    after_hours: AfterHours | None = None
    late_report_days: int | None = None
    late_report_days_mobile: int | None = None
    example: bool
    imported: bool


class OfficesBody(Given, kw_only=True):
    items: list[OfficeBody]
    next: str | None


class MapPointBody(Given, kw_only=True):
    """A point on a map. The coordinates are in decimal degrees (WGS 84)."""

    latitude: str
    longitude: str


class MallCounterBody(Given, kw_only=True):
    code: str
    names: NamesBody
    office: str


class MallBody(Given, kw_only=True):
    """A public service mall: one place where many offices have a service counter."""

    code: str
    edition: int
    names: NamesBody
    region: str
    address: str
    point: MapPointBody | None = None
    counters: list[MallCounterBody]
    example: bool
    imported: bool


class MallsBody(Given, kw_only=True):
    items: list[MallBody]
    next: str | None


class RequirementBody(Given, kw_only=True):
    code: str
    names: NamesBody


class StageStandard(Given, kw_only=True):
    code: str
    names: NamesBody
    phase: codes.StagePhase
    after: list[str]
    holder: codes.Holder
    optional: bool


class PromiseStandard(Given, kw_only=True):
    unit: str
    n: int
    roll_forward: bool | None = None


class ExtensionStandard(Given, kw_only=True):
    """An extension of the promise by `n` units. The units are those of the promise, for example working days. `basis`
    names the law that allows the extension. An application can use each extension only once.
    """

    code: str
    n: int
    basis: str


class DeemedApprovalStandard(Given, kw_only=True):
    basis: str
    basis_text: str


class EditionBody(Given, kw_only=True):
    """An edition of a service's standard. The edition applies at the offices in `only_offices`, or in the region
    `region`. If both fields are absent, the edition applies in the whole country. Several editions may be in force for
    the same office. Then the most specific edition applies: the edition for the office, else for the regency, else for
    the province, else for the country. `in_force_until` is the last day on which the edition is in force. If
    `in_force_until` is absent, the edition has no last day.
    """

    standard: int
    in_force_from: str
    in_force_until: str | None = None
    region: str | None = None
    only_offices: list[str] | None = None
    promise: PromiseStandard | None = None


class ServiceBody(Given, kw_only=True):
    """One edition of a service's standard. If the request names an office, this edition is in force at that office.
    Otherwise this edition is the newest national edition. `editions` lists all editions of the standard, each with the
    place where the edition applies. The fields `region`, `only_offices` and `in_force_until` describe the edition in
    this response. `promise` is null if the source of the standard states no single duration. `no_promise_reason` says
    why `promise` is null. If `default_promise` is true, the standard names no time. Then `promise` is the default time
    of the law that `promise_basis` names. `deemed_approval` names the law that grants an application if the office does
    not decide in time. If `deemed_approval` is absent, there is no deemed approval. A dispute is possible until
    `dispute_days` calendar days after the hand-over. If `dispute_days` is absent, a dispute has no time limit.
    """

    service: str
    standard: int
    in_force_from: str
    kind: codes.Kind
    names: NamesBody
    sensitive: bool
    offices: list[str]
    channels: list[codes.Channel]
    requirements: list[RequirementBody]
    stages: list[StageStandard]
    free_order: bool
    grounds: list[str]
    promise: PromiseStandard | None = None
    extensions: list[ExtensionStandard] | None = None
    deemed_approval: DeemedApprovalStandard | None = None
    dispute_days: int | None = None
    last_minute_percent: int | None = None
    fee_idr: int | None = None
    basis: str
    source: str
    figures_as_of: str | None = None
    example: bool
    imported: bool
    region: str | None = None
    only_offices: list[str] | None = None
    in_force_until: str | None = None
    default_promise: bool | None = None
    promise_basis: str | None = None
    no_promise_reason: NamesBody | None = None
    editions: list[EditionBody]


class ServicesBody(Given, kw_only=True):
    items: list[ServiceBody]
    next: str | None
