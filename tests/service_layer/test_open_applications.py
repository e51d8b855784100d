"""Who has an open application is told so, also while the view is behind the log."""

from typing import Any, cast
from uuid import UUID

import msgspec
import pytest

from domain.application.status import Status
from service_layer import bodies
from service_layer.open_applications import open_applications
from service_layer.ports import Persons, Views

APPLICATION = UUID(int=7)
BODY = msgspec.convert({"service": "nib", "applicant": {"name": "Siti", "nik": "3374014101900001"}}, bodies.SubmitBody)


class Known:
    async def applications_of(self, *_: object, **__: object) -> list[UUID]:
        return [APPLICATION]


class Behind:
    """A view that shows `before` until somebody waits for the end of the log, and then `after`."""

    def __init__(self, before: str | None, after: str) -> None:
        self.shown, self.after, self.waited = before, after, 0

    async def row(self, _: UUID) -> dict[str, Any] | None:
        return {"application_id": str(APPLICATION), "service": "nib", "status": self.shown} if self.shown else None

    async def log_end(self) -> tuple[int, int]:
        return 1, 9

    async def reached(self, position: int, *, seconds: float) -> bool:
        assert (position, seconds) == (9, 1.0)
        self.shown, self.waited = self.after, self.waited + 1
        return True


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("before", "after", "found", "waited"),
    [
        (None, Status.SUBMITTED, True, 1),
        (Status.SUBMITTED, Status.SUBMITTED, True, 1),
        (Status.SUBMITTED, Status.WITHDRAWN, False, 1),
        (Status.WITHDRAWN, Status.WITHDRAWN, False, 0),
    ],
)
async def test_the_newest_state_decides(before: str | None, after: str, found: bool, waited: int) -> None:  # noqa: FBT001 - a column of the table
    views = Behind(before, after)
    told = await open_applications(BODY, cast("Persons", Known()), cast("Views", views))
    assert told == {"/applicant/nik": frozenset({APPLICATION} if found else ())}
    assert views.waited == waited
