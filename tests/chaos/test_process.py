"""The exporter's own process is short of something, or its clients are rude."""

import http.client
import resource
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.live.exposed import PORT, Exporter
from tests.support.live.wellness import PARALLEL, Patient, remove, run
from tests.support.private_host.engines import DEFAULT
from tests.support.private_host.host import PrivateHost
from tests.support.private_host.namespaces import netns
from tests.support.private_host.packages import unpacked
from tests.support.waiting import until

pytestmark = pytest.mark.chaos

FULL = ("sh", "-c", 'exec "$@" 2>/dev/full', "sh")
# As systemd has it: a copy of the engine's mounts that is told of no end would keep its namespaces.
SHARED = ("sh", "-c", 'mount --make-rshared / && exec "$@"', "sh")
HIDDEN = "mount -t proc -o hidepid=2 proc /proc"
HIDEPID = (*SHARED, "unshare", "--mount", "--propagation", "slave", "sh", "-c", f'{HIDDEN} && exec "$@"', "sh")
FEW_DESCRIPTORS = 60
HEADROOM = 4 << 20


def without(*capabilities: str) -> tuple[str, ...]:
    taken = ",".join(f"-{name}" for name in capabilities)
    return ("setpriv", "--bounding-set", taken, "--inh-caps", taken)


def test_a_full_disk_for_logs_costs_logs_only(clean_host: PrivateHost) -> None:
    """What is said of an engine's end must not end the thread that says it."""
    run(clean_host, "web")
    with Exporter(clean_host, before=FULL) as exporter:
        patient = Patient(clean_host, exporter)
        clean_host.kill()
        until(lambda: exporter.metrics().value("dockernet_up") == 0, 10, "down")
        clean_host.start()
        until(lambda: exporter.metrics().value("dockernet_up") == 1, 15, "up")
        run(clean_host, "db")
        patient.is_well()
        assert exporter.stop() == 0


@pytest.mark.parametrize(
    "before",
    [
        without("sys_ptrace"),
        without("sys_admin"),
        without("bpf", "perfmon", "sys_admin"),
        without("dac_override", "dac_read_search"),
        without("net_admin", "sys_admin", "sys_ptrace"),
        (*HIDEPID, *without("sys_ptrace")),
    ],
    ids=["sys_ptrace", "sys_admin", "bpf", "dac", "three", "hidepid"],
)
def test_a_missing_right_never_makes_a_wrong_series(clean_host: PrivateHost, before: tuple[str, ...]) -> None:
    run(clean_host, "web")
    with Exporter(clean_host, before=before) as exporter:
        patient = Patient(clean_host, exporter)
        run(clean_host, "db")
        patient.settles()
        remove(clean_host, "web")
        patient.is_well()


def test_another_monotonic_clock_changes_nothing(clean_host: PrivateHost) -> None:
    """A time namespace: its clocks since boot are ten days ahead of those of the kernel's other processes."""
    run(clean_host, "web")
    ahead = ("unshare", "--time", "--monotonic", "864000", "--boottime", "864000")
    with Exporter(clean_host, before=ahead) as exporter:
        run(clean_host, "db")
        Patient(clean_host, exporter).is_well()


def test_a_wall_clock_that_jumps_changes_nothing(clean_host: PrivateHost, tmp_path: Path) -> None:
    """By libfaketime, ten days ahead and then ten back; the engine has the right time, and ends meanwhile."""
    offset = tmp_path / "offset"
    offset.write_text("+0")
    [package] = unpacked(DEFAULT, "libfaketime")
    [library] = package.glob("usr/lib/*/faketime/libfaketime.so.1")
    named = {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": offset, "FAKETIME_NO_CACHE": 1}
    before = ("env", "FAKETIME_DONT_FAKE_MONOTONIC=1", *(f"{name}={value}" for name, value in named.items()))
    with Exporter(clean_host, before=before) as exporter:
        patient = Patient(clean_host, exporter)
        for days in (10, -10):
            offset.write_text(f"{days:+}d")
            run(clean_host, f"web{days}")
            clean_host.kill()
            until(lambda: exporter.metrics().value("dockernet_up") == 0, 10, "down")
            clean_host.start()
            until(lambda: exporter.metrics().value("dockernet_up") == 1, 15, "up")
            run(clean_host, f"db{days}")
            patient.is_well()
            said = datetime.fromisoformat(exporter.log()[-1]["timestamp"])
            assert round((said - datetime.now(UTC)) / timedelta(days=1)) == days


def test_more_clients_than_descriptors_are_a_matter_of_their_stay(patient: Patient) -> None:
    pid = patient.exporter.process.pid
    usual = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (FEW_DESCRIPTORS, usual[1]))
    with ExitStack() as clients, netns(patient.host.pid):
        for _ in range(2 * FEW_DESCRIPTORS):
            clients.enter_context(socket.create_connection(("127.0.0.1", PORT), timeout=5))
        until(lambda: len(list(Path(f"/proc/{pid}/fd").iterdir())) >= FEW_DESCRIPTORS - 1, 10, "no descriptor left")
        run(patient.host, "web")
    patient.is_well()
    resource.prlimit(pid, resource.RLIMIT_NOFILE, usual)


def test_without_memory_it_refuses_or_answers_and_goes_on_when_there_is_some(patient: Patient) -> None:
    """RLIMIT_AS at what it has: the bodies of many scrapes at once find no place."""
    pid = patient.exporter.process.pid
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    usual = resource.prlimit(pid, resource.RLIMIT_AS, (pages * resource.getpagesize() + HEADROOM, -1))
    with ThreadPoolExecutor(PARALLEL) as pool:
        answers = list(pool.map(lambda _: status(patient.exporter), range(50)))
        run(patient.host, "web")
    resource.prlimit(pid, resource.RLIMIT_AS, usual)
    assert set(answers) <= {200, 500, 503, 0}
    assert patient.exporter.process.poll() is None
    patient.is_well()


def test_scrapes_at_once_are_each_whole(patient: Patient) -> None:
    for number in range(4):
        run(patient.host, f"web-{number}")
    patient.settles()
    with ThreadPoolExecutor(PARALLEL) as pool:
        bodies = list(pool.map(lambda _: patient.exporter.metrics(), range(100)))
    wanted = {f"web-{number}" for number in range(4)}
    assert all(body.names("dockernet_endpoint_receive_bytes_total", "container") == wanted for body in bodies)
    patient.is_well()


def test_a_scrape_during_the_shutdown_is_whole_or_refused(patient: Patient) -> None:
    process = patient.exporter.process
    with ThreadPoolExecutor(PARALLEL) as pool:
        answers = [pool.submit(status, patient.exporter) for _ in range(100)]
        until(lambda: any(answer.done() for answer in answers), 10, "the first answer")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    found = {answer.result() for answer in answers}
    assert 200 in found
    assert found <= {200, 503, 0}


def status(exporter: Exporter) -> int:
    """The status of a scrape that was read to its end; 0 when it was refused or cut off."""
    with suppress(OSError, http.client.HTTPException):
        return exporter.get()[0]
    return 0
