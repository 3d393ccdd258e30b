"""The process whose call failed, and its container by the name of its cgroup."""

from exporter.kernel.bind_failures.layout import KEY, TASK
from exporter.kernel.bind_failures.records import Refusal
from exporter.kernel.bpf.btf import Btf
from exporter.kernel.bpf.container_name import container_name
from exporter.kernel.bpf.instructions import DOUBLE, FP, GET_CURRENT_CGROUP_ID, R0, R9, Code, call, store
from exporter.kernel.bpf.macros import dereference, offset_of, read_kernel, size_of

NAME = KEY + offset_of(Refusal, "cgroup")
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
    """Take the name of the container's cgroup."""
    return container_name(btf, TASK, NAME)
