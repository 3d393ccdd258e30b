"""An engine that answers without end, slowly, or in another shape: it is down, one line says why, and that is all."""

import gzip
import itertools
import json
import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from exporter.core.model.docker import Subnet
from exporter.docker_engine.client import EngineClient
from exporter.docker_engine.inspector import THREADS
from exporter.docker_engine.parse import parse_inspected, parse_network
from exporter.docker_engine.settings import Limits, Timing
from exporter.docker_engine.text import MAX_ENTRIES, MAX_LABEL, MAX_TEXT, _report_cut, _report_many
from exporter.errors import EngineError
from tests.support.engine_follower import Follower
from tests.support.fake_engine import ENGINE, FakeEngine
from tests.support.recorded import answer

SMALL = Limits(list_bytes=1 << 20, document_bytes=1 << 20, event_bytes=1 << 16)
SHORT = Timing(request_timeout=10.0, answer=2.0, quiet=1000.0, poll=0.05, max_pause=0.1)
PATIENT = replace(SHORT, answer=1000.0)  # only the size ends an endless answer
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
PIECE = b"1," * (1 << 15)


def whole(document: object, head: bytes = HEAD) -> list[bytes]:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return [head + b"Content-Length: %d\r\n\r\n" % len(body) + body]


def dripping(text: bytes) -> Iterator[bytes]:
    """A byte each hundredth of a second, for as long as the client reads."""
    for byte in itertools.chain(text, itertools.repeat(32)):
        threading.Event().wait(0.01)
        yield bytes([byte])


HOSTILE: dict[str, Callable[[], Iterable[bytes]]] = {
    "endless": lambda: itertools.chain([HEAD + b"\r\n["], itertools.repeat(PIECE)),
    "endless in chunks": lambda: itertools.chain([CHUNKED], itertools.repeat(b"%x\r\n%s\r\n" % (len(PIECE), PIECE))),
    "an endless chunk size": lambda: itertools.chain([CHUNKED], itertools.repeat(b"0" * 65536)),
    "of a size beyond memory": lambda: itertools.chain(
        [HEAD + b"Content-Length: 999999999999999\r\n\r\n["], itertools.repeat(PIECE)
    ),
    "slow": lambda: itertools.chain([HEAD + b"\r\n"], dripping(b"[")),
    "with a slow head": lambda: dripping(HEAD + b"X: "),
    "an object": lambda: whole({"message": "no list"}),
    "a text": lambda: whole("no list"),
    "no JSON": lambda: whole(b"<html>"),
    "too deep": lambda: whole(b"[" * 200_000),
    "elsewhere": lambda: whole(b"[]", b"HTTP/1.1 302 Found\r\nLocation: http+docker://localhost/networks\r\n"),
    "packed": lambda: whole(gzip.compress(b"[]"), HEAD + b"Content-Encoding: gzip\r\n"),
}


@pytest.mark.parametrize("answer", HOSTILE)
@pytest.mark.parametrize("path", ["/containers/json", "/networks"])
def test_a_hostile_list_is_an_engine_that_is_down_and_one_log_entry(
    engine: FakeEngine, follow: Callable[..., Follower], path: str, answer: str
) -> None:
    engine.appear_silently("web")
    engine.raw[path] = HOSTILE[answer]
    with capture_logs() as entries:
        follower = follow(PATIENT if "endless" in answer or "beyond" in answer else SHORT, SMALL)
        follower.watcher.start()
        follower.wait(lambda: engine.asked.count(path) > 2, "further tries")
    assert not follower.inventory.connected
    warned = [entry["event"] for entry in entries if entry["log_level"] not in ("info", "debug")]
    assert warned == ["list failed, retrying"]
    del engine.raw[path]
    follower.wait(lambda: follower.inventory.connected and follower.container("web"), "the engine again")


@pytest.mark.parametrize("path", ["/version", "/info"])
@pytest.mark.parametrize("answer", ["endless", "slow", "too deep", "a text", "elsewhere"])
def test_a_hostile_description_of_the_engine_is_an_engine_that_is_down(
    engine: FakeEngine, follow: Callable[..., Follower], path: str, answer: str
) -> None:
    engine.raw[path] = HOSTILE[answer]
    with capture_logs() as entries:
        follower = follow(SHORT, SMALL)
        follower.watcher.start()
        follower.wait(lambda: engine.asked.count(path) > 2, "further tries")
    assert not follower.inventory.connected
    assert not [entry for entry in entries if entry["log_level"] == "error"]


@pytest.mark.parametrize("version", ["", None, 5, "1.41/../..", "latest"], ids=str)
def test_a_version_that_is_none_is_an_engine_that_is_down(
    engine: FakeEngine, follow: Callable[..., Follower], version: object
) -> None:
    engine.headers.clear()
    engine.raw["/version"] = lambda: whole({"ApiVersion": version})
    with capture_logs() as entries:
        follower = follow(SHORT, SMALL)
        follower.watcher.start()
        follower.wait(lambda: engine.asked.count("/version") > 2, "further tries")
    assert {entry["event"] for entry in entries} == {"event stream lost, reconnecting"}
    assert len(entries) == 1


@pytest.mark.parametrize("answer", ["endless", "slow", "too deep", "a text"])
def test_hostile_inspects_cost_no_other(engine: FakeEngine, follow: Callable[..., Follower], answer: str) -> None:
    """As many as there are threads for inspects: each is free again."""
    bad = [f"bad{number}" for number in range(THREADS)]
    for name in bad:
        engine.raw[f"/containers/{name}-id/json"] = HOSTILE[answer]
    follower = follow(PATIENT if answer == "endless" else SHORT, SMALL).synced()
    for name in (*bad, "web"):
        engine.run(name)
    follower.wait(lambda: (web := follower.container("web")) and web.details, "web inspected")
    assert follower.inventory.connected


def test_an_event_without_an_end_starts_the_stream_anew(engine: FakeEngine, follow: Callable[..., Follower]) -> None:
    follower = follow(SHORT, SMALL).synced()
    for _ in range(20):
        engine.write(b"x" * 8192)
    follower.wait(lambda: follower.watcher.stats().reconnects == 1, "another stream")
    engine.run("web")
    follower.wait(lambda: follower.container("web"), "web")


def test_kinds_of_events_are_counted_apart_up_to_a_limit(engine: FakeEngine, follow: Callable[..., Follower]) -> None:
    follower = follow(limits=Limits(event_kinds=3)).synced()
    for number in range(10):
        engine.emit("daemon", f"made-up-{number}", "")
    follower.wait(lambda: follower.watcher.stats().events.get(("other", "other")) == 7, "the others together")
    assert len(follower.watcher.stats().events) == 4


def test_long_texts_are_cut_and_that_is_logged_once(engine: FakeEngine, follow: Callable[..., Follower]) -> None:
    for name in ("one", "two"):
        engine.appear_silently(name)
        document = engine.containers[f"{name}-id"]
        document["Name"] = f"/{'n' * 300}"
        document["State"]["Error"] = "e" * 65536
        document["Config"]["Labels"] = {"k": "v" * 1_000_000}
    _report_cut.cache_clear()
    with capture_logs() as entries:
        follower = follow().synced()
        follower.wait(lambda: all(c.details for c in follower.inventory.containers.values()), "both inspected")
    containers = list(follower.inventory.containers.values())
    assert [len(c.details.error) for c in containers if c.details] == [MAX_TEXT] * 2
    assert [len(c.labels["k"]) for c in containers] == [MAX_LABEL] * 2
    assert len({c.name for c in containers}) == 2
    assert {len(c.name) for c in containers} == {MAX_LABEL - 13 + len("-one-id")}
    assert sorted(entry["max_characters"] for entry in entries if "cut" in entry["event"]) == [MAX_LABEL, MAX_TEXT]


def test_of_what_an_image_has_hundreds_of_thousands_a_thousand_count(
    engine: FakeEngine, follow: Callable[..., Follower]
) -> None:
    engine.appear_silently("web")
    document = engine.containers["web-id"]
    document["Config"]["ExposedPorts"] = {f"{port}/{name}": {} for port in range(1, 65536) for name in ("tcp", "udp")}
    document["Config"]["Labels"] = {f"label{number}": "x" for number in range(200_000)}
    document["Args"] = ["x"] * 200_000
    _report_many.cache_clear()
    with capture_logs() as entries:
        follower = follow().synced()
        follower.wait(lambda: (web := follower.container("web")) and web.details, "web inspected")
    web = follower.container("web")
    assert web
    assert web.details
    assert (len(web.labels), len(web.details.exposed), len(web.details.arguments)) == (MAX_ENTRIES,) * 3
    assert [entry["max_entries"] for entry in entries if "max_entries" in entry] == [MAX_ENTRIES]


@pytest.mark.parametrize("answer", ["endless", "slow", "with a slow head", "too deep"])
def test_an_engine_on_tcp_has_the_same_limits(answer: str) -> None:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                for piece in HOSTILE[answer]():
                    self.wfile.write(piece)

        def finish(self) -> None:
            with suppress(OSError):
                super().finish()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        client = EngineClient(f"tcp://127.0.0.1:{server.server_address[1]}", SHORT, SMALL)
        with closing(client), pytest.raises(EngineError):
            client.ping()
        server.shutdown()


def test_an_address_that_is_none_is_no_address_and_a_port_on_it_is_not_one_of_all_addresses() -> None:
    document = answer(ENGINE, "running")
    network = next(iter(document["NetworkSettings"]["Networks"].values()))
    network |= {"IPAddress": "invalid IP", "Gateway": "1"}
    [endpoint] = parse_inspected(document).endpoints
    assert (endpoint.ip_address, endpoint.gateway) == ("", "")
    document["NetworkSettings"]["Ports"] = {"80/tcp": [{"HostIp": "1", "HostPort": "80"}]}
    with pytest.raises(ValueError, match="invalid HostIp 1"):
        parse_inspected(document)


def test_a_subnet_of_a_plugin_that_is_none_is_none() -> None:
    document = answer(ENGINE, "network") | {"IPAM": {"Config": [{"Subnet": "all of it", "Gateway": "172.18.0.1"}]}}
    assert parse_network(document).subnets == (Subnet("", "172.18.0.1"),)
