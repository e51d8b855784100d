"""Notices of the citizen's page: each section shows one special matter of the application.

The matters are an import that was taken back, deemed approval, a late decision, a dispute, payments, obstacles,
inspections and complaints.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from api.pages.reader import PageReader
from api.pages.words import COMPLAINTS, DECISIONS, N_, NN_, OBSTACLES, REASONS
from domain.application.status import ENDS, Status
from projections import promises_and_payments
from projections.incidents import InspectionEntry, ObstacleEntry
from projections.promises_and_payments import ComplaintEntry, PaymentEntry


@dataclass(frozen=True, slots=True)
class Notice:
    """One section of the page: a heading and at least one line."""

    heading: str
    lines: list[str]


def unpaid(reading: PageReader) -> list[PaymentEntry]:
    """Returns the payment requests that are neither paid nor expired. The list is empty if the application has
    ended.
    """
    if reading.row["status"] in ENDS:
        return []
    return [p for p in reading.row["payments"] if p["received_at"] is None and p["expired_at"] is None]


def notices(reading: PageReader) -> list[Notice]:
    """Returns the sections that apply to this application, in the order of the page."""
    held_up = N_("What held it up") if reading.row["status"] in ENDS else N_("What is holding it up")
    sections = (
        (N_("The office took back these data"), _import_undone(reading)),
        (N_("Why it counts as granted"), _deemed(reading)),
        (N_("A decision that was recorded late"), _late_decision(reading)),
        (N_("Your dispute"), _dispute(reading)),
        (N_("Payments"), (line for payment in reading.row["payments"] for line in _payment(reading, payment))),
        (
            held_up,
            (_obstacle(reading, obstacle) for obstacle in reading.row["obstacles"]),
        ),
        (N_("Field inspections"), (_inspection(reading, visit) for visit in reading.row["inspections"])),
        (N_("Complaints"), (_complaint(reading, complaint) for complaint in reading.row["complaints"])),
    )
    filled = [(heading, list(lines)) for heading, lines in sections]
    return [Notice(reading.language.say(heading), lines) for heading, lines in filled if lines]


def _day(reading: PageReader, at: str) -> str:
    return reading.moment(at, "", "day").text


def _import_undone(reading: PageReader) -> Iterator[str]:
    row, say = reading.row, reading.language.say
    if row["status"] != Status.IMPORT_UNDONE or row["ended_at"] is None:
        return
    office, when = reading.office_name(row["office"]), _day(reading, row["ended_at"])
    text = N_("These data came from an older system. %(office)s took them back on %(when)s.")
    yield say(text, office=office, when=when)
    yield say(N_("The data may have had mistakes. You did nothing wrong."))
    yield say(N_("If you need to know how your application stands, please ask %(office)s."), office=office)


def _deemed(reading: PageReader) -> Iterator[str]:
    deemed, say = reading.row["deemed"], reading.language.say
    if deemed is None:
        return
    terms = reading.standard.deemed_approval if reading.standard else None
    law = terms.basis_text if terms and terms.basis == deemed["basis"] else deemed["basis"]
    yield say(N_("No decision came by %(due)s, the promised date."), due=_day(reading, deemed["promise"]["due_at"]))
    yield say(N_("Therefore the application counts as granted by law (%(law)s)."), law=law)
    yield say(N_("This system only recorded that. Neither the system nor an official made a decision."))
    pauses = reading.language.count(NN_("%(num)s pause", "%(num)s pauses"), len(deemed["pauses"]))
    counted_from = deemed["promise"]["counted_from"]
    later = reading.language.day(date.fromisoformat(counted_from)) if counted_from else ""
    since = later or _day(reading, deemed["complete_at"])
    yield say(N_("The time was counted from %(since)s, with %(pauses)s."), since=since, pauses=pauses)


def _late_decision(reading: PageReader) -> Iterator[str]:
    late, say = reading.row["late_decision"], reading.language.say
    if late is None:
        return
    decision = reading.word(DECISIONS, late["decision"])
    when = _day(reading, late["decided_at"])
    yield say(N_("Decided on %(when)s, but recorded after the outcome: %(decision)s."), when=when, decision=decision)
    yield say(N_("The outcome does not change."))


def _dispute(reading: PageReader) -> Iterator[str]:
    dispute, say = reading.row["dispute"], reading.language.say
    if dispute is None:
        return
    reason, when = reading.word(REASONS, dispute["reason"]), _day(reading, dispute["disputed_at"])
    yield say(N_("You said on %(when)s: %(reason)s."), when=when, reason=reason)
    if dispute["state"] == "open" or dispute["settled_at"] is None:
        yield say(N_("The office has not answered yet."))
        return
    settled = _day(reading, dispute["settled_at"])
    if dispute["state"] == "reopened":
        yield say(N_("The office agreed on %(when)s and is doing the work again."), when=settled)
        return
    answer = reading.word(REASONS, dispute["dismissal"] or "")
    yield say(N_("The office answered on %(when)s that the work is done: %(reason)s."), when=settled, reason=answer)


def _payment(reading: PageReader, payment: PaymentEntry) -> Iterator[str]:
    """Returns a sentence about the state of the payment request, and one sentence for each of its flags."""
    say, rupiah, asked = reading.language.say, reading.language.rupiah, payment["amount_idr"]
    received, tariff = payment["received_idr"] or 0, payment["tariff_idr"] or 0
    yield _state_of_payment(reading, payment)
    for flag in payment["flags"]:
        match flag:
            case promises_and_payments.ABOVE_TARIFF:
                text, by = N_("The office asked for %(amount)s more than the tariff of %(tariff)s."), asked - tariff
            case promises_and_payments.BELOW_TARIFF:
                text, by = N_("The office asked for %(amount)s less than the tariff of %(tariff)s."), tariff - asked
            case promises_and_payments.PARTIAL:
                text, by = N_("%(amount)s of %(asked)s has been paid."), received
            case promises_and_payments.EXCESS:
                text, by = N_("That is %(amount)s more than the office asked for."), payment["excess_idr"]
            case _:
                text = N_("%(amount)s was paid after the application had ended. The office must refund it.")
                by = payment["refund_idr"]
        yield say(text, amount=rupiah(by), asked=rupiah(asked), tariff=rupiah(tariff))


def _state_of_payment(reading: PageReader, payment: PaymentEntry) -> str:
    say, amount = reading.language.say, reading.language.rupiah(payment["received_idr"] or payment["amount_idr"])
    if payment["received_at"]:
        return say(N_("%(amount)s, paid on %(when)s."), amount=amount, when=_day(reading, payment["received_at"]))
    asked = reading.language.rupiah(payment["amount_idr"])
    if payment["expired_at"]:
        amount = asked
        when = _day(reading, payment["expired_at"])
        return say(N_("%(amount)s, not paid. The time to pay ended on %(when)s."), amount=amount, when=when)
    if reading.row["status"] in ENDS:
        return say(N_("%(amount)s, not paid in full before the application ended."), amount=asked)
    amount = reading.language.rupiah(payment["open_idr"])
    if payment["expires_at"]:
        until = reading.moment(payment["expires_at"]).text
        return say(N_("%(amount)s, to be paid by %(until)s."), amount=amount, until=until)
    return say(N_("%(amount)s, to be paid."), amount=amount)


def _obstacle(reading: PageReader, obstacle: ObstacleEntry) -> str:
    say, what = reading.language.say, reading.word(OBSTACLES, obstacle["code"])
    since = _day(reading, obstacle["reported_at"])
    if obstacle["cleared_at"]:
        until = _day(reading, obstacle["cleared_at"])
        return say(N_("%(what)s: from %(since)s to %(until)s"), what=what, since=since, until=until)
    if reading.row["status"] in ENDS:
        return say(N_("%(what)s: from %(since)s until the application ended"), what=what, since=since)
    return say(N_("%(what)s: since %(since)s, not solved yet"), what=what, since=since)


def _inspection(reading: PageReader, visit: InspectionEntry) -> str:
    on = reading.language.day(date.fromisoformat(visit["on"]))
    if visit["done_at"]:
        return reading.language.say(
            N_("planned for %(on)s, done on %(when)s"), on=on, when=_day(reading, visit["done_at"])
        )
    if reading.row["status"] in ENDS:
        return reading.language.say(N_("was planned for %(on)s"), on=on)
    return reading.language.say(N_("planned for %(on)s"), on=on)


def _complaint(reading: PageReader, complaint: ComplaintEntry) -> str:
    return reading.language.say(
        N_("SP4N-LAPOR, %(kind)s: to be checked by %(verify)s, answered by %(answer)s."),
        kind=reading.word(COMPLAINTS, complaint["kind"]),
        verify=_day(reading, complaint["verify_due_at"]),
        answer=_day(reading, complaint["answer_due_at"]),
    )
