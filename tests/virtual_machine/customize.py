"""Run by mmdebstrap with a new root and a step as its arguments.

`small-initrd` is for the empty root; `all` makes the agent, units, and the exporter's dependencies.
"""

import shutil
import sys
from pathlib import Path
from typing import Final

from tests.support.pip_sources import pip_sources
from tests.support.private_host.apt import output
from tests.virtual_machine.releases import NOT_ENABLED

REPOSITORY: Final = Path(__file__).parents[2]
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
VENV: Final = "/opt/dockernet-exporter"
MASKED: Final = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty@tty1.service",
    "serial-getty@ttyS0.service",
    "systemd-journal-flush.service",
    "systemd-timesyncd.service",
    "systemd-udev-settle.service",
)
# The disk of a machine is the only one that its initrd need find: it is made and unpacked in a fraction of the time.
INITRD_MODULES: Final = ("virtio_pci", "virtio_blk", "ext4", "crc32c_generic")
# The device has no wire unless a test gives it one; its address is of a network for documentation.
AGENT_UNIT: Final = """\
[Unit]
Description=Agent that runs the commands of the tests
DefaultDependencies=no
After=systemd-udevd.service local-fs.target
StartLimitIntervalSec=0

[Service]
ExecStartPre=/usr/bin/udevadm wait --timeout 300 /sys/class/net/eth0
ExecStartPre=/sbin/ip link set eth0 up
ExecStartPre=/sbin/ip address replace 192.0.2.1/24 dev eth0
ExecStartPre=/sbin/ip route replace default via 192.0.2.254
ExecStart=/usr/bin/python3 /usr/local/sbin/machine-agent
Restart=always
RestartSec=1
KillMode=process

[Install]
WantedBy=multi-user.target
"""


def main() -> None:
    """Change the root."""
    root, step = Path(sys.argv[1]), sys.argv[2]
    if step == "small-initrd":
        make_initrd_small(root)
    else:
        customize(root)


def make_initrd_small(root: Path) -> None:
    """Choose the modules before the kernel's package makes the initrd."""
    for name, content in {
        "etc/initramfs-tools/conf.d/modules": "MODULES=list\n",
        "usr/share/initramfs-tools/modules.d/machine": "\n".join(INITRD_MODULES) + "\n",
    }.items():
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text(content)


def customize(root: Path) -> None:
    """Change the root when all packages are installed; mmdebstrap has mounted what programs in it need."""
    shutil.copyfile(Path(__file__).with_name("agent.py"), root / "usr/local/sbin/machine-agent")
    (root / "etc/systemd/system/machine-agent.service").write_text(AGENT_UNIT)
    (root / "etc/fstab").write_text("")
    (root / "etc/hostname").write_text("machine\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n127.0.1.1 machine\n")
    inside(root, "systemctl", "--quiet", "enable", "machine-agent.service")
    inside(root, "systemctl", "--quiet", "mask", *MASKED)
    if installed := [name for name in NOT_ENABLED if (root / "usr/lib/systemd/system" / name).exists()]:
        inside(root, "systemctl", "--quiet", "disable", *installed)
    install_dependencies(root)


def install_dependencies(root: Path) -> None:
    """Make the virtual environment of docs/deployment.md, with all but the exporter itself."""
    shutil.copyfile(REPOSITORY / "requirements.lock", root / "tmp/requirements.lock")
    inside(root, "python3", "-m", "venv", VENV)
    options = ("--quiet", "--no-cache-dir", "--no-deps", "--only-binary", ":all:", "--require-hashes")
    inside(root, f"{VENV}/bin/pip", "install", *options, "--requirement", "/tmp/requirements.lock", **pip_sources(root))


def inside(root: Path, *argv: str, **environment: str) -> None:
    """Run a command in the root, with nothing of this machine's environment."""
    values = {"HOME": "/root", "LANG": "C.UTF-8", "PATH": PATH, **environment}
    output("chroot", str(root), "env", "--ignore-environment", *(f"{k}={v}" for k, v in values.items()), *argv)


if __name__ == "__main__":
    main()
