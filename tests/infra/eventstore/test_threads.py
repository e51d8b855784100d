"""Events are read and written by several threads of a process from its first moment."""

import subprocess
import sys

from tests.conftest import PROJECT

MANY_AT_ONCE = """
import gc, sys, threading
import msgspec
from infra.eventstore.topics import CLASSES, closed_type, decoder_of

sys.setswitchinterval(1e-6)
gc.set_threshold(5)
together = threading.Barrier(8)

def read_and_write():
    together.wait()
    for topic, cls in CLASSES.items():
        decoder_of(topic)
        for shape in (cls, closed_type(cls)):
            try:
                msgspec.convert({}, shape)
            except msgspec.ValidationError:
                pass

threads = [threading.Thread(target=read_and_write) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_threads_that_meet_an_event_for_the_first_time_at_once_do_not_end_the_process() -> None:
    """They did, in a quarter of an hour of imports: msgspec learns of a class without a lock. Each try is a process."""
    ended = [
        subprocess.run([sys.executable, "-c", MANY_AT_ONCE], cwd=PROJECT, check=False).returncode for _ in range(4)
    ]
    assert ended == [0, 0, 0, 0]
