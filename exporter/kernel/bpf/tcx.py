"""How many tcx programs are attached to a device (Linux 6.6 and later); `tc filter show` does not list them."""

import errno

from exporter.kernel.bpf.attributes import ProgramQuery
from exporter.kernel.bpf.programs import bpf

# linux/bpf.h: enum bpf_cmd, enum bpf_attach_type
BPF_PROG_QUERY = 16
BPF_TCX_INGRESS, BPF_TCX_EGRESS = 46, 47
# Kernels without tcx, devices that are gone, processes without CAP_NET_ADMIN, kernels without bpf(2).
NONE = frozenset({errno.EINVAL, errno.ENODEV, errno.EPERM, errno.ENOSYS})


def count_tcx(ifindex: int, attach_type: int) -> int:
    """Return their number in the thread's network namespace; 0 where it cannot be read."""
    query = ProgramQuery(target=ifindex, attach_type=attach_type)
    try:
        bpf(BPF_PROG_QUERY, query)
    except OSError as error:
        if error.errno in NONE:
            return 0
        raise
    return int(query.prog_cnt)
