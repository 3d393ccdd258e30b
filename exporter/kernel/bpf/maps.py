"""Maps: the memory that a program shares with this process, of a fixed number of elements."""

import ctypes
import errno
from typing import Any

from exporter.kernel.bpf.attributes import MapBatch, MapCreate, MapElement
from exporter.kernel.bpf.programs import bpf

# linux/bpf.h: enum bpf_map_type, enum bpf_cmd
HASH, ARRAY = 1, 2
MAP_CREATE, MAP_LOOKUP_ELEM, MAP_UPDATE_ELEM, MAP_DELETE_ELEM, MAP_LOOKUP_BATCH = 0, 1, 2, 3, 24


def create_map(kind: int, key_size: int, value_size: int, entries: int, name: str) -> int:
    """Make a map and return its descriptor."""
    attribute = MapCreate(
        map_type=kind, key_size=key_size, value_size=value_size, max_entries=entries, map_name=name.encode()
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


def read_elements(descriptor: int, keys: ctypes.Array[Any], values: ctypes.Array[Any]) -> int:
    """Read a hash whole into two arrays that have room for all that it can hold; return how many elements it had."""
    reached = ctypes.c_uint64(0)
    attribute = MapBatch(
        out_batch=ctypes.addressof(reached),
        keys=ctypes.addressof(keys),
        values=ctypes.addressof(values),
        count=len(keys),
        map_fd=descriptor,
    )
    try:
        bpf(MAP_LOOKUP_BATCH, attribute)
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
