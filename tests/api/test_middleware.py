"""What every answer says, whoever answers: the headers that keep it safe, and how it varies."""

import gzip

import pytest

from api.middleware import COMPRESSED_BYTES_MIN, SECURITY, secured
from tests.running import Jejak, Reply

LONG = [(b"content-length", str(COMPRESSED_BYTES_MIN).encode())]


def names(headers: list[tuple[bytes, bytes]]) -> list[str]:
    return [name.decode() for name, _ in headers]


def openapi(running: Jejak, **headers: str) -> Reply:
    return running.request("GET", "/openapi.json", headers=headers)


def test_every_answer_has_the_headers_that_keep_it_safe() -> None:
    assert names(secured([])) == [name.lower() for name in SECURITY]


def test_what_the_endpoint_says_stands() -> None:
    said = secured([(b"referrer-policy", b"origin")])
    assert dict(said)[b"referrer-policy"] == b"origin"
    assert len(said) == len(SECURITY)


def test_only_what_may_come_compressed_varies() -> None:
    assert dict(secured(LONG))[b"vary"] == b"Accept-Encoding"
    assert b"vary" not in dict(secured([(b"content-length", b"499")]))
    assert b"vary" not in dict(secured([]))


@pytest.mark.parametrize("said", [b"Accept-Language", b"Accept-Language, Accept-Encoding"])
def test_it_varies_by_all_that_is_said(said: bytes) -> None:
    headers = secured([*LONG, (b"vary", said)])
    assert names(headers).count("vary") == 1
    assert dict(headers)[b"vary"] == b"Accept-Language, Accept-Encoding"


def test_an_answer_comes_compressed_to_who_takes_that_alone(running: Jejak) -> None:
    plain, packed = openapi(running), openapi(running, **{"Accept-Encoding": "br, gzip"})
    assert plain.headers["Content-Encoding"] is None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    for reply in (plain, packed):
        assert all(reply.headers[name] == value for name, value in SECURITY.items())
