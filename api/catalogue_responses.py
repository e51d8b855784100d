"""Response bodies of the catalogue: services, offices and malls."""

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
    """An office. It has seven opening days from Monday, in local time of `zone`; on an empty day it is closed.

    A counter has its own opening days for its services. The default of `day_zero` is `completeness`, the default of
    `after_hours` is `next_opening`.
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
    example: bool
    imported: bool


class OfficesBody(Given, kw_only=True):
    items: list[OfficeBody]
    next: str | None


class MapPointBody(Given, kw_only=True):
    """Decimal degrees in WGS 84."""

    latitude: str
    longitude: str


class MallCounterBody(Given, kw_only=True):
    code: str
    names: NamesBody
    office: str


class MallBody(Given, kw_only=True):
    """A public service mall: one place with the counters of many offices."""

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
    """An extension of the promise by `n` of its units. It is allowed once, by the law in `basis`."""

    code: str
    n: int
    basis: str


class DeemedApprovalStandard(Given, kw_only=True):
    basis: str
    basis_text: str


class EditionBody(Given, kw_only=True):
    """An edition of a service's standard, and where it applies: at `only_offices`, in `region`, or everywhere.

    Of the editions in force, the most specific one applies: that of the office, of its regency, of its province, and
    then the national one. `in_force_until`: the last day, included; if absent, there is no end.
    """

    standard: int
    in_force_from: str
    in_force_until: str | None = None
    region: str | None = None
    only_offices: list[str] | None = None
    promise: PromiseStandard | None = None


class ServiceBody(Given, kw_only=True):
    """One edition of a service's standard: the newest national one, or the one in force at the office asked for.

    `editions` lists every edition and where it applies; `region`, `only_offices` and `in_force_until` are those of this
    one. `promise` is null if its source gives no single figure; `no_promise_reason` says why. With `default_promise`,
    the standard names no time, and `promise` is the law's default; `promise_basis` names the law.

    `deemed_approval`: the law by which silence grants the application; if absent, silence does not grant it.
    `dispute_days`: the calendar days after the hand-over in which a dispute is possible; if absent, there is no limit.
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
