"""`check` and `ports` on real hosts: what they print, how they end, and as whom they cannot see all of it."""

import json
import os
import re
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.live.exposed import COMMAND, PORT, running
from tests.support.live.listening import listening
from tests.support.live.port_cases import create, run
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

HTTPD = ("httpd", "-f", "-p", "80")
NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all")
Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = [
    pytest.mark.parametrize("host", ["bookworm"], indirect=True, ids=["20.10.24"]),
    pytest.mark.timeout(300),  # each command is a Python that starts
]


@pytest.fixture
def command(clean_host: PrivateHost) -> Run:
    """Run the program in the host, as somebody else where that is said."""

    def run_it(*words: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        engine = () if "--url" in words else ("--docker.host", clean_host.docker_url)
        whole = (*before, COMMAND, *engine, *words)
        return clean_host.run(*whole, check=False, timeout=120)

    return run_it


def test_an_ordinary_host_is_fine(command: Run, clean_host: PrivateHost) -> None:
    run(clean_host, "web", *HTTPD, publish={"80/tcp": 8080})
    done = command("check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("No findings. Checked 1 container and 3 networks for ")
    whole = json.loads(command("check", "--output", "json").stdout)
    assert (whole["verdict"], whole["findings"], whole["unseen"]) == ("fine", [], {})


def test_what_is_wrong_is_printed_and_the_worst_of_it_is_the_exit_code(command: Run, clean_host: PrivateHost) -> None:
    with listening(clean_host, "nginx", "tcp,0.0.0.0,8080"):
        create(clean_host, "web", *HTTPD, publish={"80/tcp": 8080})
        done = command("check")
        assert done.returncode == 0, "a container that never started is information"
        assert "info      latent" in done.stdout
        with pytest.raises(Exception, match="in use"):
            clean_host.api().start("web")
        done = command("check")
        assert (done.returncode, done.stderr) == (0, ""), "what a failed start leaves behind is information"
        lines = done.stdout.splitlines()
        assert lines[0].split() == ["severity", "kind", "what"]
        assert lines[1].split(maxsplit=2)[:2] == ["info", "start_failed"]
        assert "nginx" in lines[1]
        clean_host.api().update_container("web", restart_policy={"Name": "always"})
        done = command("check", "--output", "json")
        [found] = json.loads(done.stdout)["findings"]
        assert (done.returncode, found["severity"], found["port"], found["holder"]) == (2, "critical", 8080, "nginx")
    clean_host.api().start("web")
    assert command("check").returncode == 0


def test_what_is_a_fault_only_when_it_stays_is_looked_at_twice(command: Run, clean_host: PrivateHost) -> None:
    run(clean_host, "top", "sleep", "1000", publish={"80/tcp": 8080}, network="none")
    done = command("check")
    assert (done.returncode, done.stdout.split()[4]) == (1, "publish_ineffective"), done.stdout


def test_without_an_engine_it_could_not_look(command: Run, clean_host: PrivateHost) -> None:
    with clean_host.hung():
        done = command("check")
    assert done.returncode == 3
    assert "the Docker Engine does not answer: " in done.stdout


def test_without_the_right_to_ask_the_engine_it_could_not_look(command: Run) -> None:
    done = command("check", before=NOBODY)
    assert done.returncode == 3
    assert "the Docker Engine does not answer: " in done.stdout
    assert "docker.sock: Permission denied" in done.stdout


def in_the_engines_group(host: PrivateHost) -> tuple[str, ...]:
    """Nobody, with the right to use the engine's socket and no other."""
    socket = Path(host.docker_url.removeprefix("unix://"))
    status = socket.stat()
    assert status.st_mode & stat.S_IRGRP
    os.chmod(socket.parent, 0o755)  # noqa: PTH101, S103  the folder of a test
    return (*NOBODY[:4], str(status.st_gid), *NOBODY[5:])


def test_who_may_ask_the_engine_and_nothing_else_is_told_what_he_could_not_see(
    command: Run, clean_host: PrivateHost
) -> None:
    run(clean_host, "web", *HTTPD, publish={"80/tcp": 8080})
    before = in_the_engines_group(clean_host)
    with listening(clean_host, "nginx", "tcp,0.0.0.0,7000"):
        done = command("check", before=before)
    assert done.returncode == 3
    lines = done.stdout.splitlines()
    assert lines[0].startswith("No findings, but not everything was inspected. ")
    assert lines[1:3] == ["", "Not inspected:"]
    assert "  NAT rules cannot be read" in lines
    assert any("listening sockets" in line for line in lines)
    run(clean_host, "top", "sleep", "1000", publish={"80/tcp": 8081}, network="none")
    done = command("check", before=before)
    assert (done.returncode, done.stdout.split()[4]) == (1, "publish_ineffective"), done.stdout


def test_who_holds_every_port(command: Run, clean_host: PrivateHost) -> None:
    run(clean_host, "web", *HTTPD, publish={"80/tcp": ("192.0.2.10", 8080)})
    run(clean_host, "top", "httpd", "-f", "-p", "0.0.0.0:9000", network="host")
    with listening(clean_host, "nginx", "tcp,127.0.0.1,7000", "udp,127.0.0.1,7000"):
        until(lambda: "9000" in clean_host.run("ss", "-Hltn").stdout, 30, "top listens")
        done = command("ports")
        as_nobody = command("ports", before=NOBODY)
        document = json.loads(command("ports", "--output", "json").stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split() for line in done.stdout.splitlines()[1:]] == [
        ["tcp", "127.0.0.1", "7000", "nginx", "process", "loopback"],
        ["udp", "127.0.0.1", "7000", "nginx", "process", "loopback"],
        ["tcp", "192.0.2.10", "8080", "web", "docker-proxy", "web:80", "private"],
        ["tcp", "0.0.0.0", "9000", "top", "container", "all"],
    ]
    assert [line["published_to"] for line in document] == ["", "", "web:80", ""]
    assert as_nobody.returncode == 0
    assert "(not visible)" in as_nobody.stdout
    assert "the Docker Engine does not answer: " in as_nobody.stderr
    assert "docker.sock: Permission denied" in as_nobody.stderr
    assert "some listening sockets belong to unidentified processes" in as_nobody.stderr


def test_a_running_exporter_tells_the_same_as_a_look_of_ones_own(command: Run, clean_host: PrivateHost) -> None:
    run(clean_host, "web", *HTTPD, publish={"80/tcp": 8080})
    with running(clean_host) as exporter:
        until(lambda: "suspended{" not in exporter.get()[1].decode(), 60, "all that is read beside the scrapes")
        told = command("check", "--url", f"http://127.0.0.1:{PORT}", "--output", "json")
        assert told.returncode == 0, told.stderr
        assert json.loads(told.stdout)["findings"] == []
        for words in (("ports",), ("topology", "--output", "json")):
            own, theirs = (command(*words, *more) for more in ((), ("--url", f"http://127.0.0.1:{PORT}")))
            assert (theirs.returncode, theirs.stderr) == (0, "")
            assert names(theirs.stdout) == names(own.stdout) >= {"web"}
    gone = command("check", "--url", f"http://127.0.0.1:{PORT}")
    assert (gone.returncode, len(gone.stderr.splitlines())) == (3, 1)


def names(text: str) -> set[str]:
    """The words that may name a container, out of a table or a document."""
    return set(re.findall(r"[a-z][\w-]+", text)) & {"web", "bridge", "dockernet-expor"}
