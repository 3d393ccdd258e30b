"""Arguments of bpf(2) and perf_event_open(2) as C structures.

Each structure is the part of `union bpf_attr` (linux/bpf.h) that its command reads. Fields beyond the length that is
passed are zero for the kernel.
"""

from ctypes import Structure, c_char, c_uint32, c_uint64


class MapCreate(Structure):
    """Of BPF_MAP_CREATE."""

    _fields_ = (
        ("map_type", c_uint32),
        ("key_size", c_uint32),
        ("value_size", c_uint32),
        ("max_entries", c_uint32),
        ("map_flags", c_uint32),
        ("inner_map_fd", c_uint32),
        ("numa_node", c_uint32),
        ("map_name", c_char * 16),
    )


class MapElement(Structure):
    """Of BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM and BPF_MAP_DELETE_ELEM; `key` and `value` are pointers."""

    _fields_ = (("map_fd", c_uint32), ("key", c_uint64), ("value", c_uint64), ("flags", c_uint64))


class MapBatch(Structure):
    """Of BPF_MAP_LOOKUP_BATCH and its likes; `count` goes in as the room and comes back as the number of elements."""

    _fields_ = (
        ("in_batch", c_uint64),
        ("out_batch", c_uint64),
        ("keys", c_uint64),
        ("values", c_uint64),
        ("count", c_uint32),
        ("map_fd", c_uint32),
        ("elem_flags", c_uint64),
        ("flags", c_uint64),
    )


class ProgramLoad(Structure):
    """Of BPF_PROG_LOAD."""

    _fields_ = (
        ("prog_type", c_uint32),
        ("insn_cnt", c_uint32),
        ("insns", c_uint64),
        ("license", c_uint64),
        ("log_level", c_uint32),
        ("log_size", c_uint32),
        ("log_buf", c_uint64),
        ("kern_version", c_uint32),
        ("prog_flags", c_uint32),
        ("prog_name", c_char * 16),
        ("prog_ifindex", c_uint32),
        ("expected_attach_type", c_uint32),
        ("prog_btf_fd", c_uint32),
        ("func_info_rec_size", c_uint32),
        ("func_info", c_uint64),
        ("func_info_cnt", c_uint32),
        ("line_info_rec_size", c_uint32),
        ("line_info", c_uint64),
        ("line_info_cnt", c_uint32),
        ("attach_btf_id", c_uint32),
    )


class RawTracepointOpen(Structure):
    """Of BPF_RAW_TRACEPOINT_OPEN; `name` is a pointer, null for a program whose tracepoint is in its BTF id."""

    _fields_ = (("name", c_uint64), ("prog_fd", c_uint32), ("padding", c_uint32))


class LinkCreate(Structure):
    """Of BPF_LINK_CREATE."""

    _fields_ = (("prog_fd", c_uint32), ("target_fd", c_uint32), ("attach_type", c_uint32), ("flags", c_uint32))


class IteratorCreate(Structure):
    """Of BPF_ITER_CREATE."""

    _fields_ = (("link_fd", c_uint32), ("flags", c_uint32))


class BtfLoad(Structure):
    """Of BPF_BTF_LOAD; `btf` is a pointer."""

    _fields_ = (
        ("btf", c_uint64),
        ("log", c_uint64),
        ("btf_size", c_uint32),
        ("log_size", c_uint32),
        ("log_level", c_uint32),
        ("padding", c_uint32),
    )


class TestRun(Structure):
    """Of BPF_PROG_TEST_RUN."""

    _fields_ = (
        ("prog_fd", c_uint32),
        ("retval", c_uint32),
        ("data_size_in", c_uint32),
        ("data_size_out", c_uint32),
        ("data_in", c_uint64),
        ("data_out", c_uint64),
        ("repeat", c_uint32),
        ("duration", c_uint32),
        ("ctx_size_in", c_uint32),
        ("ctx_size_out", c_uint32),
        ("ctx_in", c_uint64),
        ("ctx_out", c_uint64),
        ("flags", c_uint32),
        ("cpu", c_uint32),
    )


class ObjectInfo(Structure):
    """Of BPF_OBJ_GET_INFO_BY_FD; `info` is a pointer."""

    _fields_ = (("bpf_fd", c_uint32), ("info_len", c_uint32), ("info", c_uint64))


class ProgramInfo(Structure):
    """struct bpf_prog_info as far as recursion_misses, which is the 27th 64-bit word of it."""

    _fields_ = (("before", c_uint64 * 26), ("recursion_misses", c_uint64))


class ProgramHead(Structure):
    """struct bpf_prog_info as far as the name; `before` are its type, its id and its lengths."""

    _fields_ = (
        ("before", c_uint32 * 13),
        ("nr_map_ids", c_uint32),
        ("map_ids", c_uint64),
        ("name", c_char * 16),
    )


class ProgramById(Structure):
    """Of BPF_PROG_GET_FD_BY_ID."""

    _fields_ = (("prog_id", c_uint32), ("next_id", c_uint32), ("open_flags", c_uint32))


class PerfEvent(Structure):
    """struct perf_event_attr (linux/perf_event.h) in its second form, PERF_ATTR_SIZE_VER1."""

    _fields_ = (
        ("type", c_uint32),
        ("size", c_uint32),
        ("config", c_uint64),
        ("sample_period", c_uint64),
        ("sample_type", c_uint64),
        ("read_format", c_uint64),
        ("flags", c_uint64),
        ("wakeup_events", c_uint32),
        ("bp_type", c_uint32),
        ("config1", c_uint64),
        ("config2", c_uint64),
    )


class ProgramQuery(Structure):
    """Of BPF_PROG_QUERY; `prog_cnt` goes in as the room at `prog_ids` and comes back as the number of programs.

    `target` is a device's number, or the descriptor of a cgroup or of a network namespace.
    """

    _fields_ = (
        ("target", c_uint32),
        ("attach_type", c_uint32),
        ("query_flags", c_uint32),
        ("attach_flags", c_uint32),
        ("prog_ids", c_uint64),
        ("prog_cnt", c_uint32),
        ("padding", c_uint32),
        ("prog_attach_flags", c_uint64),
        ("link_ids", c_uint64),
        ("link_attach_flags", c_uint64),
        ("revision", c_uint64),
    )
