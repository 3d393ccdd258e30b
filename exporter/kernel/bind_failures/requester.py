"""Who was refused: the process, and the container by the name of its cgroup.

The name is read while the process lives, in the kernel: no file system of cgroups has to be visible from here, and a
container that is gone a millisecond later has told its id.
"""

from exporter.kernel.bind_failures.layout import KEY, TASK
from exporter.kernel.bind_failures.records import Refusal
from exporter.kernel.bpf.btf import Btf
from exporter.kernel.bpf.instructions import (
    DOUBLE,
    FP,
    GET_CURRENT_CGROUP_ID,
    PROBE_READ_KERNEL_STR,
    R0,
    R1,
    R2,
    R3,
    R9,
    Code,
    Label,
    call,
    jump_if_equal,
    set_to,
    store,
)
from exporter.kernel.bpf.macros import dereference, offset_of, read_kernel, size_of, stack_pointer, zero

# How Docker names a container's cgroup, with the zero at the end: ID (driver cgroupfs), docker-ID.scope (systemd).
CGROUPFS_BYTES, SYSTEMD_BYTES = 64 + 1, 64 + len("docker-.scope") + 1

# How far below its container's cgroup a process may be: systemd in a container makes slices of its own.
LEVELS = 8

NAME = KEY + offset_of(Refusal, "cgroup")
NAME_BYTES = size_of(Refusal, "cgroup")
PROCESS, PROCESS_BYTES = KEY + offset_of(Refusal, "process"), size_of(Refusal, "process")


def process(btf: Btf) -> Code:
    """Take task->group_leader->comm, which is /proc/PID/comm, and the number of the cgroup."""
    return [
        *dereference(R9, TASK, btf.offset("task_struct.group_leader")),
        *read_kernel(PROCESS, PROCESS_BYTES, R9, btf.offset("task_struct.comm")),
        call(GET_CURRENT_CGROUP_ID),
        store(DOUBLE, FP, KEY + offset_of(Refusal, "cgroup_id"), R0),
    ]


def container(btf: Btf) -> Code:
    """Look for a container's name from the process's cgroup upwards, in version 2 and then in version 1.

    Each running container is in the devices hierarchy of version 1, where that is mounted; on hosts without it the
    second look goes the same way as the first.
    """
    controller = btf.enumerator("cgroup_subsys_id", "devices_cgrp_id")
    return [
        *dereference(R9, TASK, btf.offset("task_struct.cgroups")),
        *dereference(R9, R9, btf.offset("css_set.dfl_cgrp")),
        *_climb(btf),
        *dereference(R9, TASK, btf.offset("task_struct.cgroups")),
        *dereference(R9, R9, btf.offset("css_set.subsys") + 8 * controller),
        *dereference(R9, R9, btf.offset("cgroup_subsys_state.cgroup")),
        *_climb(btf),
        *zero(NAME, NAME_BYTES),
        Label("named"),
    ]


def _climb(btf: Btf) -> Code:
    """R9 is a struct cgroup: read its name and those above it, until one is as long as a container's."""
    name, parent = btf.offset("kernfs_node.name"), btf.offset("kernfs_node.__parent", "kernfs_node.parent")
    return dereference(R9, R9, btf.offset("cgroup.kn")) + LEVELS * [
        *dereference(R3, R9, name),
        *stack_pointer(R1, NAME),
        set_to(R2, NAME_BYTES),
        call(PROBE_READ_KERNEL_STR),  # R0 = the length, or an error
        jump_if_equal(R0, CGROUPFS_BYTES, "named"),
        jump_if_equal(R0, SYSTEMD_BYTES, "named"),
        *dereference(R9, R9, parent),  # above the root is nothing, and nothing is read there
    ]
