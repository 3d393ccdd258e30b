"""The share that a container or a user may have of the map of refusals, so that it displaces none of the others."""

from msgspec import Struct

from exporter.kernel.bind_failures.layout import INDEX, KEY, SHARE
from exporter.kernel.bind_failures.records import CGROUP_NAME_BYTES, Refusal, Share
from exporter.kernel.bpf.instructions import (
    BPF_NOEXIST,
    DOUBLE,
    FP,
    GET_CURRENT_ANCESTOR_CGROUP_ID,
    MAP_UPDATE_ELEM,
    R0,
    R1,
    R2,
    R3,
    R4,
    Code,
    Label,
    add_atomically,
    call,
    jump_if_equal,
    jump_if_greater,
    jump_unless_equal,
    load,
    load_map,
    set_to,
    store,
)
from exporter.kernel.bpf.macros import look_up, offset_of, stack_pointer, zero

LEVEL = 2  # see Share


class Quota(Struct, frozen=True):
    """`keys` is how many different refusals of one share are kept at a time; for `by_name` see Share."""

    keys: int
    by_name: bool


def take_share(shares: int, quota: Quota) -> Code:
    """Count one more element of the share of the calling process; jump to `lost` where its quota is used up."""
    return [
        set_to(R1, LEVEL),
        call(GET_CURRENT_ANCESTOR_CGROUP_ID),
        jump_unless_equal(R0, 0, "below"),  # u64 id = bpf_get_current_ancestor_cgroup_id(LEVEL)
        load(DOUBLE, R0, FP, KEY + offset_of(Refusal, "cgroup_id")),  # it is in the root, or just below
        Label("below"),
        store(DOUBLE, FP, SHARE, R0),
        *(_copy_name() if quota.by_name else ()),
        *look_up(shares, SHARE),
        jump_unless_equal(R0, 0, "share"),  # u64 *used = lookup(shares, &share); if (!used) {
        *zero(INDEX, 8),
        *load_map(R1, shares),
        *stack_pointer(R2, SHARE),
        *stack_pointer(R3, INDEX),
        set_to(R4, BPF_NOEXIST),
        call(MAP_UPDATE_ELEM),  #     update(shares, &share, &zero, BPF_NOEXIST)
        *look_up(shares, SHARE),
        jump_if_equal(R0, 0, "lost"),  # }
        Label("share"),
        load(DOUBLE, R1, R0, 0),
        jump_if_greater(R1, quota.keys - 1, "lost"),  # if (*used >= keys) goto lost
        set_to(R1, 1),
        add_atomically(R0, 0, R1),  # *used += 1
    ]


def _copy_name() -> Code:
    source, target = KEY + offset_of(Refusal, "cgroup"), SHARE + offset_of(Share, "cgroup")
    return [
        step
        for at in range(0, CGROUP_NAME_BYTES, 8)
        for step in (load(DOUBLE, R1, FP, source + at), store(DOUBLE, FP, target + at, R1))
    ]
