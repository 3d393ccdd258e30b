"""Loading the programs and making their maps; nothing of them outlives the process, however that ends."""

import errno
import os
import socket
import struct
from contextlib import ExitStack
from pathlib import Path

from msgspec import Struct

from exporter.errors import SourceError
from exporter.kernel.bpf.btf import FUNC, TYPEDEF, Btf, read_btf
from exporter.kernel.bpf.container_name import NAME_BYTES
from exporter.kernel.bpf.maps import ARRAY, HASH, LPM_TRIE, LRU_HASH, create_map
from exporter.kernel.bpf.programs import Kind, load_program
from exporter.kernel.bpf.tracing import (
    CALLBACK,
    MAIN,
    RAW_TRACEPOINT,
    iterator,
    load_callback_btf,
    open_tracepoint,
    typed_tracepoint,
)
from exporter.kernel.connections.fields import Fields
from exporter.kernel.connections.layout import Host, MapDescriptors
from exporter.kernel.connections.other_programs import adoption_program, error_program, walk_program
from exporter.kernel.connections.records import SIZE_OF_CONNECTION, SIZE_OF_KEY, SIZE_OF_OWNER, SIZE_OF_SUMS
from exporter.kernel.connections.state_program import state_program

STATE, ERROR = "inet_sock_set_state", "inet_sk_error_report"  # tracepoints of sock; the latter since Linux 5.14
SO_NETNS_COOKIE = 71  # asm-generic/socket.h, since Linux 5.14
ITERATOR = "bpf_iter_tcp"
OWNERS, NEAR, PUBLISHED, PREFIX_BYTES = 4096, 4096, 65536, 20


class Limits(Struct, frozen=True):
    """Elements of the maps: connections that live at a time, and different keys; `rest` are those beyond.

    `of_one` are keys of one owner, a cgroup in a network namespace: one container does not displace the ends of others.

    A sum that did not change for `idle_seconds` makes room, for `idle_seconds_when_full` where room is short.
    """

    connections: int = 32768
    keys: int = 8192
    rest: int = 1024
    of_one: int = 1024
    idle_seconds: float = 3600.0
    idle_seconds_when_full: float = 60.0


LIMITS = Limits()


class Programs(Struct, frozen=True):
    """Descriptors. `attachment` says how: tp_btf or raw_tp; `errors` and `adopt` are -1 where the kernel has none."""

    maps: MapDescriptors
    attachment: str
    state: int
    walk: int
    errors: int = -1
    adopt: int = -1

    def attach(self, stack: ExitStack) -> None:
        """Begin to count; the errors first, which find nothing yet."""
        typed = self.attachment == "tp_btf"
        if self.errors >= 0:
            _keep(stack, open_tracepoint(self.errors, "" if typed else ERROR))
        _keep(stack, open_tracepoint(self.state, "" if typed else STATE))


def _keep(stack: ExitStack, descriptor: int) -> int:
    stack.callback(os.close, descriptor)
    return descriptor


def read_host() -> Host:
    """Return the calling thread's network namespace. SourceError `unsupported` before Linux 5.14."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            [cookie] = struct.unpack("=Q", sock.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8))
    except OSError as error:
        raise SourceError("unsupported", f"network namespaces have no cookies: {error}") from error
    return Host(cookie)


def load(stack: ExitStack, sysfs: Path, limits: Limits, *, typed: bool = True) -> Programs:
    """Make the maps and load the programs; without `typed` those for kernels that refuse tp_btf."""
    maps = _create_maps(stack, limits)
    host = read_host()
    btf = read_btf(sysfs)
    targets = btf.numbers(TYPEDEF, f"btf_trace_{STATE}", f"btf_trace_{ERROR}")
    fields = Fields(btf, direct=typed and f"btf_trace_{STATE}" in targets)
    untyped = Kind(RAW_TRACEPOINT)

    def at(tracepoint: str) -> Kind:
        return typed_tracepoint(targets[f"btf_trace_{tracepoint}"]) if fields.direct else untyped

    state = load_program(state_program(fields, maps, host), "connections", at(STATE))
    has_errors = f"btf_trace_{ERROR}" in targets
    return Programs(
        maps=maps,
        attachment="tp_btf" if fields.direct else "raw_tp",
        state=_keep(stack, state),
        walk=_keep(stack, _load_walk(btf, maps)),
        errors=_keep(stack, load_program(error_program(fields, maps), "connect_errors", at(ERROR)))
        if has_errors
        else -1,
        adopt=_load_adoption(stack, btf, maps, host),
    )


def load_either(stack: ExitStack, sysfs: Path, limits: Limits) -> Programs:
    """Load typed programs, others where the kernel refuses those. PermissionError without the right to either."""
    try:
        with ExitStack() as first:
            programs = load(first, sysfs, limits)
            stack.push(first.pop_all())
            return programs
    except (OSError, SourceError) as error:
        if isinstance(error, OSError) and error.errno == errno.EPERM:
            raise
        return load(stack, sysfs, limits, typed=False)


def _load_walk(btf: Btf, maps: MapDescriptors) -> int:
    code, callback = walk_program(Fields(btf, direct=False), maps)
    types = load_callback_btf()
    try:
        functions = ((0, MAIN), (callback, CALLBACK))
        return load_program(code, "connections_now", Kind(RAW_TRACEPOINT, btf=types, functions=functions))
    finally:
        os.close(types)


def _load_adoption(stack: ExitStack, btf: Btf, maps: MapDescriptors, host: Host) -> int:
    target = btf.numbers(FUNC, ITERATOR).get(ITERATOR)
    if target is None:
        return -1
    try:
        code = adoption_program(Fields(btf, direct=True), maps, host)
        return _keep(stack, load_program(code, "connections_old", iterator(target)))
    except (OSError, SourceError):  # a kernel that has no such iterator: older connections are not adopted
        return -1


def _create_maps(stack: ExitStack, limits: Limits) -> MapDescriptors:
    def create(kind: int, key: int, value: int, entries: int, name: str) -> int:
        return _keep(stack, create_map(kind, key, value, entries, name))

    return MapDescriptors(
        connections=create(HASH, 8, SIZE_OF_CONNECTION, limits.connections, "connections"),
        sums=create(HASH, SIZE_OF_KEY, SIZE_OF_SUMS, limits.keys, "conn_sums"),
        rest=create(HASH, SIZE_OF_KEY, SIZE_OF_SUMS, limits.rest, "conn_rest"),
        living=create(HASH, SIZE_OF_KEY, SIZE_OF_SUMS, limits.keys, "conn_living"),
        owners=create(LRU_HASH, SIZE_OF_OWNER, NAME_BYTES, OWNERS, "conn_owners"),
        near=_keep(stack, create_map(LPM_TRIE, PREFIX_BYTES, 1, NEAR, "conn_near", on_demand=True)),
        published=_keep(stack, create_map(HASH, 2, 1, PUBLISHED, "conn_published", on_demand=True)),
        complete=create(ARRAY, 4, 8, 1, "conn_complete"),
        lost=create(ARRAY, 4, 8, 1, "conn_lost"),
        shares=create(HASH, SIZE_OF_OWNER, 8, limits.keys, "conn_shares"),
        living_shares=create(HASH, SIZE_OF_OWNER, 8, limits.keys, "conn_living_of"),
        of_one=limits.of_one,
    )
