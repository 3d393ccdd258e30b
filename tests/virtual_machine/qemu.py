"""The command line of qemu. It is handed open files only, so that it leaves none behind, however it ends."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROGRAM: Final = "qemu-system-x86_64"
MEMORY: Final = "2048"
PROCESSORS: Final = "2"
# setpriv: the machine ends with the process that started it, also by SIGKILL.
DIES_WITH_PARENT: Final = ("setpriv", "--pdeathsig", "KILL")
# la57 costs a fifth of the speed of emulation. arch-capabilities is refused by hosts that are machines themselves.
ACCELERATORS: Final[Mapping[str, tuple[str, str]]] = {
    "tcg": ("tcg,thread=multi", "max,la57=off"),
    "kvm": ("kvm", "host,arch-capabilities=off"),
}
DRIVE: Final = "format=qcow2,if=none,id=root,cache=unsafe,discard=unmap"
# A device without any peer would stop to send, and one whose peer has a state of its own goes on from a snapshot with
# such a peer only: an empty hub takes what is sent.
NOTHING_BEHIND: Final = ("-netdev", "hubport,id=wire,hubid=0", "-netdev", "hubport,id=nothing,hubid=0")
KERNEL_OPTIONS: Final = (
    "root=/dev/vda rw console=ttyS0 quiet panic=-1 mitigations=off net.ifnames=0 systemd.show_status=0 "
    "systemd.unified_cgroup_hierarchy=1 apparmor=1 security=apparmor"
)


@dataclass(frozen=True)
class Descriptors:
    """Open files of a machine, by number: a qcow2 image, and the peers of this process' sockets."""

    disk: int
    agent: int
    monitor: int
    network: int | None = None


def accelerator() -> str:
    """KVM only where DOCKERNET_MACHINE_KVM asks for it: the tests do not depend on it."""
    return "kvm" if os.environ.get("DOCKERNET_MACHINE_KVM") == "1" else "tcg"


def command(root: Path, files: Descriptors, accelerated: str, snapshot: str | None = None) -> list[str]:
    """What starts a machine from its kernel, or from a snapshot of its disk."""
    accel, cpu = ACCELERATORS[accelerated]
    wire = NOTHING_BEHIND if files.network is None else ("-netdev", f"socket,id=wire,fd={files.network}")
    return [
        *(*DIES_WITH_PARENT, PROGRAM, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
        *("-machine", "q35", "-accel", accel, "-cpu", cpu, "-smp", PROCESSORS, "-m", MEMORY),
        *("-kernel", f"{root}/vmlinuz", "-initrd", f"{root}/initrd", "-append", KERNEL_OPTIONS),
        *("-drive", f"file=/proc/self/fd/{files.disk},{DRIVE}"),
        *("-device", "virtio-blk-pci,drive=root", "-device", "virtio-rng-pci", "-device", "virtio-serial-pci"),
        *("-chardev", "file,id=console,path=/proc/self/fd/1,append=on", "-serial", "chardev:console"),
        *("-chardev", f"socket,id=agent,fd={files.agent}", "-device", "virtserialport,chardev=agent,name=agent"),
        *("-chardev", f"socket,id=monitor,fd={files.monitor}", "-mon", "chardev=monitor,mode=control"),
        *(*wire, "-device", "virtio-net-pci,netdev=wire,mac=52:54:00:00:00:01,romfile="),
        *(("-loadvm", snapshot) if snapshot else ()),
    ]
