"""firewalld and ufw of Debian 12 on a private host: their files in a root of their own, their rules in its kernel."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.private_host.debian_root import debian_root
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

ROOT = "/mnt"
START_SECONDS = 60
# What they change is in memory and ends with the host; /run is the host's, where a dockerd looks for the system's bus.
MOUNT = f"""
mkdir -p /run/debian/upper /run/debian/work /run/dbus
mount -t overlay overlay -o lowerdir="$0",upperdir=/run/debian/upper,workdir=/run/debian/work {ROOT}
for folder in dev proc run sys; do mount --rbind /$folder {ROOT}/$folder; done
mount --rbind /run {ROOT}/var/run
"""
IN_ROOT = f"chroot {ROOT} /usr/bin/env -i LANG=C PATH=/usr/sbin:/usr/bin"
CONFIGURATION = f"{ROOT}/etc/firewalld/firewalld.conf"
PID_FILE = "/run/firewalld.pid"
BUS = "unix:path=/run/dbus/system_bus_socket"


def install(host: PrivateHost) -> None:
    """Make `IN_ROOT` lead to the programs. Raises PackageUnavailableError."""
    host.run("sh", "-ec", MOUNT, str(debian_root()))


@contextmanager
def bus(host: PrivateHost) -> Iterator[None]:
    """The host's D-Bus system bus."""
    words = ("dbus-daemon", "--system", "--nofork", "--nopidfile", "--print-address", f"--address={BUS}")
    with _started(host, *words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield


@contextmanager
def firewalld(host: PrivateHost, backend: str = "nftables") -> Iterator[None]:
    """A firewalld whose rules stand; it removes them at its end. Its pid is in PID_FILE."""
    host.run("sed", "-i", f"s/^FirewallBackend=.*/FirewallBackend={backend}/", CONFIGURATION)
    with _started(host, "firewalld", "--nofork") as process:

        def runs() -> bool:
            assert process.poll() is None, "firewalld ended"
            state = host.run(*IN_ROOT.split(), "firewall-cmd", "--state", check=False)
            return state.stdout.strip() == "running"

        until(runs, START_SECONDS, "firewalld runs")
        yield


@contextmanager
def _started(host: PrivateHost, *words: str, stdout: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    quiet = subprocess.DEVNULL
    with host.popen(*IN_ROOT.split(), *words, stdin=quiet, stdout=stdout, stderr=quiet) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(START_SECONDS)
