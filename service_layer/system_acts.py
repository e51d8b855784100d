"""System acts: the commands that time brings about, each with an identity that is the same whoever sends it."""

from datetime import datetime
from uuid import UUID

from domain.application.commands import Command, DeemApproved, ExpirePayment, MovePromise
from domain.codes import Channel, Role
from domain.provenance import Act, Promise
from service_layer.requests import CommandRequest

CLIENT = "system"
MOVE_PROMISE, EXPIRE_PAYMENT, DEEM_APPROVED = "move-promise", "expire-payment", "deem-approved"
"""The jobs; with a subject they make the idempotency key of a system act."""


def deem_approved_request(application: UUID, at: datetime, now: datetime) -> CommandRequest:
    """Silence grants at the instant `at`; `now` shows that the instant is over. Both UTC."""
    return _request(DEEM_APPROVED, str(application), DeemApproved(now=now), at)


def move_promise_request(application: UUID, moved: Promise, now: datetime) -> CommandRequest:
    """The calendars that `moved` names move the promise at `now`, UTC."""
    return _request(MOVE_PROMISE, f"{application}/{moved.calendar}", MovePromise(), now)


def expire_payment_request(application: UUID, payment: int, at: datetime) -> CommandRequest:
    """The request of this payment expires at `at`, UTC."""
    return _request(EXPIRE_PAYMENT, f"{application}/{payment}", ExpirePayment(payment=payment), at)


def _request(job: str, subject: str, command: Command, at: datetime) -> CommandRequest:
    return CommandRequest(
        command=command,
        act=Act(at=at, by=Role.SYSTEM, channel=Channel.INTERNAL),
        client=CLIENT,
        key=f"{job}\0{subject}",
    )
