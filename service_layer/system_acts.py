"""System acts: some commands become due as time passes. The scheduled job or the command handler sends such a command.
The job and the handler give the same identity to the same act, so the act is stored only once.
"""

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
    """Returns the request that records a deemed approval at the instant `at`. `now` is the current time. The instant
    `at` must be before `now`. Both instants are in UTC.
    """
    return _request(DEEM_APPROVED, str(application), DeemApproved(now=now), at)


def move_promise_request(application: UUID, moved: Promise, now: datetime) -> CommandRequest:
    """Returns the request that moves the promise at the time `now` (UTC). `moved` is the new promise."""
    return _request(MOVE_PROMISE, f"{application}/{moved.calendar}", MovePromise(), now)


def expire_payment_request(application: UUID, payment: int, at: datetime) -> CommandRequest:
    """Returns the command request that lets a payment request expire at the time `at` (UTC)."""
    return _request(EXPIRE_PAYMENT, f"{application}/{payment}", ExpirePayment(payment=payment), at)


def _request(job: str, subject: str, command: Command, at: datetime) -> CommandRequest:
    return CommandRequest(
        command=command,
        act=Act(at=at, by=Role.SYSTEM, channel=Channel.INTERNAL),
        client=CLIENT,
        key=f"{job}\0{subject}",
    )
