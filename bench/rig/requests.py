"""Requests: the HTTP requests that the benches send for an office. Applicants and idempotency keys are random."""

import secrets
from datetime import date, timedelta

import orjson

from bench.rig.load import request

OFFICE, SERVICE, DISTRICT = "pemda-3374-disdukcapil", "ktp-el", "33.74.01"
ON = ("rights", "sealing", "chain", "claims", "views", "scheduler", "read your writes")
"""The features of Jejak that each of these requests uses."""


def submission(bearer: bytes) -> bytes:
    born, serial = date(1950, 1, 1) + timedelta(days=secrets.randbelow(20_000)), 1 + secrets.randbelow(9999)
    applicant = {"name": "Siti Contoh", "nik": f"337401{born:%d%m%y}{serial:04}"}
    body = orjson.dumps({"service": SERVICE, "district": DISTRICT, "applicant": applicant})
    return request("POST", "/v1/applications", bearer=bearer, body=body, headers=(_key(),))


def command(bearer: bytes, path: str, name: str, seen: int, body: bytes = b"{}") -> bytes:
    headers = (_key(), b'if-match: "%d"' % seen)
    return request("POST", f"{path}/{name}", bearer=bearer, body=body, headers=headers)


def _key() -> bytes:
    return b"idempotency-key: " + secrets.token_hex(8).encode()
