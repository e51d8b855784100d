"""Between Jejak and PostgreSQL: a TCP proxy that passes bytes on, but for the faults that a test asks for."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra.postgres.databases import Databases
from infra.postgres.embedded import PORT


@dataclass(eq=False)
class Link:
    """One connection. `is_silent`: it stays open, but no byte gets through any more, in either direction."""

    client: socket.socket
    server: socket.socket
    is_silent: bool = False

    def pass_on(self, of: socket.socket, to: socket.socket, proxy: "Proxy") -> None:
        """Either end's loss is the other's, too, but not of a silent link."""
        with contextlib.suppress(OSError):
            while chunk := of.recv(65536):
                time.sleep(proxy.delay)
                if not self.is_silent:
                    to.sendall(chunk)
        if not self.is_silent:
            self.close()

    def close(self) -> None:
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Proxy:
    """`refusing`: new connections end at once; `mute`: new connections are silent; `delay`: the seconds that each
    chunk waits.
    """

    def __init__(self, folder: str) -> None:
        self.target = f"{folder}/.s.PGSQL.{PORT}"
        self.refusing = self.mute = False
        self.delay = 0.0
        self.links: list[Link] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, name="proxy", daemon=True).start()

    def swallow(self) -> None:
        """The connections that exist become half-open: no byte gets through, and neither end hears of it."""
        for link in self.links:
            link.is_silent = True

    def cut(self) -> None:
        for link in self.links:
            link.close()
        self.links.clear()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.refusing:
                    client.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.target)
                link = Link(client, server, is_silent=self.mute)
                self.links.append(link)
                for of, to in ((client, server), (server, client)):
                    threading.Thread(target=link.pass_on, args=(of, to, self), name="proxy", daemon=True).start()


@contextmanager
def proxied(found: Databases) -> Iterator[tuple[Proxy, Databases]]:
    """The proxy, and the databases as they are seen through it."""
    made = Proxy(str(conninfo_to_dict(found.owner)["host"]))

    def through(conninfo: str) -> str:
        return make_conninfo(conninfo, host="127.0.0.1", port=made.port, sslmode="disable", gssencmode="disable")

    seen: dict[str, Any] = {
        field.name: through(getattr(found, field.name)) for field in fields(found) if field.name != "tools"
    }
    try:
        yield made, replace(found, **seen)
    finally:
        made.close()
