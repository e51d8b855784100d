"""Packing: this module compresses derived JSON (rows of views, messages, routing facts) with a dictionary.

    pack, unpack : bytes -> bytes

Most of this JSON is short, and its field names repeat in every row. Without a dictionary, a compressor makes a short
text only a little smaller. And PostgreSQL compresses only rows above 2 KB. The dictionary contains typical rows. So a
row of 300 bytes takes about 55 bytes (docs/disk.md).

The first byte of a packed value is the number of its dictionary. JSON never begins with such a byte, so `unpack` can
also read values that are not packed. A dictionary never changes, because stored values need it. A better dictionary
gets the next number and a separate file. Dictionary 1 belongs to zlib, and is only read. Dictionary 2 belongs to zstd
(RFC 8878), and `python -m bench.dictionary` made it.
"""

import threading
import zlib
from pathlib import Path

import zstandard

LEVEL = 3
"""Level 6 takes four to nine times as long for 8 % less."""
ZLIB, ZSTD = b"\1", b"\2"
DICTIONARIES = {
    ZLIB: (Path(__file__).parent / "dictionary-1.txt").read_bytes(),
    ZSTD: (Path(__file__).parent / "dictionary-2.zstd").read_bytes(),
}
ZLIB_WINDOW_BITS = -13
"""Raw deflate, with a window of 8 KB."""


class _Zstd(threading.local):
    """The compressor and the decompressor of one thread, because threads cannot share them.

    The frames contain the length of the text. The frames do not contain the usual magic number, the number of the
    dictionary and a checksum, because the first byte of a packed value tells enough.
    """

    dictionary = zstandard.ZstdCompressionDict(DICTIONARIES[ZSTD], dict_type=zstandard.DICT_TYPE_FULLDICT)
    settings = zstandard.ZstdCompressionParameters.from_level(
        LEVEL,
        source_size=1_000,
        dict_size=len(DICTIONARIES[ZSTD]),
        format=zstandard.FORMAT_ZSTD1_MAGICLESS,
        write_content_size=True,
        write_dict_id=False,
        write_checksum=False,
    )
    dictionary.precompute_compress(compression_params=settings)

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(compression_params=self.settings, dict_data=self.dictionary).compress
        self.decompress = zstandard.ZstdDecompressor(
            dict_data=self.dictionary, format=zstandard.FORMAT_ZSTD1_MAGICLESS
        ).decompress


ZSTD_OF_THREAD = _Zstd()


def pack(text: bytes) -> bytes:
    """Packs a text. An empty text stays empty, because zstandard does not check the frame of an empty text."""
    return ZSTD + ZSTD_OF_THREAD.compress(text) if text else text


def unpack(stored: bytes) -> bytes:
    """Returns the JSON text of a stored value. If the value is not packed, returns it unchanged.

    Raises ValueError if the packed value is damaged.
    """
    mark = stored[:1]
    if mark != ZSTD:
        return _inflated(stored[1:]) if mark == ZLIB else stored
    try:
        text: bytes = ZSTD_OF_THREAD.decompress(stored[1:], allow_extra_data=False)
    except (zstandard.ZstdError, MemoryError) as fault:  # MemoryError: the damaged part is the length of the text
        raise ValueError("the packed value is damaged") from fault
    if not text:
        raise ValueError("the packed value is empty")
    return text


def _inflated(packed: bytes) -> bytes:
    unpacking = zlib.decompressobj(ZLIB_WINDOW_BITS, DICTIONARIES[ZLIB])
    try:
        text = unpacking.decompress(packed)
    except zlib.error as fault:
        raise ValueError("the packed value is damaged") from fault
    if not unpacking.eof or unpacking.unused_data:
        raise ValueError("the packed value is cut off, or something follows it")
    return text
