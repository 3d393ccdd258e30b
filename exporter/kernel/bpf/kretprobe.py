"""Kprobes without tracefs: an event of the PMU `kprobe`, at the return of a function of the kernel.

Source: kernel/events/core.c (perf_kprobe), /sys/bus/event_source/devices/kprobe. Needs CAP_PERFMON.
"""

import ctypes
from pathlib import Path

from exporter.errors import SourceError
from exporter.kernel.bpf.attributes import PerfEvent
from exporter.kernel.bpf.programs import Kind, attach_event

BPF_PROG_TYPE_KPROBE = 2
KPROBE = Kind(BPF_PROG_TYPE_KPROBE)


PMU = Path("/sys/bus/event_source/devices/kprobe")  # of any sysfs: a mount below another path may be a part of it


def attach_kretprobe(program: int, function: str, pmu: Path = PMU) -> int:
    """Attach a program of type kprobe to the return of a function; return the descriptor that keeps it attached.

    SourceError `no_probes` where the kernel has no kprobes or refuses this one.
    """
    name = ctypes.create_string_buffer(function.encode())
    try:
        kind, flag = _read_pmu(pmu)
        event = PerfEvent(
            type=kind, size=ctypes.sizeof(PerfEvent), config=flag, sample_period=1, config1=ctypes.addressof(name)
        )
        return attach_event(program, event)
    except OSError as error:
        raise SourceError("no_probes", f"kretprobe of {function}: {error}") from error


def _read_pmu(folder: Path) -> tuple[int, int]:
    """Return its number, and the flag that makes a probe one of returns: its format is `config:0`."""
    bit = (folder / "format/retprobe").read_text().partition(":")[2]
    return int((folder / "type").read_text()), 1 << int(bit)
