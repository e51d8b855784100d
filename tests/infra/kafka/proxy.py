"""Between a client and the broker: passes Kafka's frames on, but for the faults that a test asks for."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.infra.kafka.broker import Broker

PRODUCE, END_TRANSACTION = 0, 26
FRAME, ASKED, ERROR = struct.Struct(">i"), struct.Struct(">hhi"), struct.Struct(">h")


class Proxy:
    """`losing`: requests that hold these bytes get lost; `muting`: requests of that key do; `delay`: seconds before a
    batch of records is passed on; `refusing`: the error with which the next batch of `topic` is answered, for once.
    """

    def __init__(self, broker: Broker, topic: str) -> None:
        self.behind = broker.ports["behind"]
        self.topic = topic.encode()
        self.losing = b""
        self.muting: int | None = None
        self.delay = 0.0
        self.refusing = 0
        self.lost = 0
        self.asked: list[int] = []
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", broker.ports["proxy"]))
        threading.Thread(target=self._listen, name="proxy", daemon=True).start()

    def close(self) -> None:
        """As if the broker had died: no connection lasts, and none is made any more."""
        for end in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                broker = socket.create_connection(("127.0.0.1", self.behind))
                self._ends += [client, broker]
                batches: set[int] = set()
                for way in ((self._requests, client, broker, batches), (self._answers, broker, client, batches)):
                    threading.Thread(target=_passing, args=way, name="proxy", daemon=True).start()

    def _requests(self, client: socket.socket, broker: socket.socket, batches: set[int]) -> None:
        for frame in _frames(client):
            key, _, correlation = ASKED.unpack_from(frame)
            self.asked.append(key)
            if key == self.muting or (key == PRODUCE and self.losing and self.losing in frame):
                self.lost += 1
                continue
            if key == PRODUCE:
                batches.add(correlation)
                time.sleep(self.delay)
            broker.sendall(FRAME.pack(len(frame)) + frame)

    def _answers(self, broker: socket.socket, client: socket.socket, batches: set[int]) -> None:
        for frame in _frames(broker):
            (correlation,) = FRAME.unpack_from(frame)
            if correlation in batches and self.refusing and self.topic in frame:
                error = frame.index(self.topic) + len(self.topic) + 1 + 4  # the count of partitions, and its number
                ERROR.pack_into(frame, error, self.refusing)
                self.refusing = 0
            client.sendall(FRAME.pack(len(frame)) + frame)


def _passing(
    way: Callable[[socket.socket, socket.socket, set[int]], None],
    of: socket.socket,
    to: socket.socket,
    batches: set[int],
) -> None:
    """Either end's loss is the other's, too."""
    with contextlib.suppress(OSError):
        way(of, to, batches)
    for end in (of, to):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _frames(of: socket.socket) -> Iterator[bytearray]:
    """Whole ones alone: a connection may end within one."""
    with of.makefile("rb") as stream:
        while len(size := stream.read(FRAME.size)) == FRAME.size:
            (length,) = FRAME.unpack(size)
            frame = bytearray(stream.read(length))
            if len(frame) < length:
                return
            yield frame


@contextmanager
def proxy(broker: Broker, topic: str) -> Iterator[Proxy]:
    made = Proxy(broker, topic)
    try:
        yield made
    finally:
        made.close()
