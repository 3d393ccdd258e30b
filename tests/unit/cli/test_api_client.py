"""Asking a running exporter: what it tells is printed, and each failure is one line and exit code 3."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import structlog

from exporter.cli import api_client, snapshot
from exporter.core.model.sockets import HostSockets
from exporter.web.page import api
from tests.support.command_line import run_main
from tests.support.port_hosts import process, proxy
from tests.support.terminal import STOLEN, seen

HOST = seen(conflicts=(STOLEN,), sockets=HostSockets((*proxy("web", 8080)[:1], *process("sshd", "0.0.0.0:22"))))
EXPLAINED = "/api/v1/explain?what=8080"
PAGES = {
    "/api/v1/findings": api.found(HOST),
    "/api/v1/ports": api.ports(HOST),
    "/api/v1/topology": api.topology(HOST),
    EXPLAINED: api.explained(HOST, "8080"),
}
SECRET = "Basic " + base64.b64encode(b"me:secret").decode()


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@contextmanager
def serving(
    pages: dict[str, str], *, password: bool = False, first: dict[str, list[str]] | None = None
) -> Iterator[str]:
    """A server with these pages, and others the first times that one is asked for; its host and port."""
    others = first or {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            denied = password and self.headers.get("Authorization") != SECRET
            other = others.get(self.path)
            body = (other.pop() if other else pages.get(self.path, "")).encode()
            self.send_response(401 if denied else 200 if body else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_what_another_host_tells_is_printed(capsys: pytest.CaptureFixture[str], sentence: Any) -> None:
    with serving(PAGES, password=True) as place:
        url = f"http://me:secret@{place}/"
        code, out, err = run_main(capsys, "check", "--url", url)
        assert (code, err) == (2, "")
        _, row, summary = (line.rstrip() for line in out.splitlines())
        assert row.split(maxsplit=2) == ["critical", "published_stolen", STOLEN.detail]
        assert summary == sentence
        code, out, _ = run_main(capsys, "ports", "--url", url, "--output", "json")
        assert (code, [(p["port"], p["published_to"]) for p in json.loads(out)]) == (0, [(22, ""), (8080, "web:80")])
        assert run_main(capsys, "topology", "--url", url, "--output", "json") == (0, api.topology(HOST), "")


def test_what_another_host_explains_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, sentence: Any
) -> None:
    monkeypatch.setattr(snapshot, "SWEEP_SECONDS", 0.0)
    with serving(PAGES) as place:
        code, out, err = run_main(capsys, "explain", "8080", "--url", f"http://{place}")
        assert (code, err) == (2, "")
        assert out.splitlines()[0].rstrip() == sentence
        document = run_main(capsys, "explain", "8080", "--url", f"http://{place}", "--output", "json")[1]
    assert json.loads(document) == json.loads(PAGES[EXPLAINED])


def test_what_may_stand_is_asked_for_once_more(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_client, "PAUSE_SECONDS", 0.0)
    doubtful = json.dumps({"findings": [], "unseen": {}, "doubtful": True})
    with serving(PAGES, first={"/api/v1/findings": [doubtful] * 3}) as place:
        code, out, _ = run_main(capsys, "check", "--url", f"http://{place}")
    assert (code, STOLEN.detail in out) == (2, True)


def test_an_older_exporter_that_tells_of_no_doubt_is_asked_once(capsys: pytest.CaptureFixture[str]) -> None:
    calm = json.dumps({"findings": [], "unseen": {}})
    with serving({**PAGES, "/api/v1/findings": calm}) as place:
        code, _, err = run_main(capsys, "check", "--url", f"http://{place}")
    assert (code, err) == (0, "")


@pytest.mark.parametrize("command", [("check",), ("ports",), ("topology",), ("explain", "8080")])
def test_each_failure_is_one_line_without_the_password(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...], sentence: Any
) -> None:
    with serving(PAGES, password=True) as place:
        wrong = run_main(capsys, *command, "--url", f"http://me:wrong@{place}")
    gone = run_main(capsys, *command, "--url", f"http://me:wrong@{place}")
    with serving({}) as place:
        other = run_main(capsys, *command, "--url", f"http://{place}")
    with serving(dict.fromkeys(PAGES, "[]")) as place:
        strange = run_main(capsys, *command, "--url", f"http://{place}")
    with serving(dict.fromkeys(PAGES, "<html>")) as place:
        page = run_main(capsys, *command, "--url", f"http://{place}")
    nonsense = run_main(capsys, *command, "--url", "localhost")
    failures = [wrong, gone, other, strange, page, nonsense]
    assert {(code, out, len(err.splitlines())) for code, out, err in failures} == {(3, "", 1)}
    assert "wrong" not in "".join(err for _, _, err in failures)
    assert [re.sub(r":\d+", ":PORT", err).rstrip("\n") for _, _, err in failures] == [sentence] * 6
