"""What an attacker gets who controls the exporter, with each file of deploy/: the table of docs/security.md."""

import copy
import ctypes
import json
import os
import re
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.live import attacker
from tests.support.live.hosts import available
from tests.support.live.image import DEPLOY, Image
from tests.support.live.shop import Shop
from tests.support.private_host.engines import PackageUnavailableError
from tests.support.private_host.host import PrivateHost
from tests.support.rule_files import DOCS
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(900)  # the first run makes a Debian
COMPOSE, PROXY = DEPLOY / "compose.yml", DEPLOY / "compose-socket-proxy.yml"
# The words of attacker.POWERS for each file on top of compose.yml.
EXPECTED = {
    "compose.yml": {"engine", "network"},
    "compose-socket-proxy.yml": {"network"},
    "compose-processes.yml": {"engine", "network", "memory", "files"},
    "compose-overlays.yml": {"engine", "network", "mount", "namespaces", "kernel"},
    "compose-bind-failures.yml": {"engine", "network", "files", "kernel"},
}
# What takes one guard of the variant with the least rights out, and what the attacker gets then.
WITHOUT_GUARD: dict[str, tuple[dict[str, dict[str, Any]], set[str]]] = {
    "no POST": ({"socket-proxy": {"command": ["-allowPOST=.*"]}}, {"engine"}),
    "own pid namespace, no SYS_PTRACE": ({"exporter": {"pid": "host", "cap_add": ["SYS_PTRACE"]}}, {"memory"}),
    "no DAC_READ_SEARCH": ({"exporter": {"cap_add": ["DAC_READ_SEARCH"]}}, {"files"}),
    "no SYS_ADMIN": ({"exporter": {"cap_add": ["SYS_ADMIN"]}}, {"mount", "namespaces", "kernel"}),
    "no BPF": ({"exporter": {"cap_add": ["BPF", "PERFMON"]}}, {"kernel"}),
}


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """On an engine that knows CAP_BPF, with a process of root's beside the exporter."""
    with PrivateHost(engine=available("sid")) as host, tempfile.TemporaryDirectory(prefix="docker-") as folder:
        host.run("mount", "--make-shared", "/run")
        host.run("mount", "-t", "tracefs", "tracefs", "/sys/kernel/tracing")
        Shop(host.start().load_image())
        try:
            image = Image(host, Path(folder))
        except PackageUnavailableError as error:
            pytest.skip(f"no image can be built: {error}")
        image.add_proxy()
        yield image


def handle(path: Path) -> str:
    """The kernel's handle of a file (name_to_handle_at(2)): its kind and its bytes in hexadecimal."""
    libc = ctypes.CDLL(None, use_errno=True)
    buffer, mount_id = ctypes.create_string_buffer(struct.pack("Ii", 128, 0), 136), ctypes.c_int()
    at_fdcwd = -100
    if libc.name_to_handle_at(at_fdcwd, os.fsencode(path), buffer, ctypes.byref(mount_id), 0):
        raise OSError(ctypes.get_errno(), "name_to_handle_at", str(path))
    size, kind = struct.unpack_from("Ii", buffer)
    return f"{kind}:{buffer.raw[8 : 8 + size].hex()}"


def powers(image: Image, container_id: str) -> set[str]:
    """What works from within the container."""
    hostname = Path(image.host.api().inspect_container(container_id)["HostnamePath"])
    secret = image.host.path(str(hostname.with_name("secret")))
    secret.write_text("root's alone")
    secret.chmod(0o600)
    program = Path(attacker.__file__).read_text()
    socket = 'unix:///run/socket-proxy/docker.sock" if __import__("os").path.exists("/run/socket-proxy") else "unix:///var/run/docker.sock'
    program = program.replace("tried(*sys.argv[1:])", f'tried("{socket}", "{handle(secret)}")')
    return set(json.loads(image.docker("exec", container_id, "python3", "-c", program)))


@pytest.mark.parametrize("file", EXPECTED)
def test_an_attacker_in_the_exporter_gets_what_the_table_says_and_no_more(image: Image, file: str) -> None:
    files = (COMPOSE,) if file == "compose.yml" else (COMPOSE, DEPLOY / file)
    with image.composed(*files) as running:
        assert powers(image, running.container.id) == EXPECTED[file]
        expected = {
            "compose-processes.yml": {("bind_failures", "no_bpf")},
            "compose-bind-failures.yml": {("sockets", "no_host_pids")},
        }
        degraded = expected.get(file, {("bind_failures", "no_bpf"), ("sockets", "no_host_pids")})
        if file != "compose-overlays.yml":
            probes = {("bind_failures", "no_probes")}  # which the kernel may have or not
            until(lambda: running.degraded() - probes == degraded, 60, f"{degraded}")


@pytest.mark.parametrize("guard", WITHOUT_GUARD)
def test_without_a_guard_the_attacker_gets_what_it_holds(image: Image, guard: str, tmp_path: Path) -> None:
    """So that the test above fails when a file loses one."""
    services, got = copy.deepcopy(WITHOUT_GUARD[guard])
    if proxy := services.get("socket-proxy"):
        proxy["command"] += re.findall(r"^      - '?(-[^'\n]+)'?$", PROXY.read_text(), re.MULTILINE)
    (tmp_path / "without.yml").write_text(yaml.safe_dump({"services": services}))
    with image.composed(COMPOSE, PROXY, tmp_path / "without.yml") as running:
        assert powers(image, running.container.id) == {"network"} | got


def test_the_processes_of_the_image_get_no_more_capabilities(image: Image) -> None:
    with image.composed(COMPOSE) as running:
        status = image.docker("exec", running.container.id, "cat", "/proc/1/status")
    found = dict(re.findall(r"^(NoNewPrivs|CapEff|CapPrm|CapAmb):\t(\w+)$", status, re.MULTILINE))
    assert found == {"NoNewPrivs": "1", "CapEff": "0" * 16, "CapPrm": "0" * 16, "CapAmb": "0" * 16}


def test_the_table_of_the_documents_is_this_one() -> None:
    table = (DOCS / "security.md").read_text().partition("| file of `deploy/` |")[2].partition("\n\n")[0]
    rows = {row[0]: row for row in re.findall(r"^\| `(\S+\.yml)`.*\| (.*) \|$", table, re.MULTILINE)}
    assert {name: set(re.findall(r"`(\w+)`", row[1])) for name, row in rows.items()} == EXPECTED
