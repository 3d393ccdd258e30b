"""Maps: the memory that a program shares with this process, of a fixed number of elements."""

import ctypes
import errno
import mmap
from typing import Any, TypeVar

from exporter.kernel.bpf.attributes import MapBatch, MapCreate, MapElement
from exporter.kernel.bpf.programs import bpf

# linux/bpf.h: enum bpf_map_type, enum bpf_cmd
HASH, ARRAY, LRU_HASH, LPM_TRIE = 1, 2, 9, 11
MAP_CREATE, MAP_LOOKUP_ELEM, MAP_UPDATE_ELEM, MAP_DELETE_ELEM = 0, 1, 2, 3
MAP_LOOKUP_AND_DELETE_ELEM, MAP_LOOKUP_BATCH, MAP_LOOKUP_AND_DELETE_BATCH = 21, 24, 25
NO_PREALLOC = 1  # a flag, required of tries

T = TypeVar("T", bound=Any)


def create_map(kind: int, key_size: int, value_size: int, entries: int, name: str, *, on_demand: bool = False) -> int:
    """Make a map and return its descriptor; `on_demand` allocates elements when they are written, not at once."""
    attribute = MapCreate(
        map_type=kind,
        key_size=key_size,
        value_size=value_size,
        max_entries=entries,
        map_flags=NO_PREALLOC if on_demand else 0,
        map_name=name.encode(),
    )
    return bpf(MAP_CREATE, attribute)


def read_counter(descriptor: int) -> int:
    """Read the only element of an array."""
    key, value = ctypes.c_uint32(0), ctypes.c_uint64(0)
    bpf(
        MAP_LOOKUP_ELEM,
        MapElement(map_fd=descriptor, key=ctypes.addressof(key), value=ctypes.addressof(value)),
    )
    return value.value


def room_for(element: type[T], count: int) -> ctypes.Array[T]:
    """Return an array of zeros for `read_elements`; a page of it takes memory once something was written there."""
    pages = mmap.mmap(-1, ctypes.sizeof(element) * count, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    array: ctypes.Array[T] = (element * count).from_buffer(pages)
    return array


def read_elements(descriptor: int, keys: ctypes.Array[Any], values: ctypes.Array[Any], *, take: bool = False) -> int:
    """Read a hash whole into two arrays that have room for all that it can hold; return how many elements it had.

    `take` removes what it reads.
    """
    reached = ctypes.c_uint64(0)
    attribute = MapBatch(
        out_batch=ctypes.addressof(reached),
        keys=ctypes.addressof(keys),
        values=ctypes.addressof(values),
        count=len(keys),
        map_fd=descriptor,
    )
    try:
        bpf(MAP_LOOKUP_AND_DELETE_BATCH if take else MAP_LOOKUP_BATCH, attribute)
    except OSError as error:
        if error.errno != errno.ENOENT:  # which says that the end was reached
            raise
    return int(attribute.count)


def write_number(descriptor: int, key: ctypes.Structure, number: int) -> None:
    """Set an element of a hash whose values are u64."""
    value = ctypes.c_uint64(number)
    element = MapElement(map_fd=descriptor, key=ctypes.addressof(key), value=ctypes.addressof(value))
    bpf(MAP_UPDATE_ELEM, element)


def delete_element(descriptor: int, key: ctypes.Structure) -> None:
    """Take an element out of a hash."""
    bpf(MAP_DELETE_ELEM, MapElement(map_fd=descriptor, key=ctypes.addressof(key)))


def write_element(descriptor: int, key: bytes, value: bytes) -> None:
    """Set an element."""
    _element(MAP_UPDATE_ELEM, descriptor, key, ctypes.create_string_buffer(value, len(value)))


def read_element(descriptor: int, key: bytes, size: int, *, take: bool = False) -> bytes | None:
    """Return a value of `size` bytes, None where there is none; `take` removes it."""
    value = ctypes.create_string_buffer(size)
    found = _element(MAP_LOOKUP_AND_DELETE_ELEM if take else MAP_LOOKUP_ELEM, descriptor, key, value)
    return value.raw if found else None


def remove_element(descriptor: int, key: bytes) -> None:
    """Take an element out, if it is there."""
    _element(MAP_DELETE_ELEM, descriptor, key, ctypes.create_string_buffer(0))


def _element(command: int, descriptor: int, key: bytes, value: ctypes.Array[ctypes.c_char]) -> bool:
    """Return False for an element that is not there."""
    buffer = ctypes.create_string_buffer(key, len(key))
    place = ctypes.addressof(value) if len(value) else 0
    try:
        bpf(command, MapElement(map_fd=descriptor, key=ctypes.addressof(buffer), value=place))
    except OSError as error:
        if error.errno == errno.ENOENT:
            return False
        raise
    return True
