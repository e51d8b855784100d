"""System acts: commands that become due as time passes. The id of a command does not depend on the sender."""

from datetime import datetime
from uuid import UUID

from domain.application.commands import Command, DeemApproved, ExpirePayment, MovePromise
from domain.codes import Channel, Role
from domain.provenance import Act, Promise
from service_layer.requests import CommandRequest

CLIENT = "system"
MOVE_PROMISE, EXPIRE_PAYMENT, DEEM_APPROVED = "move-promise", "expire-payment", "deem-approved"
"""The names of the scheduled jobs. The name of a job and the job's subject form the idempotency key of a system act."""


def deem_approved_request(application: UUID, at: datetime, now: datetime) -> CommandRequest:
    """The request by which silence grants the application at the instant `at`. `now` is the current time and shows that
    `at` is over. Both instants are in UTC.
    """
    return _request(DEEM_APPROVED, str(application), DeemApproved(now=now), at)


def move_promise_request(application: UUID, moved: Promise, now: datetime) -> CommandRequest:
    """The request that moves the promise at the time `now` (UTC), by the calendars that the promise `moved` names."""
    return _request(MOVE_PROMISE, f"{application}/{moved.calendar}", MovePromise(), now)


def expire_payment_request(application: UUID, payment: int, at: datetime) -> CommandRequest:
    """The request that lets a payment order expire at the time `at` (UTC)."""
    return _request(EXPIRE_PAYMENT, f"{application}/{payment}", ExpirePayment(payment=payment), at)


def _request(job: str, subject: str, command: Command, at: datetime) -> CommandRequest:
    return CommandRequest(
        command=command,
        act=Act(at=at, by=Role.SYSTEM, channel=Channel.INTERNAL),
        client=CLIENT,
        key=f"{job}\0{subject}",
    )
