"""Tokens: this module makes and verifies read tokens, bearer tokens and desk sessions.

All these tokens are JWTs with HS256. Read tokens are signed with one key. Bearer tokens and desk sessions are signed
with another key. Each of the three kinds of token has its own audience (`aud`).
"""

import time
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from service_layer.rights import Bearer, Principal

READ_TOKEN_SECONDS = 30 * 60
"""The lifetime of a citizen's read token, in seconds."""
DESK_SECONDS = 30 * 60
"""The longest lifetime of a desk session, in seconds.

If the bearer token expires earlier, the session ends at that time.
"""
REMEMBERED_MAX = 10_000

Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**40)]
Code = Annotated[str, msgspec.Meta(max_length=100)]


class CitizenClaims(msgspec.Struct):
    sub: UUID
    exp: Seconds


class StaffClaims(msgspec.Struct):
    sub: UUID
    exp: Seconds
    role: Literal["officer", "supervisor", "auditor", "operator", "agency"]
    office: Code
    agency: Code


AnyClaims = TypeVar("AnyClaims", CitizenClaims, StaffClaims)


@dataclass(frozen=True, slots=True)
class Verified:
    """The principal of a verified token. The token expires at `until` (Unix time in seconds)."""

    principal: Principal
    until: float


class SignedTokens:
    """Makes and verifies tokens.

    After a read token or a bearer token is verified, its digest is kept in a cache. While the digest is in the cache,
    the signature of the token is not verified again.
    """

    def __init__(self, bearer_key: bytes, read_key: bytes) -> None:
        self.bearer_key = OctKey.import_key(bearer_key)
        self.read_key = OctKey.import_key(read_key)
        self._verified: OrderedDict[bytes, Verified] = OrderedDict()

    def read_token(self, application_id: UUID) -> tuple[str, int]:
        """Returns two values: a citizen's read token for one application, and the lifetime of the token in seconds."""
        claims = {
            "aud": "jejak-read",
            "sub": str(application_id),
            "exp": int(time.time()) + READ_TOKEN_SECONDS,
        }
        return jwt.encode({"alg": "HS256"}, claims, self.read_key), READ_TOKEN_SECONDS

    def bearer(self, principal: Principal, *, seconds: int) -> str:
        """Returns a bearer token for a member of staff or for an agency's system. `seconds` is the lifetime of the
        token.
        """
        claims = {
            "aud": "jejak",
            "sub": str(principal.actor),
            "role": principal.bearer.value,
            "office": principal.office,
            "agency": principal.agency,
            "exp": int(time.time()) + seconds,
        }
        return jwt.encode({"alg": "HS256"}, claims, self.bearer_key)

    def principal(self, token: str) -> Principal | None:
        """Returns the principal of a read token or a bearer token. Returns None if the token is not valid.

        The cache contains only valid tokens, and is searched by the digest of a token. So the time that a search takes
        reveals nothing about a signature.
        """
        digest = sha256(token.encode()).digest()
        verified = self._verified.get(digest)
        if verified is None:
            verified = self._citizen(token) or self._staff(token)
            if verified is None:
                return None
            self._verified[digest] = verified
            if len(self._verified) > REMEMBERED_MAX:
                self._verified.popitem(last=False)
        elif verified.until < time.time():
            del self._verified[digest]
            return None
        else:
            self._verified.move_to_end(digest)
        return verified.principal

    def desk_session(self, bearer: str) -> tuple[str, int] | None:
        """Returns two values: a desk session for a bearer token, and the lifetime of the session in seconds.

        The session never lasts longer than the bearer token. Returns None if the bearer token is not valid.
        """
        verified = self._staff(bearer)
        claims = self._claims(bearer, self.bearer_key, "jejak")
        if verified is None or claims is None:
            return None
        now = int(time.time())
        seconds = min(DESK_SECONDS, int(verified.until) - now)
        session = {**claims, "aud": "jejak-desk", "exp": now + seconds}
        return jwt.encode({"alg": "HS256"}, session, self.bearer_key), seconds

    def at_desk(self, session: str) -> Principal | None:
        """Returns the principal of a desk session. Returns None if the session is not valid."""
        verified = self._staff(session, "jejak-desk")
        return verified.principal if verified else None

    def _citizen(self, token: str) -> Verified | None:
        claims = _read(CitizenClaims, self._claims(token, self.read_key, "jejak-read"))
        if claims is None:
            return None
        return Verified(Principal(bearer=Bearer.CITIZEN, application_id=claims.sub), claims.exp)

    def _staff(self, token: str, audience: str = "jejak") -> Verified | None:
        claims = _read(StaffClaims, self._claims(token, self.bearer_key, audience))
        if claims is None:
            return None
        principal = Principal(bearer=Bearer(claims.role), actor=claims.sub, office=claims.office, agency=claims.agency)
        return Verified(principal, claims.exp)

    @staticmethod
    def _claims(token: str, key: OctKey, audience: str) -> dict[str, Any] | None:
        registry = jwt.JWTClaimsRegistry(
            aud={"essential": True, "value": audience}, exp={"essential": True}, sub={"essential": True}
        )
        try:
            decoded = jwt.decode(token, key, algorithms=["HS256"])
            registry.validate(decoded.claims)
        except (JoseError, ValueError, TypeError, AttributeError):  # a claim may have a wrong type
            return None
        return dict(decoded.claims)


def _read(kind: type[AnyClaims], claims: dict[str, Any] | None) -> AnyClaims | None:
    """Returns the claims as an instance of `kind`. Returns None if a claim is missing or has an invalid value."""
    try:
        return msgspec.convert(claims, kind)
    except msgspec.ValidationError:
        return None
