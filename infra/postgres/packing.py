"""Packing: this module compresses derived JSON (rows of views, messages, routing facts) with a preset dictionary.

    pack, unpack : bytes -> bytes

Most of this JSON is short, and its field names repeat in every row. Without a dictionary, a compressor makes a short
text only a little smaller. And PostgreSQL compresses only rows above 2 KB. The dictionary contains typical rows. So a
row of 300 bytes takes about 50 bytes (docs/disk.md).

The first byte of a packed value is the number of its dictionary. JSON never begins with such a byte, so `unpack` can
also read values that are not packed. A dictionary never changes, because stored values need it. A better dictionary
gets the next number and a separate file.
"""

import zlib
from pathlib import Path

LEVEL, WINDOW_BITS, MEMORY = 3, -13, 6
"""The settings of zlib: raw deflate, with a window of 8 KB. A higher level takes twice as long for 5 % less."""
NEWEST = 1
DICTIONARIES = {
    bytes([number]): (Path(__file__).parent / f"dictionary-{number}.txt").read_bytes()
    for number in range(1, NEWEST + 1)
}
MARK = bytes([NEWEST])
PRIMED = zlib.compressobj(LEVEL, zlib.DEFLATED, WINDOW_BITS, MEMORY, zlib.Z_DEFAULT_STRATEGY, DICTIONARIES[MARK])
"""A compressor that has already read the dictionary. To copy this object is faster than to make a new compressor."""


def pack(text: bytes) -> bytes:
    compressor = PRIMED.copy()
    return b"".join((MARK, compressor.compress(text), compressor.flush()))


def unpack(stored: bytes) -> bytes:
    """Returns the JSON text of a stored value. If the value is not packed, returns it unchanged.

    Raises ValueError if the packed value is damaged.
    """
    dictionary = DICTIONARIES.get(stored[:1])
    if dictionary is None:
        return stored
    unpacking = zlib.decompressobj(WINDOW_BITS, dictionary)
    try:
        text = unpacking.decompress(stored[1:])
    except zlib.error as fault:
        raise ValueError("the packed value is damaged") from fault
    if not unpacking.eof or unpacking.unused_data:
        raise ValueError("the packed value is cut off, or something follows it")
    return text
