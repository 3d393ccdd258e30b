"""Docker and Podman on one host: Docker's policy DROP in FORWARD is for all devices but its own."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.live.exposed import Exporter
from tests.support.live.podman_host import Host
from tests.support.podman_checks import HTTPD, PORT, WEB, asked, port_is_known
from tests.support.private_host.engines import PackageUnavailableError, tool
from tests.support.private_host.host import PrivateHost
from tests.support.private_host.podman import podman
from tests.support.private_host.uplink import ADDRESS
from tests.support.waiting import until

SECONDS = 60


@pytest.fixture(scope="module")
def both() -> Iterator[Host]:
    """Docker runs since before Podman, and the exporter follows Podman."""
    if os.geteuid():
        pytest.skip("a private host needs root")
    with PrivateHost("both") as host:
        host.start()
        try:
            with podman(host, "trixie") as engine:
                engine.run(WEB, *HTTPD, ports={"80/tcp": PORT})
                with Exporter(host, "--docker.host", engine.url) as exporter:
                    found = Host(engine, exporter)
                    port_is_known(found)
                    yield found
        except PackageUnavailableError as error:
            pytest.skip(f"no Podman: {error}")


def answers(host: Host) -> bool:
    """Whether a client outside reaches the port."""
    words = ("timeout", "3", str(tool("busybox")), "wget", "-qO-", f"http://{ADDRESS}:{PORT}/")
    done = host.engine.host.run(*words, check=False, outside=True)
    return done.stdout == "hi\n"


def explained(host: Host, verdict: str) -> Any:
    """The answer, once it has this verdict."""

    def answered() -> Any:
        found = asked(host, f"/api/v1/explain?what={PORT}")
        return found if found["verdict"] == verdict else None

    return until(answered, SECONDS, verdict)


def test_dockers_policy_closes_the_port_of_podman(both: Host) -> None:
    assert not answers(both)
    [path] = explained(both, "unreachable")["paths"]
    assert [step["code"] for step in path["steps"] if step["state"] == "failed"] == ["drop_rule"]
    both.engine.host.run("iptables", "-P", "FORWARD", "ACCEPT")
    assert answers(both)
    explained(both, "reachable")
