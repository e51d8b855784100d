"""System acts: commands that become due with time. The scheduled job and the command handler give the same act the same
identity, so the act is stored once.
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
    """The request that records the deemed approval at the instant `at`. `now` is the current time and shows that `at`
    is in the past. Both instants are in UTC.
    """
    return _request(DEEM_APPROVED, str(application), DeemApproved(now=now), at)


def move_promise_request(application: UUID, moved: Promise, now: datetime) -> CommandRequest:
    """The request that moves the promise at the time `now` (UTC). `moved` is the new promise."""
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
