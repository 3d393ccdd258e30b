"""`explain` on a real host: the way to a published port is whole, and each break is named when it is planted."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.support.live.exposed import COMMAND
from tests.support.live.listening import listening
from tests.support.live.port_cases import binds, create, run
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

HTTPD = ("httpd", "-f", "-p")
DELETE_DNAT = "iptables-save -t nat | grep -- '--dport 8080 .*DNAT' | sed s/-A/-D/ | xargs iptables -t nat"
Steps = list[tuple[str, str]]

pytestmark = [
    pytest.mark.parametrize("host", ["bookworm"], indirect=True, ids=["20.10.24"]),
    pytest.mark.timeout(300),  # each command is a Python that starts
]


class Told:
    """An explanation: its exit code, the states of its steps, and the sentences of what is not as it should be."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        assert done.stdout, done.stderr
        whole = json.loads(done.stdout)
        self.code = done.returncode
        self.paths = [(p["protocol"], p["port"], p["container"], p["container_port"]) for p in whole["paths"]]
        self.steps = [(step["name"], step["state"]) for path in whole["paths"] for step in path["steps"]]
        self.breaks = [s["detail"] for path in whole["paths"] for s in path["steps"] if s["state"] != "ok"]
        self.codes = [s["code"] for path in whole["paths"] for s in path["steps"] if s["state"] != "ok"]


Explain = Callable[..., Told]
NAMES = ("published", "host", "dnat", "forward", "link", "route", "listener")
WHOLE = [(name, "ok") for name in NAMES]
WAY = [("tcp", 8080, "web", 80)]


def whole_but(*broken: str) -> list[tuple[str, str]]:
    """The steps of a way that breaks at these places."""
    return [(name, "failed" if name in broken else "ok") for name, _ in WHOLE]


@pytest.fixture
def explain(clean_host: PrivateHost) -> Iterator[Explain]:
    """Run the program in the host; afterwards the rules are as they were."""
    saved = clean_host.run("iptables-save").stdout

    def run_it(*words: str) -> Told:
        whole = (COMMAND, "--docker.host", clean_host.docker_url, "explain", *words, "--output", "json")
        return Told(clean_host.run(*whole, check=False, timeout=120))

    yield run_it
    for container in clean_host.client().containers.list(all=True):
        container.remove(force=True)
    clean_host.run("iptables-restore", stdin=saved)


def serve(host: PrivateHost, port: str = "80") -> None:
    """A container web that publishes 8080:80 and serves on a port, or on ADDRESS:PORT."""
    run(host, "web", *HTTPD, port, publish={"80/tcp": 8080})
    pid = host.api().inspect_container("web")["State"]["Pid"]
    number = port.rpartition(":")[2]
    ss = ("nsenter", "-t", str(pid), "-n", "ss", "-Hltn")
    until(lambda: f":{number} " in host.run(*ss).stdout, 60, "web listens")


@pytest.mark.parametrize("asked", ["8080", "tcp/8080", "8080/tcp", "web"])
def test_a_way_that_is_whole(explain: Explain, clean_host: PrivateHost, asked: str) -> None:
    serve(clean_host)
    told = explain(asked)
    assert (told.code, told.paths, told.steps, told.breaks) == (0, WAY, WHOLE, [])


def test_a_wrong_target_port(explain: Explain, clean_host: PrivateHost) -> None:
    serve(clean_host, "81")
    told = explain("8080")
    assert (told.code, told.paths, told.steps) == (2, WAY, whole_but("listener"))
    assert told.codes == ["not_listening"]
    assert "tcp/81" in told.breaks[0]


def test_a_listener_on_the_containers_loopback_alone(explain: Explain, clean_host: PrivateHost) -> None:
    serve(clean_host, "127.0.0.1:80")
    told = explain("8080")
    assert (told.code, told.steps) == (2, whole_but("listener"))
    assert told.codes == ["loopback_only"]


def test_a_listener_of_the_other_protocol(explain: Explain, clean_host: PrivateHost) -> None:
    options, command = binds("udp,0.0.0.0,80")
    run(clean_host, "web", *command, publish={"80/tcp": 8080}, **options)
    until(lambda: explain("8080").codes == ["wrong_protocol"], 60, "web serves udp")


def test_a_dnat_rule_deleted(explain: Explain, clean_host: PrivateHost) -> None:
    serve(clean_host)
    clean_host.run("sh", "-c", DELETE_DNAT)
    told = explain("8080")
    assert (told.code, [step for step in told.steps if step[1] != "ok"]) == (2, [("dnat", "failed")])
    assert told.codes == ["dnat_missing"]


def test_a_dnat_rule_to_somebody_else_first(explain: Explain, clean_host: PrivateHost) -> None:
    serve(clean_host)
    rule = "iptables -t nat -I DOCKER -p tcp --dport 8080 -j DNAT --to-destination 192.0.2.9:80"
    clean_host.run(*rule.split())
    told = explain("8080")
    assert (told.code, told.codes) == (2, ["dnat_wrong"])
    assert "192.0.2.9:80" in told.breaks[0]


def test_the_nat_table_deleted(explain: Explain, clean_host: PrivateHost) -> None:
    serve(clean_host)
    clean_host.run("nft", "delete", "table", "ip", "nat")
    told = explain("8080")
    assert told.code == 2
    assert ("dnat", "failed") in told.steps
    assert told.breaks[0] == "chain DOCKER of table ip nat is gone; a restart of dockerd makes it anew"


def test_a_port_that_somebody_else_took_when_docker_proxy_died(explain: Explain, clean_host: PrivateHost) -> None:
    serve(clean_host)
    proxies = clean_host.run("ss", "-Hltnp", "sport", "=", ":8080").stdout
    for pid in {int(text.partition(",")[0]) for text in proxies.split("pid=")[1:]}:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not clean_host.run("ss", "-Hltn", "sport", "=", ":8080").stdout, 60, "docker-proxy is gone")
    assert explain("8080").steps[:2] == [("published", "ok"), ("host", "unknown")]
    with listening(clean_host, "nginx", "tcp,0.0.0.0,8080"):
        told = explain("8080")
    assert told.code == 2
    assert "port_held" in told.codes


def test_a_firewall_that_drops_what_is_forwarded(explain: Explain, clean_host: PrivateHost) -> None:
    serve(clean_host)
    clean_host.run("iptables", "-I", "FORWARD", "-o", "docker0", "-j", "DROP")
    told = explain("8080")
    assert (told.code, told.steps[: len(WHOLE)]) == (2, whole_but("forward"))
    assert ("forward", "failed") not in told.steps[len(WHOLE) :], "over IPv6 docker-proxy serves it"
    assert told.codes == ["drop_rule"]


def test_a_container_that_ended_and_whoever_has_its_port_meanwhile(explain: Explain, clean_host: PrivateHost) -> None:
    run(clean_host, "web", "sh", "-c", "exit 3", publish={"80/tcp": 8080})
    until(lambda: clean_host.api().inspect_container("web")["State"]["Status"] == "exited", 60, "web ended")
    told = explain("8080")
    assert (told.code, told.paths, told.codes) == (2, WAY, ["container_down"])
    with listening(clean_host, "nginx", "tcp,127.0.0.1,8080"):
        told = explain("web")
    assert told.codes == ["container_down", "port_held"]
    assert "process nginx" in told.breaks[1]


def test_a_container_in_host_mode_and_a_process_listen_themselves(explain: Explain, clean_host: PrivateHost) -> None:
    run(clean_host, "top", *HTTPD, "0.0.0.0:9000", network="host")
    until(lambda: "9000" in clean_host.run("ss", "-Hltn").stdout, 60, "top listens")
    told = explain("top")
    assert (told.code, told.paths, told.steps) == (0, [("tcp", 9000, "top", 0)], [("host", "ok")])
    with listening(clean_host, "nginx", "udp,0.0.0.0,7000"):
        told = explain("7000")
    assert (told.code, told.paths) == (0, [("udp", 7000, "", 0)])
    with listening(clean_host, "nginx", "udp,127.0.0.1,7001"):
        told = explain("7001")
    assert (told.code, told.paths, told.codes) == (3, [("udp", 7001, "", 0)], ["loopback_only"])


def test_what_leads_nowhere(explain: Explain, clean_host: PrivateHost) -> None:
    create(clean_host, "idle")
    assert (explain("idle").code, explain("6000").code, explain("no-such-thing").code) == (2, 2, 3)
    assert explain("6000").breaks == ["no container publishes tcp or udp/6000, and no process listens there"]
    assert explain("no-such-thing").breaks == ["there is no container no-such-thing"]


def test_a_port_published_where_no_network_publishes(explain: Explain, clean_host: PrivateHost) -> None:
    run(clean_host, "top", publish={"80/tcp": 8080}, network="host")
    told = explain("8080")
    assert (told.code, told.steps) == (2, [("published", "failed")])
    assert told.codes == ["not_published"]


def test_a_left_over_port_in_host_mode_that_the_container_serves_itself(
    explain: Explain, clean_host: PrivateHost
) -> None:
    run(clean_host, "top", *HTTPD, "0.0.0.0:8080", publish={"8080/tcp": 8080}, network="host")
    until(lambda: ":8080 " in clean_host.run("ss", "-Hltn").stdout, 60, "top listens")
    for asked in ("8080", "top"):
        told = explain(asked)
        assert (told.code, told.paths, told.steps) == (0, [("tcp", 8080, "top", 0)], [("host", "ok")])


def test_it_is_printed_as_a_list(clean_host: PrivateHost, explain: Explain) -> None:
    serve(clean_host, "81")
    assert explain("8080").code == 2
    done = clean_host.run(COMMAND, "--docker.host", clean_host.docker_url, "explain", "8080", check=False, timeout=120)
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    assert done.stdout.splitlines()[0] == "tcp/8080 on 0.0.0.0, [::] -> web:80: unreachable"
    assert [words[:2] for words in lines[1:-1]] == [[state, name] for name, state in whole_but("listener")]
    assert lines[-1][0] == "->"
