"""Faults that every transport can report. Each fault has a stable `code`, which HTTP and the Kafka topics report."""

from typing import ClassVar


class Fault(Exception):
    """A fault that prevents a request from being carried out. The refusals of the domain's rules are not faults."""

    code: ClassVar[str]


class KeyReused(Fault):
    """An idempotency key was used again with another body, or for another command."""

    code = "key-reused"

    def __str__(self) -> str:
        return "This Idempotency-Key was used for another request. Send a new key for a new request."


class Unavailable(Fault):
    """The store cannot be reached, or the answer took too long. The server does not know whether the request was
    stored, so the client should send the same request again.
    """

    code = "unavailable"

    def __str__(self) -> str:
        return "The store cannot be reached now. Send the same request with the same Idempotency-Key again."


class BodyFault(Fault):
    """The body cannot be used. `pointer` is a JSON pointer into the body. `detail` tells the client what to write at
    the place of `pointer`.

    `pointer` and `detail` never quote the body, because the body may contain personal data.
    """

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(pointer)
        self.pointer = pointer
        self.detail = detail


class MalformedBody(BodyFault):
    """The body is not JSON."""

    code = "malformed-request"


class ImpossibleValue(BodyFault):
    """A value in the body is not allowed at its place."""

    code = "unprocessable"


class Unauthenticated(Fault):
    """The operation needs a bearer token. The request has no token, or a token that this installation did not sign."""

    code = "unauthenticated"


class Forbidden(Fault):
    """No bearer with this role has the right to this operation."""

    code = "forbidden"


class NotYours(Fault):
    """The application does not belong to this bearer. The answer is the same as for an application
    that does not exist.
    """

    code = "not-found"
