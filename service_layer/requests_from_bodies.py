"""Turns request bodies into command requests. The functions add the principal, the office, the time, and the check of
the rights.

HTTP and Kafka use the same functions. No function depends on the transport.
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
from domain.codes import CancellationReason, Channel, Quality, RejectionReason, Role
from domain.json_values import instant
from domain.provenance import Act
from domain.registry.registry import Registry
from service_layer import bodies
from service_layer.commands import CommandOperation, in_years
from service_layer.faults import ImpossibleValue
from service_layer.identity import sealed_of
from service_layer.requests import CommandRequest
from service_layer.rights import Bearer, Principal, Relation, require

NOT_STATED = (RejectionReason.NOT_STATED, CancellationReason.NOT_STATED)
ROLES = {
    Bearer.CITIZEN: Role.APPLICANT,
    Bearer.OFFICER: Role.OFFICER,
    Bearer.SUPERVISOR: Role.SUPERVISOR,
    Bearer.AGENCY: Role.AGENCY,
}
AHEAD_MAX = timedelta(minutes=5)
"""The clock of a device may be ahead of the server's clock by at most this time. A later time is in the future and is
refused.
"""
BEHIND_MAX = timedelta(days=31)
"""The time from a device may be at most this old. An older time is probably from a wrong clock. A deadline that is
computed from such a time would already have passed.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyContext:
    """The values that a function of this module needs in addition to the body. `key` is the idempotency key. `plain` is
    the body as plain JSON. `now` is the current time in UTC.
    """

    principal: Principal
    key: str
    plain: Any
    registry: Registry
    now: datetime


def submission(context: BodyContext, body: bodies.SubmitBody) -> CommandRequest:
    """Returns the request that submits an application. Raises ImpossibleValue."""
    office = _office(context.principal, body.office, context.registry)
    return CommandRequest(
        command=SubmitApplication(
            service=body.service,
            number="",
            district=body.district,
            regency=body.regency,
            mall=body.mall,
            counter=body.counter,
        ),
        act=act_of(context.principal, body, office, context.now),
        client=context.principal.client,
        key=context.key,
        body=context.plain,
        personal=sealed_of(body),
    )


def command(
    context: BodyContext,
    body: bodies.CommandBody,
    offered: CommandOperation,
    relation: Relation,
    *,
    target: UUID,
    seen: int,
) -> CommandRequest:
    """Returns the request for a command on the application `target`. `seen` is the version of the application that the
    client saw.

    Raises ImpossibleValue.
    """
    principal, registry, command = context.principal, context.registry, offered.command(body)
    if isinstance(body, bodies.RejectBody | bodies.CancelBody) and body.reason in NOT_STATED:
        raise ImpossibleValue("/reason", "Only an imported history may lack a reason.")
    sealed = {name: getattr(body, name) for name in offered.sealed if getattr(body, name)}
    personal = {"applicant": {name: unicodedata.normalize("NFC", value) for name, value in sealed.items()}}
    return CommandRequest(
        command=command,
        act=act_of(principal, body, principal.office, context.now),
        client=principal.client,
        key=context.key,
        body=context.plain,
        personal=personal if sealed else {},
        version_seen=seen,
        received_at=context.now,
        permit=_permit(command, relation, principal, registry, target),
        office_of=_office_of(command, principal, registry) if principal.bearer is Bearer.AGENCY else None,
    )


def act_of(principal: Principal, body: bodies.CommandBody, office: str, now: datetime) -> Act:
    """Returns the act with its actor, office, channel and time.

    If the body contains no time, the time of the act is `now`, by the server's clock.

    Raises ImpossibleValue.
    """
    if body.at is not None:
        in_years(body.at, "/at")
        if not now - BEHIND_MAX <= body.at <= now + AHEAD_MAX:
            detail = (
                f"The time {instant(body.at)} is more than 5 minutes after, or 31 days before, the server's time"
                f" {instant(now)}. Set the device's clock and send the true time."
            )
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
    command: Command, relation: Relation, principal: Principal, registry: Registry, target: UUID
) -> Callable[[Application], None]:
    def permit(application: Application) -> None:
        concerned = application.concerned
        if isinstance(command, AnswerReferral):  # no other asked office may answer this referral
            concerned = frozenset({application.referrals.get(command.referral, "")}) | {application.office}
        require(
            relation,
            principal,
            registry,
            application_id=target,
            holder=application.office,
            concerned=concerned,
        )

    return permit


def _office_of(command: Command, principal: Principal, registry: Registry) -> Callable[[Application], str]:
    """Returns a function that finds the acting office. This function is needed if the client is the system of an
    agency. Usually, the system acts for the office that holds the file. But if the command gives advice, the system
    acts for the agency's office that was asked for the advice.
    """

    def office(application: Application) -> str:
        if isinstance(command, AnswerReferral):
            adviser = application.referrals.get(command.referral, "")
            if adviser in principal.offices(registry):
                return adviser
        return application.office

    return office


def _office(principal: Principal, named: str | None, registry: Registry) -> str:
    """Returns the acting office. An officer acts for the officer's own office. The system of an agency names one of the
    agency's offices.

    Raises ImpossibleValue.
    """
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
