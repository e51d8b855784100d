"""Dictionary: this module trains a dictionary for infra/postgres/packing.py.

    python -m bench.dictionary FILE

The samples are the packed values of simulated applications: half of the applications have just begun, and the others
are at their end. In the samples, the codes of services, offices, malls, agencies and regions are replaced. So the
dictionary does not depend on the examples, and every installation gets the same benefit.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import zstandard

from bench import disk
from bench.rig.installed import Installed, installed, say
from feeds.agencies.topics_file import read_topics
from infra.postgres.packing import LEVEL, unpack
from infra.projector.fold import documents
from infra.projector.views import VIEWS

APPLICATIONS = ((1_500, 4), (500, 30))
"""Numbers of applications, and the largest number of events that each of them has."""
DICTIONARY_BYTES = 16 * 1024
"""A dictionary of 32 KB makes the values only 1 % smaller."""

REGION = r"(?<=\")[0-9]{2}\.[0-9]{2}(?=[.\"])"
"""The code of a regency, which is also the beginning of the code of a district."""


def samples(where: Installed) -> Iterator[bytes]:
    """Yields all packed values of an installation, without the codes of its catalogue."""
    places = {
        **dict.fromkeys(where.registry.offices, "pemda-0000-dinas"),
        **dict.fromkeys(where.registry.malls, "mpp-0000"),
        **dict.fromkeys(read_topics().agencies, "instansi"),
        **dict.fromkeys(where.registry.services, "layanan"),
    }
    codes = re.compile("|".join([*map(re.escape, sorted(places, key=len, reverse=True)), REGION]))
    packed = [("feeds.messages", "packed"), ("feeds.concerns", "state")]
    for name, view in VIEWS.items():
        packed += [(f"views.{name}", list(view.columns)[place]) for place in documents(view)]
    with psycopg.connect(where.databases.owner) as connection:
        for table, column in packed:
            for (value,) in connection.execute(f"SELECT {column} FROM {table}"):  # noqa: S608
                yield codes.sub(lambda found: places.get(found[0], "00.00"), unpack(value).decode()).encode()


def main(file: Path) -> None:
    found: list[bytes | bytearray | memoryview[int]] = []
    for applications, events_each in APPLICATIONS:
        with installed() as where:
            disk.filled(where, applications, events_each)
            found += samples(where)
    say(f"dictionary: {len(found):,} samples")
    file.write_bytes(zstandard.train_dictionary(DICTIONARY_BYTES, found, level=LEVEL).as_bytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
