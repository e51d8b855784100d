from babel.messages.catalog import Message

from api.pages.translations import extracted, translated
from api.pages.words import CLOCKS, COMPLAINTS, DECISIONS, EVENTS, LIFE_EVENTS, OBSTACLES, PARTIES, REASONS, STATUSES
from domain.application.events import ApplicationEvent
from domain.application.status import Status
from domain.clocks.ledger import Clock, MarkKind, Party
from domain.codes import (
    CancellationReason,
    ComplaintKind,
    Decision,
    DismissalReason,
    DisputeReason,
    LifeEvent,
    ObstacleCode,
    RejectionReason,
    RevocationGround,
    TransferReason,
)


def strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def test_every_string_of_the_pages_is_said_in_indonesian() -> None:
    catalogue = translated()
    empty = [m.id for m in extracted() if m.id and not ((said := catalogue.get(m.id)) and all(strings(said)))]
    assert empty == []


def test_nothing_is_translated_that_nobody_says() -> None:
    wanted = {message.id for message in extracted()}
    assert [message.id for message in translated() if message.id not in wanted] == []
    assert not translated().obsolete
    assert not [message.id for message in translated() if message.id and message.fuzzy]


def test_a_translation_names_the_same_values() -> None:
    wrong = [str(error) for m in translated() if m.id for error in m.check(translated())]
    assert wrong == []


def test_every_event_and_status_has_words() -> None:
    topics = {event.topic.removeprefix("application.").rpartition(".")[0] for event in ApplicationEvent.__args__}
    assert set(EVENTS) == topics - {"import-restored"}, "a timeline shows the events again, and not that they are back"
    assert set(STATUSES) == set(Status)


def test_every_code_of_the_clocks_and_of_what_is_in_the_way_has_words() -> None:
    reasons = (RejectionReason, CancellationReason, RevocationGround, DisputeReason, DismissalReason, TransferReason)
    assert set(REASONS) == {code for codes in reasons for code in codes}
    assert len(OBSTACLES) == 14
    for words, codes in (
        (OBSTACLES, ObstacleCode),
        (PARTIES, Party),
        (LIFE_EVENTS, LifeEvent),
        (COMPLAINTS, ComplaintKind),
        (DECISIONS, Decision),
    ):
        assert set(words) == set(codes)
    moves = {MarkKind.START, MarkKind.PAUSE, MarkKind.RESUME, MarkKind.STOP, MarkKind.RESTART}
    assert {kind for clock, kind in CLOCKS if clock is Clock.LEGAL} == moves
    assert {kind for clock, kind in CLOCKS if clock is Clock.CITIZEN} == moves - {MarkKind.PAUSE, MarkKind.RESUME}
