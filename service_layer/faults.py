"""Faults: every transport can report these faults. Each fault has a stable `code`. HTTP and the Kafka topics report the
same code.
"""

from typing import ClassVar


class Fault(Exception):
    """A request with a fault is not carried out. A refusal by a rule of the domain is not a fault."""

    code: ClassVar[str]


class KeyReused(Fault):
    """An idempotency key was used again with another body, or for another command."""

    code = "key-reused"

    def __str__(self) -> str:
        return "This Idempotency-Key was used for another request. Send a new key for a new request."


class ApplicationErased(Fault):
    """The command contains personal data, but the personal data of this application was erased. New personal data
    would undo the erasure.
    """

    code = "application-erased"

    def __str__(self) -> str:
        return "The personal data of this application was erased. Send the command without personal data."


class ApplicationUnreadable(Fault):
    """The stream of the application contains an event that this release cannot read. Usually a newer release stored the
    event. No command on this application can be decided, but all other applications are unaffected.
    """

    code = "application-unreadable"

    def __str__(self) -> str:
        return "This release cannot read an event of this application. Nothing was stored."


class Unavailable(Fault):
    """The store cannot be reached, or the answer took too long. The server does not know whether the request was
    stored, so the client should send the same request again.
    """

    code = "unavailable"

    def __str__(self) -> str:
        return "The store cannot be reached now. Send the same request with the same Idempotency-Key again."


class ViewBehind(Unavailable):
    """The view has not caught up with the log yet. So a missing row does not mean that the row does not exist."""

    code = "behind"

    def __str__(self) -> str:
        return "The view has not caught up yet. Wait as long as the header Retry-After says, then try again."


class BodyFault(Fault):
    """The body cannot be used. `pointer` is a JSON pointer into the body. `detail` tells the client how to correct the
    value at `pointer`.

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
    """A client with this role has no right to this operation."""

    code = "forbidden"


class NotYours(Fault):
    """The client has no right to this application. The answer is the same as for an application that does not exist."""

    code = "not-found"
