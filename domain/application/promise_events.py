"""These events move the promised date without a pause: an extension, and a newer edition of a calendar."""

from dataclasses import dataclass
from typing import ClassVar

from domain.codes import ExtensionCode
from domain.provenance import Event, Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineExtended(Event):
    """`extension` is the code of an extension in the service's standard. The standard also names the law that allows
    this extension.
    """

    topic: ClassVar[str] = "application.deadline-extended.v1"
    extension: ExtensionCode
    promise: Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseMoved(Event):
    """A newer edition of a calendar moved the promised date. The event's promise names the newer edition."""

    topic: ClassVar[str] = "application.promise-moved.v1"
    promise: Promise
