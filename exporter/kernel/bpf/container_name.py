"""The container of the running process, by the name of its cgroup.

The name is read in the kernel, while the process runs: no cgroup file system has to be visible from here, and a
container that ends a millisecond later is identified.
"""

from exporter.kernel.bpf.btf import Btf
from exporter.kernel.bpf.instructions import (
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
)
from exporter.kernel.bpf.macros import dereference, stack_pointer, zero

# The longest name that Docker gives a container's cgroup has 77 characters: docker-ID.scope.
NAME_BYTES = 80

# How Docker names a container's cgroup, with the zero at the end: ID (driver cgroupfs), docker-ID.scope (systemd).
CGROUPFS_BYTES, SYSTEMD_BYTES = 64 + 1, 64 + len("docker-.scope") + 1

# How far below its container's cgroup a process may be: systemd in a container makes slices of its own.
LEVELS = 8


def container_name(btf: Btf, task: int, place: int) -> Code:
    """Read the name to the stack, zeros outside of containers; `task` is a register with a struct task_struct.

    Looked for from the process's cgroup upwards, in version 2 and then in version 1. Each running container is in the
    devices hierarchy of version 1, where that is mounted; on hosts without it the second look goes the same way as the
    first. Writes R9.
    """
    controller = btf.enumerator("cgroup_subsys_id", "devices_cgrp_id")
    return [
        *dereference(R9, task, btf.offset("task_struct.cgroups")),
        *dereference(R9, R9, btf.offset("css_set.dfl_cgrp")),
        *_climb(btf, place),
        *dereference(R9, task, btf.offset("task_struct.cgroups")),
        *dereference(R9, R9, btf.offset("css_set.subsys") + 8 * controller),
        *dereference(R9, R9, btf.offset("cgroup_subsys_state.cgroup")),
        *_climb(btf, place),
        *zero(place, NAME_BYTES),
        Label("named"),
    ]


def _climb(btf: Btf, place: int) -> Code:
    """R9 is a struct cgroup: read its name and those above it, until one is as long as a container's."""
    name, parent = btf.offset("kernfs_node.name"), btf.offset("kernfs_node.__parent", "kernfs_node.parent")
    return dereference(R9, R9, btf.offset("cgroup.kn")) + LEVELS * [
        *dereference(R3, R9, name),
        *stack_pointer(R1, place),
        set_to(R2, NAME_BYTES),
        call(PROBE_READ_KERNEL_STR),  # R0 = the length, or an error
        jump_if_equal(R0, CGROUPFS_BYTES, "named"),
        jump_if_equal(R0, SYSTEMD_BYTES, "named"),
        *dereference(R9, R9, parent),  # above the root is nothing, and nothing is read there
    ]
