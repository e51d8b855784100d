"""Desks to look at: the longest page there is, one file of each kind, none."""

from datetime import timedelta
from functools import reduce
from uuid import UUID

from api.endpoints.desk import file_of, soon
from api.pages.desk import NUMBER_MESSAGES
from api.pages.render import desk_door_page, desk_file_page, desk_page, number_page, offices_page
from domain.application.events import ApplicationEvent, Disputed, Reassigned, Recorded
from domain.application.incident_events import PaymentRequested
from domain.codes import DisputeReason
from projections.desk import DeskRow, project
from service_layer.rights import Bearer, Principal
from tests.browser import samples
from tests.browser.states import STATES
from tests.builders import (
    APPROVED,
    COLLEAGUE,
    COMPLETE,
    DEEMED,
    ISSUED,
    MAKASSAR,
    NEXT_MONDAY_AT_CLOSING,
    OFFICER,
    OUT_OF_STOCK,
    READY,
    RECEIVED,
    REGISTRY,
    RETURNED,
    SEMARANG,
    SORONG,
    SUBMITTED,
    SUSPENDED,
    an_act,
)

NOW = NEXT_MONDAY_AT_CLOSING - timedelta(days=2)
SUPERVISOR = Principal(bearer=Bearer.SUPERVISOR, actor=OFFICER, office=SEMARANG)
UNPAID = PaymentRequested(payment=1, amount_idr=50_000, pauses=False)
LIVES: dict[str, tuple[ApplicationEvent, ...]] = {
    "due": COMPLETE,
    "yours": (*COMPLETE, Reassigned(officer=OFFICER)),
    "a colleague's": (*COMPLETE, Reassigned(officer=COLLEAGUE)),
    "unpaid": (*COMPLETE, UNPAID, OUT_OF_STOCK),
    "suspended": SUSPENDED,
    "submitted": SUBMITTED,
    "received": RECEIVED,
    "returned": RETURNED,
    "approved": APPROVED,
    "deemed": DEEMED,
    "issued": ISSUED,
    "ready": READY,
    "disputed": (*READY, Disputed(reason=DisputeReason.WRONG_DATA)),
}


def row_of(number: int, happened: tuple[ApplicationEvent, ...]) -> DeskRow:
    def one(row: DeskRow | None, entry: tuple[int, ApplicationEvent]) -> DeskRow:
        return project(row, UUID(int=number), Recorded(version=entry[0], act=an_act(), event=entry[1]))

    row = reduce(one, enumerate(happened, 1), None)
    assert row is not None
    return row


def shown(language: str, rows: list[DeskRow], *, late: bool = False) -> str:
    now = NEXT_MONDAY_AT_CLOSING + timedelta(days=1) if late else NOW
    horizon = soon(now, SEMARANG, REGISTRY)
    files = [file_of(row, SUPERVISOR, REGISTRY, now, horizon) for row in rows]
    more = "after=next" if len(rows) == 100 else ""
    return desk_page(language, files, SEMARANG, REGISTRY, now, mine=late, personal=True, more=more)


EACH = [row_of(number, happened) for number, happened in enumerate(LIVES.values())]
FULL = [
    row_of(number, (*COMPLETE, UNPAID, OUT_OF_STOCK, Reassigned(officer=UUID(int=number * 7919))))
    for number in range(100)
]


def desks(language: str) -> dict[str, str]:
    """By the last part of the address."""
    return {
        "desk": desk_door_page(language),
        "desk-refused": desk_door_page(language, message="token-wrong"),
        "desk-signed-out": desk_door_page(language, message="signed-out"),
        "desk-offices": offices_page(language, [MAKASSAR, SORONG, "unknown"], REGISTRY),
        "desk-each": shown(language, EACH),
        "desk-late": shown(language, EACH, late=True),
        "desk-full": shown(language, FULL),
        "desk-none": shown(language, []),
        **{
            f"desk-file-{name}": desk_file_page(language, STATES[name], samples.REGISTRY, samples.NOW)
            for name in ("late", "returned", "rejected")
        },
        **{f"desk-file-{message}": number_page(language, message) for message in NUMBER_MESSAGES},
    }


DESKS = tuple(desks("en"))
