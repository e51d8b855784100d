"""From a body to what is asked of an application: who, where, when, by which right. One way for every door.

Nothing here knows whether it came over HTTP or by a topic.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.application.commands import AnswerReferral, Command, SubmitApplication
from domain.application.decide import CHANNELS_OF_COMMANDS
from domain.application.evolve import Application
from domain.codes import Channel, Quality, Role
from domain.provenance import Act
from domain.registry.editions import Registry
from service_layer import bodies
from service_layer.commands import CommandOperation, in_years
from service_layer.faults import ImpossibleValue
from service_layer.identity import sealed_of
from service_layer.requests import CommandRequest
from service_layer.rights import Bearer, Principal, Relation, require

ROLES = {
    Bearer.CITIZEN: Role.APPLICANT,
    Bearer.OFFICER: Role.OFFICER,
    Bearer.SUPERVISOR: Role.SUPERVISOR,
    Bearer.AGENCY: Role.AGENCY,
}
AHEAD_MAX = timedelta(days=1)
"""Of a device's clock. What is nearer is taken and shown as ahead."""
BEHIND_MAX = timedelta(days=31)
"""Longer ago the clock is wrong rather than the network away: a date counted from there would be over at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sent a body, under which key of its own; the body as it came; `now` (UTC) and the registry to judge it by."""

    principal: Principal
    key: str
    plain: Any
    registry: Registry
    now: datetime


def submission(sent: Sender, body: bodies.SubmitBody) -> CommandRequest:
    """Raises ImpossibleValue."""
    office = _office(sent.principal, body.office, sent.registry)
    return CommandRequest(
        command=SubmitApplication(service=body.service, number="", district=body.district, regency=body.regency),
        act=act_of(sent.principal, body, office, sent.now),
        client=sent.principal.client,
        key=sent.key,
        body=sent.plain,
        personal=sealed_of(body),
    )


def command(
    sent: Sender, body: bodies.CommandBody, offered: CommandOperation, relation: Relation, *, target: UUID, seen: int
) -> CommandRequest:
    """A command on the application `target`, of which `seen` is the version that was seen. Raises ImpossibleValue."""
    principal, wish = sent.principal, offered.command(body)
    said = {name: getattr(body, name) for name in offered.sealed if getattr(body, name)}
    personal = {"applicant": {name: unicodedata.normalize("NFC", value) for name, value in said.items()}}
    return CommandRequest(
        command=wish,
        act=act_of(principal, body, principal.office, sent.now),
        client=principal.client,
        key=sent.key,
        body=sent.plain,
        personal=personal if said else {},
        version_seen=seen,
        permit=_permit(wish, relation, principal, sent.registry, target),
        office_of=_office_of(wish, principal, sent.registry) if principal.bearer is Bearer.AGENCY else None,
    )


def act_of(principal: Principal, body: bodies.CommandBody, office: str, now: datetime) -> Act:
    """Who, where, when. Without a time of its own it happens `now`, by our clock. Raises ImpossibleValue."""
    if body.at is not None:
        in_years(body.at, "/at")
        if not now - BEHIND_MAX <= body.at <= now + AHEAD_MAX:
            detail = "This is more than a day ahead or 31 days ago. Set the clock of the device and send the true time."
            raise ImpossibleValue("/at", detail)
    return Act(
        at=body.at or now,
        at_quality=Quality.DEVICE if body.at else Quality.SERVER,
        by=ROLES[principal.bearer],
        actor=principal.actor,
        office=office,
        channel=_channel(principal, body.channel),
    )


def _permit(
    wish: Command, relation: Relation, principal: Principal, registry: Registry, target: UUID
) -> Callable[[Application], None]:
    def permit(application: Application) -> None:
        concerned = application.concerned
        if isinstance(wish, AnswerReferral):  # the office that was asked, not every one concerned
            concerned = frozenset({application.referrals.get(wish.referral, "")}) | {application.office}
        require(
            relation,
            principal,
            registry,
            application_id=target,
            holder=application.office,
            concerned=concerned,
        )

    return permit


def _office_of(wish: Command, principal: Principal, registry: Registry) -> Callable[[Application], str]:
    """An agency's system acts for the office that holds the file, or for the one of its own that was asked."""

    def office(application: Application) -> str:
        if isinstance(wish, AnswerReferral):
            asked = application.referrals.get(wish.referral, "")
            if asked in principal.offices(registry):
                return asked
        return application.office

    return office


def _office(principal: Principal, named: str | None, registry: Registry) -> str:
    """An officer acts for their own office; an agency's system says for which of its offices."""
    own = principal.offices(registry)
    office = named or principal.office
    if office not in own:
        raise ImpossibleValue("/office", "Name an office that you act for.")
    return office


def _channel(principal: Principal, named: Channel | None) -> Channel:
    remote = principal.bearer in (Bearer.AGENCY, Bearer.CITIZEN)
    channel = named or (Channel.ELECTRONIC if remote else Channel.COUNTER)
    if channel not in CHANNELS_OF_COMMANDS:
        detail = "Use counter, mobile, self_service or electronic."
        raise ImpossibleValue("/channel", detail)
    return channel
