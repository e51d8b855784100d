"""A promise under extensions, pauses, transfers, new calendar editions, silence and corrected times, in any order."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import reduce

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.application import commands
from domain.application.commands import Command
from domain.application.decide import decide
from domain.application.events import DecisionReportedLate, DeemedApproved, Recorded, Submitted
from domain.application.evolve import Application, evolve
from domain.application.outcomes import promise_now, silence_has_granted, silence_waits_for
from domain.application.promise_events import PromiseMoved
from domain.application.status import Status
from domain.codes import Amendment, RejectionReason, Remedy
from domain.refusals import Refusal
from domain.registry import registry as registry_module
from domain.registry.calendar import AfterHours, DayZero, Unit
from domain.registry.editions import DeemedApproval, Extension, PromiseTerms
from tests.builders import CHECKED, NUMBER, a_standard, an_act, an_office, registry_of
from tests.domain.offices import NATIONAL, NEXT_YEAR, SERVICE, closed_on, local, the_office

ELSEWHERE = "pemda-7371-disdukcapil"
OFFICES = (the_office().code, ELSEWHERE)
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
MINUTE = timedelta(minutes=1)

units = st.sampled_from([Unit.WORKING_DAYS, Unit.WORKING_DAYS, Unit.CALENDAR_DAYS, Unit.MONTHS, Unit.SERVICE_HOURS])
later = st.integers(1, 4 * 24 * 60).map(lambda minutes: minutes * MINUTE)
days = st.integers(0, 200).map(lambda n: date(2026, 1, 5) + timedelta(days=n))
rules = st.fixed_dictionaries(
    {"day_zero": st.none() | st.sampled_from(DayZero), "after_hours": st.none() | st.sampled_from(AfterHours)}
)


LONG = 6
"""The number of events after which the application may be decided."""
DECISIONS = (
    commands.Approve(),
    commands.Reject(reason=RejectionReason.REQUIREMENT_NOT_MET, remedy=Remedy.APPLY_AGAIN),
)


class APromise(RuleBasedStateMachine):
    """`settled`: the promise has been recalculated since the newest edition, so it stands."""

    @initialize(
        unit=units,
        n=st.integers(1, 12),
        start=later,
        here=rules,
        there=rules,
        silent=st.sampled_from([True, True, False]),
    )
    def is_promised(self, *, unit: Unit, n: int, start: timedelta, here: dict, there: dict, silent: bool) -> None:  # type: ignore[type-arg]
        standard = replace(
            a_standard(SERVICE, promise=PromiseTerms(unit=unit, n=n), offices=OFFICES),
            extensions=tuple(Extension(code=f"extension-{k}", n=k, basis="A law") for k in (1, 2, 5)),
            grounds=("awaiting-payment", "awaiting-correction"),
            deemed_approval=DeemedApproval(basis="uu-30-2014-53", basis_text="A law") if silent else None,
        )
        offices = (the_office(**here), replace(an_office(ELSEWHERE, "Asia/Makassar"), **there))
        self.unit, self.at, self.version = unit, local("2026-02-02T08:00") + start, 0
        self.registry = registry_of([*offices, NATIONAL, NEXT_YEAR, standard])
        self.application = Application()
        self.settled = True
        self.closed: set[date] = set()
        for event in (Submitted(service=SERVICE, standard=1, number=NUMBER), *CHECKED[1:]):
            self._happens(event)
        self._ask(commands.DeclareComplete())

    def _happens(self, event: object, at: datetime | None = None) -> None:
        act = an_act(at=at or self.at, office=self.application.office or OFFICES[0])
        recorded = Recorded(version=self.application.version + 1, act=act, event=event)  # type: ignore[arg-type]
        self.application = evolve(self.application, recorded)

    def _ask(self, command: Command, at: datetime | None = None) -> bool:
        act = an_act(at=at or self.at, office=self.application.office)
        try:
            events = decide(command, self.application, act, self.registry)
        except Refusal:
            return False
        for event in events:
            self._happens(event, at)
        return True

    @rule(wait=later)
    def time_passes(self, wait: timedelta) -> None:
        self.at += wait

    @rule(k=st.sampled_from([1, 2, 5]))
    def is_extended(self, k: int) -> None:
        self._ask(commands.ExtendDeadline(extension=f"extension-{k}"))

    @rule(wait=later)
    def is_paused(self, wait: timedelta) -> None:
        if self._ask(commands.Suspend(ground="awaiting-payment")):
            self.at += wait

    @rule()
    def goes_on(self) -> None:
        self._ask(commands.Resume())

    @rule()
    def is_handed_on(self) -> None:
        other = next(office for office in OFFICES if office != self.application.office)
        self._ask(commands.Transfer(to=other))

    @rule(version=st.integers(1, 20), by=st.integers(-6000, 6000).map(lambda minutes: minutes * MINUTE))
    def a_time_is_corrected(self, version: int, by: timedelta) -> None:
        """A corrected time never moves the promise and never changes the outcome."""
        if version > self.application.version:
            return
        before = (self.application.promise, self.application.status, self._now())
        wrong = self.application.entries[version - 1].act.at
        self._ask(commands.AmendRecord(amends=version, amendment=Amendment.TIME, corrected_at=wrong + by))
        assert (self.application.promise, self.application.status, self._now()) == before

    @precondition(lambda self: self.application.version >= LONG)
    @rule(decision=st.sampled_from(DECISIONS), wait=later, late=st.booleans())
    def is_decided(self, *, decision: Command, wait: timedelta, late: bool) -> None:
        """A decision after silence has granted is only reported late, whether a scheduler ran or not."""
        promise = self.application.promise
        self.at = (max(self.at, promise.due_at) if late and promise else self.at) + wait
        open_before = self.application.status not in (Status.DEEMED_APPROVED, Status.APPROVED, Status.REJECTED)
        self._time_brings_about()
        granted = self.application.status is Status.DEEMED_APPROVED
        if self._ask(decision):
            last = self.application.entries[-1]
            assert isinstance(last.event, DecisionReportedLate) == granted
        if granted and open_before:
            (grant,) = [entry for entry in self.application.entries if isinstance(entry.event, DeemedApproved)]
            assert isinstance(grant.event, DeemedApproved)
            assert grant.act.at < self.at
            assert grant.act.at >= grant.event.promise.due_at

    def _time_brings_about(self) -> None:
        """What the command handler does before it decides a command."""
        standard = self.registry.standard(SERVICE, 1)
        assert standard
        for _ in range(3):
            at = silence_has_granted(self.application, self.at, self.registry, standard)
            if at is None:
                return
            if silence_waits_for(self.application, self.registry, standard):
                assert self._ask(commands.MovePromise())
                self.settled = True
            else:
                assert self._ask(commands.DeemApproved(now=self.at), at)
        assert silence_has_granted(self.application, self.at, self.registry, standard) is None

    @rule(day=days, office=st.sampled_from([None, *OFFICES]))
    def a_day_is_closed(self, day: date, office: str | None) -> None:
        """One day more, in the country or for one office. A promise in working days never comes earlier by it."""
        before = self._now()
        number = len(self.closed) + 2
        if office is None:
            old = self.registry.calendars[NATIONAL.code]
            new = replace(old, edition=number, holidays=(*old.holidays, day))
        else:
            code = f"closed-{office[6:10]}"
            known = self.registry.calendars.get(code)
            closures = (*(known.closures or () if known else ()), day)
            new = closed_on(*closures, code=code, edition=number, offices=(office,), first_day=FIRST, last_day=LAST)
        self.registry = registry_module.evolve(self.registry, new)
        self.closed.add(day)
        after = self._now()
        if before and after and self.unit is Unit.WORKING_DAYS:
            assert after >= before
        if before and after and not self._touches(day, max(before, after)):
            assert after == before
        self.settled = self.settled and after == before

    def _touches(self, day: date, until: datetime) -> bool:
        complete = self.application.complete_at
        assert complete
        return complete.date() - timedelta(days=1) <= day <= until.date() + timedelta(days=1)

    @precondition(lambda self: not self.settled)
    @rule()
    def the_promise_is_moved(self) -> None:
        if self._ask(commands.MovePromise()):
            self.settled = True

    def _now(self) -> datetime | None:
        standard = self.registry.standard(SERVICE, 1)
        assert standard
        try:
            found = promise_now(self.application, self.registry, standard)
        except Refusal:
            return None
        return found.due_at if found else None

    @invariant()
    def the_same_registry_never_moves_it(self) -> None:
        if self.settled and self.application.promise and not self.application.pausing:
            assert self._now() == self.application.promise.due_at

    @invariant()
    def no_move_is_recorded_that_is_none(self) -> None:
        moves = [entry.event for entry in self.application.entries if isinstance(entry.event, PromiseMoved)]
        assert len(moves) == len({(move.promise.due_at, move.promise.calendar) for move in moves})


TestAPromise = APromise.TestCase
TestAPromise.settings = settings(
    max_examples=150, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def test_a_promise_that_was_extended_and_then_paused_stays_where_it_is() -> None:
    """Complete on Monday 9 March, five working days, extended by five, paused from Wednesday 18 to Friday 20 March."""
    standard = replace(
        a_standard(SERVICE, promise=PromiseTerms(unit=Unit.WORKING_DAYS, n=5)),
        extensions=(Extension(code="technical-study", n=5, basis="A law"),),
        grounds=("awaiting-payment",),
    )
    bare = replace(NATIONAL, holidays=(date(2026, 1, 1), date(2026, 12, 25)), joint_leave=())
    registry = registry_of([the_office(), bare, NEXT_YEAR, standard])
    found: list[str] = []

    def ask(application: Application, command: Command, at: str) -> Application:
        act = an_act(at=local(at), office=application.office)
        asked = decide(command, application, act, registry)
        application = reduce(
            evolve, (Recorded(version=application.version + 1, act=act, event=event) for event in asked), application
        )
        assert application.promise
        found.append(f"{application.promise.due_at:%d %B}")
        return application

    application = Application()
    for event in (Submitted(service=SERVICE, standard=1, number=NUMBER), *CHECKED[1:]):
        act = an_act(at=local("2026-03-09T09:00"), office=OFFICES[0])
        application = evolve(application, Recorded(version=application.version + 1, act=act, event=event))
    application = ask(application, commands.DeclareComplete(), "2026-03-09T09:00")
    application = ask(application, commands.ExtendDeadline(extension="technical-study"), "2026-03-10T09:00")
    application = ask(application, commands.Suspend(ground="awaiting-payment"), "2026-03-18T10:00")
    application = ask(application, commands.Resume(), "2026-03-20T10:00")
    assert found == ["16 March", "23 March", "23 March", "25 March"]
    for holiday, due in ((None, None), (date(2026, 12, 24), None), (date(2026, 3, 24), "26 March")):
        holidays = (*bare.holidays, *([holiday] if holiday else ()))
        newer = registry_module.evolve(registry, replace(bare, edition=2, holidays=holidays))
        moved = promise_now(application, newer, standard)
        assert moved
        assert application.promise
        assert (None if moved.due_at == application.promise.due_at else f"{moved.due_at:%d %B}") == due
