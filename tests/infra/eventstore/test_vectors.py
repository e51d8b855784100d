"""The stored event, to the byte: what these values gave once, they give for ever, or nothing stored can be read."""

import base64
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from domain.application.events import Received, Submitted
from domain.codes import Channel, Quality, Role
from domain.provenance import Act
from domain.tracking_number import ALPHABET, check_symbol, parse_tracking_number
from infra.eventstore.envelope import SealBroken, canonical, command_id, commitment, digest, unb64, unseal
from infra.eventstore.history import entry_of
from infra.eventstore.rows import rows_of
from infra.eventstore.topics import data_to_store
from infra.keys.key_store import DossierKey
from infra.keys.receipt_codes import ReceiptCodes


def run_of_bytes(start: int, length: int = 32) -> bytes:
    return bytes(range(start, start + length))


APPLICATION = UUID("0192f0c8-6b1e-7c3a-9d57-1f0a2b3c4d5e")
DOSSIER_KEY, COMMAND_KEY = run_of_bytes(0x00), run_of_bytes(0x20)
BLINDING, SALTS, NONCE = run_of_bytes(0x40), (run_of_bytes(0x60), run_of_bytes(0x80)), run_of_bytes(0, 12)
KEY_ID = UUID("5b0e3c52-7a44-4c1b-8a0e-2f6d1c9b7e10")
PERSONAL = {"name": "Siti Contoh", "nik": "3374014101900001", "phone": "0812-0000-0000"}
BODY = {"service": "ktp-el", "applicant": {"name": "Siti Contoh", "nik": "3374014101900001"}}
NUMBER = "01K2M9XD4TB5"

FIRST = Act(
    at=datetime(2026, 3, 13, 2, 10, 5, tzinfo=UTC),
    at_quality=Quality.SERVER,
    by=Role.OFFICER,
    actor=UUID("8d2f7c64-0b1a-4f0e-9a57-3f1c2d4e5a6b"),
    office="pemda-3374-disdukcapil",
    channel=Channel.COUNTER,
)
SECOND = replace(FIRST, at=datetime(2026, 3, 13, 2, 10, 6, 250_000, tzinfo=UTC))

STATE_1 = (
    b'{"actor":"8d2f7c64-0b1a-4f0e-9a57-3f1c2d4e5a6b","at":"2026-03-13T02:10:05.000000Z","at_quality":"server",'
    b'"by":"officer","channel":"counter","command":"47029395-414e-8802-85d8-a4a5ff36e185",'
    b'"data":{"district":"33.74.01","number":"01K2M9XD4TB5","service":"ktp-el","standard":3},'
    b'"digest":"7b30ba632c61d769bcbe9aecebcbdb0a","office":"pemda-3374-disdukcapil","prev":"",'
    b'"salt":"YGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn8=","sealed":[{"box":"'
    b"B0OUWIGghFzFCN3A/aQ2ItOH1WekLgkrYD6/3kE0Xu16MsCdwqQwolb3Fpnhp2tXgC0P5Xj6gbRW/AgjOtDG2cQM907i4RdYLGSaXt6tIspI4q"
    b'YME0FpSs3Fr/5VwIm9+9Vp1pRx6meWJvVZn5tf4V7M1d/Ij0Ic","commitment":"5d/W1nFzzjNC/IBRooyq3kfzd7A7VJc0++A5/5ndec4=",'
    b'"key":"5b0e3c52-7a44-4c1b-8a0e-2f6d1c9b7e10","nonce":"AAECAwQFBgcICQoL","role":"applicant"}]}'
)
STATE_2 = (
    b'{"actor":"8d2f7c64-0b1a-4f0e-9a57-3f1c2d4e5a6b","at":"2026-03-13T02:10:06.250000Z","at_quality":"server",'
    b'"by":"officer","channel":"counter","command":"a3cba5b5-9c26-86ed-bcca-0dedbe9df8c1","data":{},'
    b'"digest":"ff51be5c8468f50608b31860525f1ce9","office":"pemda-3374-disdukcapil",'
    b'"prev":"vcf3wGewuoXi0fLeZbdOkb572x4c8RWkfnWjYJ1eMAg=",'
    b'"salt":"gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8=","sealed":[]}'
)
EVENT_1 = bytes.fromhex("bdc7f7c067b0ba85e2d1f2de65b74e91be7bdb1e1cf115a47e75a3609d5e3008")
EVENT_2 = bytes.fromhex("39aaaeaaefab6734f8e664222df2302643d6dc712a0a6a4aa89a9932c20370a5")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[StoredEvent]:
    """The two events as the product writes them, with the dice loaded: a box's blinding and nonce, then the salts."""
    dice = iter([BLINDING, NONCE, *SALTS])
    monkeypatch.setattr(secrets, "token_bytes", lambda length: _of(next(dice), length))
    submitted = Submitted(service="ktp-el", standard=3, number=NUMBER, district="33.74.01")
    [first], prev = rows_of(
        APPLICATION,
        0,
        "",
        [submitted],
        FIRST,
        command=command_id(COMMAND_KEY, "counter-7", "k-0001"),
        digest=digest(COMMAND_KEY, BODY),
        personal={"applicant": PERSONAL},
        keys={"applicant": DossierKey(KEY_ID, "applicant", DOSSIER_KEY)},
    )
    [second], last = rows_of(
        APPLICATION,
        1,
        prev,
        [Received()],
        SECOND,
        command=command_id(COMMAND_KEY, "counter-7", "k-0002"),
        digest=digest(COMMAND_KEY, {}),
    )
    assert (unb64(prev), unb64(last)) == (EVENT_1, EVENT_2)
    return [first, second]


def _of(drawn: bytes, length: int) -> bytes:
    assert len(drawn) == length
    return drawn


def test_the_states_are_these_bytes(written: list[StoredEvent]) -> None:
    assert [event.state for event in written] == [STATE_1, STATE_2]
    assert [len(event.state) for event in written] == [751, 397]
    assert [event.topic for event in written] == ["application.submitted.v1", "application.received.v1"]


@pytest.mark.parametrize(("version", "stored", "expected"), [(1, STATE_1, EVENT_1), (2, STATE_2, EVENT_2)])
def test_a_commitment_follows_from_the_row_alone(version: int, stored: bytes, expected: bytes) -> None:
    topic = ("application.submitted.v1", "application.received.v1")[version - 1]
    entry = entry_of((version, topic, stored, version, None))
    assert commitment(APPLICATION, version, topic, entry.state) == expected
    for other_version, other_topic in ((version + 1, topic), (version, "application.issued.v1")):
        assert commitment(APPLICATION, other_version, other_topic, entry.state) != expected


def test_what_was_read_is_written_again_as_the_same_bytes() -> None:
    for version, topic, stored in (
        (1, "application.submitted.v1", STATE_1),
        (2, "application.received.v1", STATE_2),
    ):
        entry = entry_of((version, topic, stored, version, None))
        assert entry.recorded.act == (FIRST, SECOND)[version - 1]
        assert canonical({**entry.state, "data": data_to_store(entry.recorded.event)}) == stored


def test_commands_have_these_ids_and_digests() -> None:
    assert command_id(COMMAND_KEY, "counter-7", "k-0001") == UUID("47029395-414e-8802-85d8-a4a5ff36e185")
    assert digest(COMMAND_KEY, BODY) == "7b30ba632c61d769bcbe9aecebcbdb0a"
    with pytest.raises(ValueError, match="zero byte"):
        command_id(COMMAND_KEY, "counter\0seven", "k-0001")


@pytest.mark.parametrize(
    ("own_key", "expected"),
    [
        ("case-10011", "bd3d1d1b-90d5-8cd2-82ec-d528bdd64130"),
        ("case-10011\0id-1", "a4d2a905-db59-8ba1-a66f-cb773a5c207f"),
        ('case-10011\0{"activity":"T02","at":"2011-10-11"}\0' + "2", "6b667acd-7099-8f38-930c-d75b227c92be"),
    ],
)
def test_imported_records_have_these_ids(own_key: str, expected: str) -> None:
    assert command_id(COMMAND_KEY, "coselog", own_key) == UUID(expected)


def test_the_box_opens_where_it_was_closed_and_nowhere_else() -> None:
    [part] = entry_of((1, "application.submitted.v1", STATE_1, 1, None)).state["sealed"]
    topic, elsewhere = "application.submitted.v1", "application.received.v1"
    assert unseal(DOSSIER_KEY, part, application=APPLICATION, version=1, topic=topic) == PERSONAL
    for key, application, version, bound in (
        (DOSSIER_KEY, APPLICATION, 2, topic),
        (DOSSIER_KEY, APPLICATION, 1, elsewhere),
        (DOSSIER_KEY, KEY_ID, 1, topic),
        (COMMAND_KEY, APPLICATION, 1, topic),
    ):
        with pytest.raises(SealBroken):
            unseal(key, part, application=application, version=version, topic=bound)


@pytest.mark.parametrize("name", ["box", "commitment", "nonce", "key"])
def test_a_box_with_one_altered_field_does_not_open(name: str) -> None:
    [part] = entry_of((1, "application.submitted.v1", STATE_1, 1, None)).state["sealed"]
    altered = part[name][:3] + ("0" if part[name][3] != "0" else "1") + part[name][4:]
    with pytest.raises(SealBroken):
        unseal(
            DOSSIER_KEY,
            {**part, name: altered},
            application=APPLICATION,
            version=1,
            topic="application.submitted.v1",
        )


PAPER = ReceiptCodes(instance="01", pin_key=run_of_bytes(0xA0), qr_key=run_of_bytes(0xC0, 64))
PINS = ("51658548", "21142985")
TOKENS = ("EGoyJTTsili7g6ag4oMyUTZfKjvM0qbv", "0PYRjYG_PdG2jcQKMnnlRnudt_2m89g6")


def test_the_number_ends_in_its_check_symbol() -> None:
    assert NUMBER[:11] + check_symbol(NUMBER[:11]) == NUMBER
    assert parse_tracking_number("o1k2-m9xd 4tb5") == NUMBER


@pytest.mark.parametrize("resets", [0, 1])
def test_pin_and_qr_follow_from_the_number_and_its_resets(resets: int) -> None:
    assert PAPER.pin(NUMBER, resets) == PINS[resets]
    assert PAPER.is_pin(PINS[resets], NUMBER, resets)
    assert not PAPER.is_pin(PINS[1 - resets], NUMBER, resets)
    assert PAPER.qr_token(NUMBER, resets) == TOKENS[resets]
    assert PAPER.read_qr_token(TOKENS[resets]) == (NUMBER, resets)


@given(serial=st.text(ALPHABET, min_size=11, max_size=11), resets=st.integers(0, 255))
def test_every_qr_token_gives_its_number_back(serial: str, resets: int) -> None:
    number = serial + check_symbol(serial)
    assert PAPER.read_qr_token(PAPER.qr_token(number, resets)) == (number, resets)


@given(st.one_of(st.text(max_size=40), st.binary(max_size=30).map(lambda raw: base64.urlsafe_b64encode(raw).decode())))
def test_a_token_that_is_not_ours_means_nothing(token: str) -> None:
    assert PAPER.read_qr_token(token) is None


def test_another_installations_token_means_nothing() -> None:
    other = ReceiptCodes(instance="01", pin_key=PAPER.pin_key, qr_key=run_of_bytes(0x10, 64))
    assert other.read_qr_token(TOKENS[0]) is None
    assert PAPER.read_qr_token(TOKENS[0][:-1]) is None


def test_a_new_number_begins_with_its_instance() -> None:
    drawn = {PAPER.new_number() for _ in range(100)}
    assert len(drawn) == 100
    assert all(number.startswith("01") and parse_tracking_number(number) == number for number in drawn)
