"""Compression of answers."""

from collections.abc import Iterable

from isal import isal_zlib


def compress(pieces: Iterable[bytes]) -> bytes:
    """Compress as one gzip member (RFC 1952). ISA-L takes a fifth of zlib's time for the same size."""
    compressor = isal_zlib.compressobj(1, isal_zlib.DEFLATED, 16 + isal_zlib.MAX_WBITS)
    return b"".join([*map(compressor.compress, pieces), compressor.flush()])
