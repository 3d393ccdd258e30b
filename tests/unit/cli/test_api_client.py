"""A running exporter's documents are printed; each failure is one line and exit status 3."""

import base64
import contextlib
import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from exporter.cli.api_client import MAX_BYTES, Remote, get_json, parse_remote, poll_until
from exporter.core.explain.explain import explain
from exporter.core.model.sockets import HostSockets
from exporter.errors import RemoteError
from exporter.web.page import api
from tests.support.command_line import run_main
from tests.support.http_server import Request, Response, serving
from tests.support.port_hosts import process, proxy
from tests.support.program import COMMAND
from tests.support.terminal import STOLEN, seen

HOST = seen(conflicts=(STOLEN,), sockets=HostSockets((*proxy("web", 8080)[:1], *process("sshd", "0.0.0.0:22"))))
EXPLAINED = "/api/v1/explain?what=8080"
PAGES = {
    "/api/v1/findings": api.found(HOST),
    "/api/v1/ports": api.ports(HOST),
    "/api/v1/topology": api.topology(HOST),
    EXPLAINED: api.explained(explain(HOST, "8080")),
}
SECRET = "Basic " + base64.b64encode(b"me:secret").decode()


@contextmanager
def exporter(
    pages: dict[str, str], *, password: bool = False, first: dict[str, list[str]] | None = None
) -> Iterator[str]:
    """A server with these pages, and others the first times that one is requested; its host and port."""
    others = first or {}

    def answer(request: Request) -> Response:
        denied = password and request.headers.get("Authorization") != SECRET
        other = others.get(request.path)
        body = (other.pop() if other else pages.get(request.path, "")).encode()
        return Response(body, 401 if denied else 200 if body else 404)

    with serving(answer) as port:
        yield f"127.0.0.1:{port}"


def test_what_another_host_found_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, sentence: Any
) -> None:
    monkeypatch.setenv("DOCKERNET_PASSWORD", "secret")
    with exporter(PAGES, password=True) as place:
        url = f"http://me@{place}/"
        code, out, err = run_main(capsys, "check", "--url", url)
        assert (code, err) == (2, "")
        _, row, summary = (line.rstrip() for line in out.splitlines())
        assert row.split(maxsplit=2) == ["critical", "published_stolen", STOLEN.detail]
        assert summary == sentence
        code, out, _ = run_main(capsys, "ports", "--url", url, "--output", "json")
        assert (code, [(p["port"], p["published_to"]) for p in json.loads(out)]) == (0, [(22, ""), (8080, "web:80")])
        assert run_main(capsys, "topology", "--url", url, "--output", "json") == (0, api.topology(HOST), "")


def test_what_another_host_explains_is_printed(capsys: pytest.CaptureFixture[str], sentence: Any) -> None:
    with exporter(PAGES) as place:
        code, out, err = run_main(capsys, "explain", "8080", "--url", f"http://{place}")
        assert (code, err) == (3, "")
        assert out.splitlines()[0].rstrip() == sentence
        document = run_main(capsys, "explain", "8080", "--url", f"http://{place}", "--output", "json")[1]
    assert json.loads(document) == json.loads(PAGES[EXPLAINED])


def test_a_pending_result_is_fetched_once_more(capsys: pytest.CaptureFixture[str]) -> None:
    pending = json.dumps({"findings": [], "unseen": {}, "pending": True})
    with exporter(PAGES, first={"/api/v1/findings": [pending]}) as place:
        code, out, _ = run_main(capsys, "check", "--url", f"http://{place}")
    assert (code, STOLEN.detail in out) == (2, True)


def test_a_value_is_fetched_until_it_is_complete_and_no_longer_than_it_may_take() -> None:
    values = iter(range(10))
    assert poll_until(lambda: next(values), lambda value: value == 3, 60, pause=0.0) == 3
    assert poll_until(lambda: next(values), lambda _: False, 0, pause=0.0) == 4


def test_an_older_exporter_without_pending_results_is_queried_once(capsys: pytest.CaptureFixture[str]) -> None:
    calm = json.dumps({"findings": [], "unseen": {}})
    with exporter({**PAGES, "/api/v1/findings": calm}) as place:
        code, _, err = run_main(capsys, "check", "--url", f"http://{place}")
    assert (code, err) == (0, "")


@pytest.mark.parametrize("command", [("check",), ("ports",), ("topology",), ("explain", "8080")])
def test_each_failure_is_one_line_without_the_password(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: tuple[str, ...], sentence: Any
) -> None:
    file = tmp_path / "password"
    file.write_text("wrong\n")
    as_user = ("--password-file", str(file))
    with exporter(PAGES, password=True) as place:
        wrong = run_main(capsys, *command, "--url", f"http://me@{place}", *as_user)
    gone = run_main(capsys, *command, "--url", f"http://me@{place}", *as_user)
    with exporter({}) as place:
        other = run_main(capsys, *command, "--url", f"http://{place}")
    with exporter(dict.fromkeys(PAGES, "[]")) as place:
        strange = run_main(capsys, *command, "--url", f"http://{place}")
    with exporter(dict.fromkeys(PAGES, "<html>")) as place:
        page = run_main(capsys, *command, "--url", f"http://{place}")
    with exporter(dict.fromkeys(PAGES, "[" * 200_000)) as place:
        deep = run_main(capsys, *command, "--url", f"http://{place}")
    nonsense = run_main(capsys, *command, "--url", "localhost")
    in_argv = run_main(capsys, *command, "--url", "http://me:wrong@127.0.0.1:1")
    invalid = [nonsense, in_argv]
    failures = [wrong, gone, other, strange, page, deep, *invalid]
    assert {(out, len(err.splitlines())) for _, out, err in failures} == {("", 1)}
    assert [code for code, _, _ in failures] == [3] * 6 + [2] * 2
    assert "wrong" not in "".join(err for _, _, err in failures)
    assert [re.sub(r":\d+", ":PORT", err).rstrip("\n") for _, _, err in failures] == [sentence] * 8


@pytest.mark.parametrize("output", ["tree", "json"])
@pytest.mark.parametrize(
    ("redirection", "reason"), [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")]
)
def test_an_output_that_cannot_be_written_is_one_line(redirection: str, reason: str, output: str) -> None:
    with exporter(PAGES) as place:
        argv = (COMMAND, "topology", "--url", f"http://{place}", "--output", output)
        shell = ("sh", "-c", f'exec "$@" {redirection}', "sh")
        done = subprocess.run([*shell, *argv], check=False, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (
        3,
        f"dockernet-exporter: the output cannot be written: {reason}\n",
    )


def test_a_pipe_whose_reader_has_ended_is_not_the_status_of_a_finding() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with exporter(PAGES) as place:
        argv = (COMMAND, "topology", "--url", f"http://{place}")
        done = subprocess.run(argv, check=False, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writing)
    assert (done.returncode, done.stderr) == (3, "")


def test_an_exporter_without_tls_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(lambda _: Response(b"{}")) as port:
        code, _, err = run_main(capsys, "topology", "--url", f"https://127.0.0.1:{port}")
    assert (code, len(err.splitlines())) == (3, 1)
    assert "TLS failed: try http://" in err


@pytest.mark.parametrize(("status", "said"), [(503, "the exporter is busy"), (429, "too many requests")])
def test_a_busy_exporter_is_asked_again_until_the_deadline(status: int, said: str) -> None:
    answers = iter([status, status, 200, *[status] * 1000])
    with serving(lambda _: Response(b"{}", next(answers))) as port:
        remote = Remote(f"http://127.0.0.1:{port}")
        assert get_json(remote, "/", dict, pause=0.01) == {}
        with pytest.raises(RemoteError, match=said):
            get_json(remote, "/", dict, deadline=0.2, pause=0.01)


def test_a_password_is_of_the_file_or_of_the_environment(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    file.write_text("secret\n")
    with exporter(PAGES, password=True) as place:
        url = f"http://me@{place}"
        assert run_main(capsys, "topology", "--url", f"http://me:secret@{place}")[0] == 2
        assert run_main(capsys, "topology", "--url", url)[0] == 3
        assert run_main(capsys, "topology", "--url", url, "--password-file", str(file))[0] == 0
        monkeypatch.setenv("DOCKERNET_TOPOLOGY_URL", f"http://me:secret@{place}")
        assert run_main(capsys, "topology")[0] == 0


def test_a_password_without_a_name_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("secret\n")
    with exporter(PAGES) as place:
        code, out, err = run_main(capsys, "ports", "--url", f"http://{place}", "--password-file", str(file))
    assert (code, out) == (2, "")
    assert err == "dockernet-exporter: --password-file has no effect without a NAME in --url: http://NAME@HOST:9714\n"


@pytest.mark.parametrize("words", [("--password-file", "/nowhere"), ("--proxy-from-environment",)])
def test_options_of_a_url_are_refused_without_one(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    code, _, err = run_main(capsys, "check", *words)
    assert (code, words[0] in err) == (2, True)


def test_a_proxy_of_the_environment_is_used_only_when_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with exporter({"/api": "1"}) as place, exporter({"http://exporter.invalid/api": "2"}) as proxy:
        monkeypatch.setenv("http_proxy", f"http://{proxy}")
        assert get_json(parse_remote(f"http://{place}"), "/api", int) == 1
        assert get_json(parse_remote("http://exporter.invalid", use_proxy=True), "/api", int) == 2


@contextmanager
def streaming(chunks: Iterator[bytes]) -> Iterator[Remote]:
    """A server that writes these bytes as its answer, whole or not."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError), listener.accept()[0] as client:
                client.recv(10_000)
                for chunk in chunks:
                    client.sendall(chunk)

        thread = threading.Thread(target=serve)
        thread.start()
        yield Remote(f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()


MEGABYTE = 1 << 20
HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


def test_an_endless_answer_ends_at_the_size_limit() -> None:
    """Beside it there is what the two kernels keep for the connection."""
    sent: list[int] = []

    def endless() -> Iterator[bytes]:
        yield HEAD
        while True:
            sent.append(MEGABYTE)
            yield b"1" * MEGABYTE

    with streaming(endless()) as remote, pytest.raises(RemoteError, match="larger than 32 MiB"):
        get_json(remote, "/", int)
    assert sum(sent) < 2 * MAX_BYTES


@pytest.mark.parametrize("start", [b"", HEAD])
def test_a_slow_drip_ends_at_the_deadline(start: bytes) -> None:
    stopped = threading.Event()

    def drip() -> Iterator[bytes]:
        yield start or b"HTTP/1.1 200 OK\r\nX: "
        while not stopped.wait(0.02):
            yield b"1"

    with streaming(drip()) as remote:
        with pytest.raises(RemoteError, match="no complete response within"):
            get_json(remote, "/", int, deadline=0.3)
        stopped.set()


def test_a_redirect_is_not_followed() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with streaming(iter([answer])) as remote, pytest.raises(RemoteError, match="unexpected status 302"):
        get_json(remote, "/", int)
