"""The locked door and the siege, on the program itself: a real Prometheus with keys, and clients that do not behave."""

import json
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path
from typing import Any

import bcrypt
import psutil
import pytest
from hypothesis import HealthCheck, given, settings

from tests.support.private_host.engines import PackageUnavailableError, tool
from tests.support.program import LOOPBACK, NO_ENGINE, get, listening, on_this_machine, started
from tests.support.waiting import until
from tests.support.web_clients import HALF_A_HEAD, WHOLE_HEAD, crowd, is_closed, read_all
from tests.support.web_keys import Keys
from tests.support.web_malformed import REQUESTS

USERS = f"basic_auth_users:\n  prometheus: {bcrypt.hashpw(b'fire', bcrypt.gensalt(5)).decode()}\n"
CLIENT = "prometheus.example"
WARM_UP = 4  # sieges after which the allocator keeps hardly more: the first three add two megabytes each
SLACK_BYTES = 6 << 20  # what an allocator may keep between two sieges


@contextmanager
def exporter(*flags: str) -> Iterator[tuple[psutil.Process, int]]:
    """An exporter without an engine, on a port of its own; what clients do makes no noise in its log."""
    with started("--docker.host", NO_ENGINE, *LOOPBACK, *flags) as process:
        yield psutil.Process(process.pid), int(listening(process).rpartition(":")[2])
        process.terminate()
        _, log = process.communicate(timeout=30)
    entries = [json.loads(line) for line in log.splitlines()]
    assert {entry["event"] for entry in entries if entry["component"] == "web"} <= {"web config reloaded"}


@contextmanager
def prometheus(folder: Path, *jobs: dict[str, Any]) -> Iterator[Callable[[str], dict[str, float]]]:
    """A Prometheus with these jobs; ask it for a metric by job."""
    try:
        program = str(tool("prometheus"))
    except PackageUnavailableError as error:
        pytest.skip(str(error))
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    scraping = {"global": {"scrape_interval": "5s"}, "scrape_configs": jobs}
    (folder / "prometheus.yml").write_text(json.dumps(scraping))
    flags = (f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data")
    process = subprocess.Popen([program, *flags, f"--web.listen-address={address}"], stderr=subprocess.DEVNULL)

    def ask(query: str) -> dict[str, float]:
        url = f"http://{address}/api/v1/query?" + urllib.parse.urlencode({"query": query})
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                found = json.load(answer)["data"]["result"]
        except OSError:
            return {}
        return {series["metric"]["job"]: float(series["value"][1]) for series in found}

    try:
        yield ask
    finally:
        process.terminate()
        process.wait(30)


def job(name: str, port: int, **more: Any) -> dict[str, Any]:
    return {"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}], **more}


def test_prometheus_scrapes_with_a_certificate_and_a_password_and_not_without_either(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    issued = keys.authority.issue_cert(CLIENT)
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "client.pem"))
    issued.private_key_pem.write_to_path(str(tmp_path / "client.key"))
    mutual = {
        "client_ca_file": "ca.pem",
        "client_auth_type": "RequireAndVerifyClientCert",
        "client_allowed_sans": f"[{CLIENT}]",
    }
    trusts = {"ca_file": str(tmp_path / "ca.pem")}
    shows = {**trusts, "cert_file": str(tmp_path / "client.pem"), "key_file": str(tmp_path / "client.key")}
    right = {"username": "prometheus", "password": "fire"}
    with exporter("--web.config.file", str(keys.config(USERS, tls=mutual))) as (_, port):
        jobs = (
            job("all", port, scheme="https", tls_config=shows, basic_auth=right),
            job("wrong password", port, scheme="https", tls_config=shows, basic_auth={**right, "password": "water"}),
            job("no password", port, scheme="https", tls_config=shows),
            job("no certificate", port, scheme="https", tls_config=trusts, basic_auth=right),
            job("no tls", port, basic_auth=right),
        )
        with prometheus(tmp_path, *jobs) as ask:
            until(lambda: len(ask("up")) == len(jobs), 60, "a scrape of each job")
            up = {name: float(name == "all") for name in ("all", *(job["job_name"] for job in jobs))}
            assert ask("up") == up
            assert ask("dockernet_up") == {"all": 0.0}
            scrapes = ask("count_over_time(up[1h])")["all"]
            keys.renew()
            until(
                lambda: ask("count_over_time(up[1h])").get("all", 0) >= scrapes + 2,
                60,
                "scrapes after a new certificate",
            )
            assert ask("min_over_time(up[1h])")["all"] == 1.0


def scraped(port: int) -> bool:
    """Whether a scrape beside the others is answered."""
    status, text = get(f"127.0.0.1:{port}", "/metrics")
    return status == 200 and "\ndockernet_up 0.0\n" in text


def besiege(port: int) -> None:
    """400 clients that never finish a request, 400 that ask twenty times and do not read; a scrape is answered beside.

    While the 8,000 requests are worked on, a scrape may meet the limit of --web.max-requests; then no more.
    """
    with crowd(port, 400, sending=HALF_A_HEAD):
        assert scraped(port)
        with crowd(port, 400, sending=WHOLE_HEAD * 20):
            until(lambda: all(scraped(port) for _ in range(5)), 60, "five scrapes in a row beside all of them")
    assert scraped(port)


def test_a_siege_costs_no_memory_and_no_descriptors() -> None:
    with exporter() as (process, port):
        for _ in range(WARM_UP):
            besiege(port)
        until(lambda: process.num_fds() < 50, 60, "connections that are freed")
        before = process.memory_info().rss
        for _ in range(3):
            besiege(port)
        until(lambda: process.num_fds() < 50, 60, "connections that are freed")
        assert process.memory_info().rss - before < SLACK_BYTES


def test_who_says_half_a_head_is_gone_after_ten_seconds() -> None:
    started_at = time.monotonic()
    with exporter() as (process, port):
        five_seconds = on_this_machine(5, started_at)
        with crowd(port, 400, sending=HALF_A_HEAD) as clients:
            began = time.monotonic()
            assert scraped(port)
            until(lambda: all(map(is_closed, clients)), 60, "connections that are ended")
            assert 9 < time.monotonic() - began < 10 + five_seconds
            until(lambda: process.num_fds() < 50, 60, "connections that are freed")
            assert scraped(port)


def answer_to(request: bytes, port: int) -> bytes:
    """What a client gets that sends this and no more."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        return read_all(client)


NOT_IMPLEMENTED = (b"HTTP/1.1 501 ", b"HTTP/1.1 505 ")  # a transfer coding, a version


def test_a_thousand_malformed_requests_are_answered_and_cost_no_memory() -> None:
    sent: list[bytes] = []
    with exporter() as (process, port):

        @settings(max_examples=1000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(request=REQUESTS)
        def check(request: bytes) -> None:
            answer = answer_to(request, port)
            assert not answer.startswith(b"HTTP/1.1 5") or answer.startswith(NOT_IMPLEMENTED)
            sent.append(request)

        def replay() -> int:
            with ThreadPoolExecutor(20) as clients:
                list(clients.map(answer_to, sent, repeat(port)))
            assert scraped(port)
            return int(process.memory_info().rss)

        check()
        assert len(sent) >= 1000
        settled = [replay() for _ in range(4)][-1]  # garbage in cycles is collected now and then only
        assert [replay() for _ in range(4)][-1] - settled < SLACK_BYTES
        until(lambda: process.num_fds() < 50, 60, "connections that are freed")


def test_a_siege_does_not_hold_up_the_end() -> None:
    began = time.monotonic()
    with exporter() as (process, port):
        two_seconds = on_this_machine(2, began)
        with crowd(port, 200, sending=HALF_A_HEAD), crowd(port, 200, sending=WHOLE_HEAD * 20):
            until(lambda: scraped(port), 60, "a scrape")
            process.send_signal(signal.SIGTERM)
            assert process.wait(two_seconds) == 0
