"""How the programs are attached, by the types of a kernel."""

from pathlib import Path

import pytest

from exporter.errors import SourceError
from exporter.kernel.bind_failures import attachment, refused
from exporter.kernel.bind_failures.attachment import ALL, FEXIT, QUIET, TRACEPOINT, attachments
from exporter.kernel.bpf.btf import HEADER, MAGIC, TYPE, TYPEDEF, Btf
from exporter.kernel.bpf.kretprobe import attach_kretprobe


def test_by_itself_nothing_is_tried_that_slows_other_calls() -> None:
    assert TRACEPOINT not in QUIET
    assert (*QUIET, TRACEPOINT) == ALL


def test_machines_whose_functions_are_known_have_their_registers_known_too() -> None:
    assert attachment.MACHINES.keys() == refused.ARGUMENTS.keys()


def test_a_kernel_without_the_functions_is_told() -> None:
    typedef = TYPE.pack(0, TYPEDEF << 24, 0)
    without_functions = Btf(HEADER.pack(MAGIC, 1, 0, HEADER.size, 0, TYPE.size, TYPE.size, 1) + typedef + b"\0")
    with pytest.raises(SourceError, match="this kernel has no __") as caught:
        attachments(FEXIT, without_functions, Path("/sys"))
    assert caught.value.reason == "unsupported"


def test_a_kernel_without_kprobes_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"kretprobe of __x64_sys_bind: .*No such file") as caught:
        attach_kretprobe(-1, "__x64_sys_bind", tmp_path)
    assert caught.value.reason == "no_probes"


def test_a_kernel_that_refuses_a_kprobe_is_told(tmp_path: Path) -> None:
    (tmp_path / "format").mkdir()
    (tmp_path / "format/retprobe").write_text("config:0\n")
    (tmp_path / "type").write_text("999999\n")  # no PMU has this number
    with pytest.raises(SourceError, match="kretprobe of __x64_sys_bind") as caught:
        attach_kretprobe(-1, "__x64_sys_bind", tmp_path)
    assert caught.value.reason == "no_probes"
