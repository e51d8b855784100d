"""Clients over HTTP, dozens in one process, each with a connection that it keeps."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

PATIENCE = 120.0
"""Seconds after which a request hangs."""
SUBMISSION = {"service": "nib", "applicant": {"name": "Siti Contoh"}}


class Away(Exception):
    """Nobody listens: nothing was sent."""


class Lost(Exception):
    """The connection ended before the answer came: whether the act was done is unknown."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` by their names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


RECEIVED_AND_RESET = ("receive", *["reset-pin"] * 6)
"""What a life of a test goes through: none of it ends the application."""


class Client:
    """One connection at a time, made when it is needed. Counts in `flying` what was sent and is not answered."""

    def __init__(self, port: int, token: str = "") -> None:
        self.port, self.token, self.flying = port, token, 0
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self.streams:
            writer, self.streams = self.streams[1], None
            writer.close()
            try:
                await writer.wait_closed()
            except OSError:
                return

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Raises Away or Lost. `headers` with underscores for hyphens."""
        content = json.dumps(body).encode() if body is not None else b""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{method} {path} HTTP/1.1", "host: test", f"content-length: {len(content)}"]
        if self.token:
            lines.append(f"authorization: Bearer {self.token}")
        if body is not None:
            lines.append("content-type: application/json")
        head = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in sent.items()), "", ""])
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._exchange(head.encode() + content)
        except (OSError, asyncio.IncompleteReadError) as lost:
            await self.close()
            raise Lost from lost

    async def _exchange(self, request: bytes) -> Answer:
        if self.streams is None:
            try:
                self.streams = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError as refused:
                raise Away from refused
        reader, writer = self.streams
        writer.write(request)
        self.flying = 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            pairs = (line.partition(": ") for line in head[1:] if line)
            headers = {name.lower(): value for name, _, value in pairs}
            if headers.get("transfer-encoding") == "chunked":
                body = b"".join([chunk async for chunk in chunks(reader)])
            else:
                body = await reader.readexactly(int(headers.get("content-length", "0")))
        finally:
            self.flying = 0
        if headers.get("connection") == "close":
            await self.close()
        return Answer(int(head[0].split(" ")[1]), headers, body)

    async def submit(self, key: str | None = None) -> Answer:
        return await self.ask("POST", "/v1/applications", SUBMISSION, idempotency_key=key or str(uuid4()))

    async def command(self, application: str, name: str, seen: int, key: str | None = None, body: Any = None) -> Answer:
        return await self.ask(
            "POST",
            f"/v1/applications/{application}/{name}",
            body or {},
            idempotency_key=key or str(uuid4()),
            if_match=f'"{seen}"',
        )


async def chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The chunks of a body, until it ends. Raises IncompleteReadError."""
    while True:
        size = int(await reader.readuntil(b"\r\n"), 16)
        chunk = await reader.readexactly(size + 2)
        if not size:
            return
        yield chunk[:-2]


def client_name(token: str) -> str:
    """Under which the API remembers the keys of who bears this token."""
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return f"{claims['role']}/{claims['office'] or claims['agency']}/{claims['sub']}"
