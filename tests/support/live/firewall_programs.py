"""firewalld and ufw of a Debian suite on a private host: files in a root of their own, rules in its kernel."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.private_host.debian_root import IN_ROOT, PLACE, enter_root
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

OLD, NEW = "bookworm", "trixie"  # firewalld 1.3 and 2.3
PACKAGES = ("dbus-daemon", "firewalld", "python3-nftables", "ufw")
START_SECONDS = 60
CONFIGURATION = f"{PLACE}/etc/firewalld/firewalld.conf"
PID_FILE = "/run/firewalld.pid"
BUS = "unix:path=/run/dbus/system_bus_socket"


def install(host: PrivateHost) -> None:
    """Make `IN_ROOT` run the programs of the age of the host's engine. Raises PackageUnavailableError."""
    enter_root(host, OLD if host.engine.suite == OLD else NEW, "firewalls", PACKAGES)


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
            state = host.run(*IN_ROOT, "firewall-cmd", "--state", check=False)
            return state.stdout.strip() == "running"

        until(runs, START_SECONDS, "firewalld runs")
        yield


@contextmanager
def _started(host: PrivateHost, *words: str, stdout: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    quiet = subprocess.DEVNULL
    with host.popen(*IN_ROOT, *words, stdin=quiet, stdout=stdout, stderr=quiet) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(START_SECONDS)
