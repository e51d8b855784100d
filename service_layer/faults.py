"""Faults that every transport can meet. Each has the stable `code` under which HTTP and topics report it."""

from typing import ClassVar


class Fault(Exception):
    """A fault that prevents a request from being carried out, other than a refusal by the domain's rules."""

    code: ClassVar[str]


class KeyReused(Fault):
    """The same key came with another body, or for another command."""

    code = "key-reused"

    def __str__(self) -> str:
        return "This Idempotency-Key was used for another request. Send a new key for a new request."


class Unavailable(Fault):
    """The store cannot be reached, or the answer took too long. The request may have been stored: send it again."""

    code = "unavailable"

    def __str__(self) -> str:
        return "The store cannot be reached now. Send the same request with the same Idempotency-Key again."


class BodyFault(Fault):
    """The body cannot be used. `pointer` is a JSON pointer into the body; `detail` says what to write there.

    Neither of them quotes the body, because the body may be personal.
    """

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(pointer)
        self.pointer = pointer
        self.detail = detail


class MalformedBody(BodyFault):
    """The body is not JSON."""

    code = "malformed-request"


class ImpossibleValue(BodyFault):
    """A value in the body is not possible at its place."""

    code = "unprocessable"


class Unauthenticated(Fault):
    """The operation needs a bearer, and the request has none, or none that this installation signed."""

    code = "unauthenticated"


class Forbidden(Fault):
    """The bearer's role may not do this at all."""

    code = "forbidden"


class NotYours(Fault):
    """The application does not belong to this bearer. The answer is the same as if it did not exist."""

    code = "not-found"
