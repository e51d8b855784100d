"""Decoding: this module turns the bytes of a body into an instance of its type. If the bytes do not fit the type, a
fault names the wrong place in the body.
"""

import re
from typing import Any, TypeVar

import msgspec

from service_layer.bodies import Body
from service_layer.faults import ImpossibleValue, MalformedBody

AnyBody = TypeVar("AnyBody", bound=Body)


def decoded(raw: bytes, kind: type[AnyBody]) -> tuple[AnyBody, Any]:
    """Returns two values: the body as an instance of `kind`, and the body as plain JSON. The digest of the command is
    made from the plain JSON.

    Raises MalformedBody and ImpossibleValue.
    """
    plain = parsed(raw)
    try:
        return msgspec.convert(plain, kind, strict=True), plain
    except msgspec.ValidationError as error:
        raise _impossible(str(error)) from None


def parsed(raw: bytes) -> Any:  # noqa: ANN401 - JSON
    """Returns the body as plain JSON. An empty body counts as `{}`. Raises MalformedBody."""
    try:
        return msgspec.json.decode(raw or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedBody("", "The body is not JSON.") from None


def _impossible(message: str) -> ImpossibleValue:
    """Turns an error message of msgspec into a fault. An example of a message is "Expected `str`, got `int` - at
    `$.a[0].b`". The fault does not repeat the name of an unknown field.
    """
    what, _, where = message.partition(" - at `$")
    if what.startswith("Object contains unknown field"):
        what = "There is a field that this body does not have"
    elif what.startswith("Invalid enum value"):
        what = "Not one of the values that openapi.json lists"
    pointer = re.sub(r"\[(\d+)\]", r"/\1", where.rstrip("`")).replace("[...]", "/-").replace(".", "/")
    return ImpossibleValue(pointer, f"{what}.")
