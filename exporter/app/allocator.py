"""Tune the C library's allocator for this process: many threads that run one at a time, and an occasional large list.

By default glibc gives each thread an arena of its own and keeps what a long listing took: 17 MB at a thousand
containers. Source: mallopt(3), malloc_trim(3). Other C libraries have neither, and are left alone.
"""

import contextlib
import gc

from exporter.kernel.libc import libc

M_ARENA_MAX = -8


def use_one_arena() -> None:
    """Share one arena; call it before the first thread starts."""
    with contextlib.suppress(AttributeError):
        libc.mallopt(M_ARENA_MAX, 1)


def settle_down() -> None:
    """Leave what is loaded now out of garbage collections, and collect less often: a full one takes tens of ms."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def give_back() -> None:
    """Return freed memory to the kernel."""
    with contextlib.suppress(AttributeError):
        libc.malloc_trim(0)
