"""A private host answers like a real one, and two of them do not disturb each other."""

import http.client
import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.support.private_host import uplink
from tests.support.private_host.engines import tool
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

NewHost = Callable[..., PrivateHost]
SLEEP = ["sleep", "1000"]


def serving(text: str) -> list[str]:
    """A container's command that answers every GET of / with this text."""
    return ["sh", "-c", f"echo -n {text} >/index.html; exec httpd -f -p 80 -h /"]


def answer(port: int) -> str | None:
    """What a web server on the loopback device says to this thread; None while it does not listen."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    return None


def test_the_engine_is_the_one_asked_for(host: PrivateHost) -> None:
    assert host.client().version()["Version"].startswith(host.engine.version)


def test_a_published_port_answers_inside_the_host_only(clean_host: PrivateHost) -> None:
    clean_host.client().containers.run("busybox:local", serving("hello"), detach=True, ports={"80/tcp": 18080})
    with clean_host.netns():
        assert until(lambda: answer(18080), 60, "the published port answers") == "hello"
    assert answer(18080) is None


def test_the_outside_world_reaches_a_published_port_through_the_uplink(clean_host: PrivateHost) -> None:
    clean_host.client().containers.run("busybox:local", serving("hello"), detach=True, ports={"80/tcp": 18080})
    get = [str(tool("busybox")), "wget", "-q", "-O-", f"http://{uplink.ADDRESS}:18080/"]
    assert until(lambda: clean_host.run(*get, outside=True, check=False).stdout, 60, "the port answers") == "hello"


def test_a_container_reaches_the_outside_world(clean_host: PrivateHost) -> None:
    ping = ["ping", "-c", "1", "-W", "30", uplink.OUTSIDE_ADDRESS]
    assert b"1 packets received" in clean_host.client().containers.run("busybox:local", ping, remove=True)


def test_a_stop_does_not_take_ten_seconds(clean_host: PrivateHost) -> None:
    container = clean_host.client().containers.run("busybox:local", SLEEP, detach=True)
    container.stop(timeout=100)
    assert container.wait()["StatusCode"] == 128 + signal.SIGKILL


def test_a_container_runs_under_an_init(clean_host: PrivateHost) -> None:
    container = clean_host.client().containers.run("busybox:local", SLEEP, detach=True, init=True)
    # The engine calls it started a moment before runc becomes the init.
    until(lambda: b"docker-init" in container.exec_run(["cat", "/proc/1/cmdline"]).output, 60, "an init")


def test_a_sandbox_is_a_file_of_the_host(clean_host: PrivateHost) -> None:
    container = clean_host.client().containers.run("busybox:local", SLEEP, detach=True)
    container.reload()
    assert clean_host.path(container.attrs["NetworkSettings"]["SandboxKey"]).exists()


def test_the_devices_in_sys_are_those_of_the_host(new_host: NewHost) -> None:
    assert new_host().run("ls", "/sys/class/net").stdout.split() == [uplink.DEVICE, "lo"]
    assert new_host(uplink=False).run("ls", "/sys/class/net").stdout.split() == ["lo"]


def test_two_hosts_have_the_same_names_and_ports(new_host: NewHost) -> None:
    hosts = [new_host(name).start().load_image() for name in ("one", "two")]
    for host in hosts:
        name = host.run("hostname").stdout.strip()
        host.client().containers.run("busybox:local", serving(name), name="web", detach=True, ports={"80/tcp": 18080})
    for host, name in zip(hosts, ("one", "two"), strict=True):
        with host.netns():
            assert until(lambda: answer(18080), 60, "the published port answers") == name


def test_a_killed_dockerd_starts_again_with_its_containers(clean_host: PrivateHost) -> None:
    client = clean_host.client()
    client.containers.run("busybox:local", SLEEP, name="asleep", detach=True)
    clean_host.kill()
    assert not clean_host.running
    clean_host.start()
    assert client.containers.get("asleep").status == "exited"


def test_with_live_restore_a_container_survives_dockerd(new_host: NewHost) -> None:
    host = new_host(flags=["--live-restore"]).start().load_image()
    container = host.client().containers.run("busybox:local", SLEEP, name="asleep", detach=True)
    host.kill(signal.SIGTERM)
    host.start()
    container.reload()
    assert container.status == "running"


def test_a_refused_flag_is_told_by_the_log(new_host: NewHost) -> None:
    host = new_host()
    with pytest.raises(RuntimeError, match="unknown flag: --no-such-flag"):
        host.start(["--no-such-flag"])
    assert host.start().running


def test_a_command_is_started_in_the_host_by_its_own_pid(clean_host: PrivateHost) -> None:
    with clean_host.popen("sh", "-c", "hostname; exec sleep 1000", stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "host\n"
        process.send_signal(signal.SIGTERM)
    assert process.returncode == -signal.SIGTERM


def test_a_command_and_its_children_die_with_the_host(new_host: NewHost) -> None:
    host = new_host()
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe, host.popen("sh", "-c", "sleep 1000 & echo; wait", stdout=writing) as process:
        os.close(writing)
        pipe.readline()
        host.close()
        # the pipe ends when the child is dead too
        assert pipe.read() == b""
    assert process.returncode == -signal.SIGKILL
