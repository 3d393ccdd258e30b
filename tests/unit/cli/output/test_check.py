"""What `check` prints, and how it ends."""

import io
import json
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from exporter.cli.output.check import document, print_report
from exporter.cli.output.check_result import build_result
from exporter.cli.output.table import cell, console, table
from exporter.core.findings.rule import Input
from exporter.core.model.kernel_sample import Degraded
from exporter.core.nat.rules import NAT_KINDS
from exporter.core.network.rules import NETWORK_KINDS
from exporter.core.observation import Observation
from exporter.core.ports.rules import PORT_KINDS
from exporter.core.views.blind_spots import SENTENCES
from exporter.core.views.finding_rows import EFFECTS, NOT_APPLICABLE
from tests.support.terminal import LIKELY, LOST, SMALL, STOLEN, printed, seen

PTRACE = Degraded("sockets", "no_sys_ptrace", "grant CAP_SYS_PTRACE")
EVERYTHING = seen(findings=(SMALL,), conflicts=(LIKELY, STOLEN), drifts=(LOST,))


def report(observation: Observation, engine_error: str = "") -> str:
    return "\n".join(printed(partial(print_report, build_result(observation, engine_error))))


def test_the_worst_comes_first_then_what_may_be_the_cause_and_what_is_not_certain_says_so(sentence: Any) -> None:
    text = report(EVERYTHING)
    rows = [line.split()[:2] for line in text.splitlines()]
    assert rows[1:5] == [
        ["critical", "published_stolen"],
        ["warning", "mtu_mismatch"],
        ["warning", "missing_dnat"],
        ["info", "host_bind_failed"],
    ]
    assert [number for number, line in enumerate(text.splitlines()) if "(suspected)" in line] == [4]
    assert text == sentence


def test_the_kinds_that_are_effects_are_kinds() -> None:
    assert {*NAT_KINDS, *NETWORK_KINDS, *PORT_KINDS} >= EFFECTS


def test_nothing_found_is_said(sentence: Any) -> None:
    assert report(seen()) == sentence


def test_what_could_not_be_seen_is_said_with_what_to_grant(sentence: Any) -> None:
    text = report(seen(suspended=("socket_owners",), degraded=(PTRACE,)))
    assert PTRACE.detail in text
    assert text == sentence


def test_why_the_engine_does_not_answer_is_said(sentence: Any) -> None:
    text = report(seen(suspended=("engine",), connected=False), "Permission denied")
    assert "Permission denied" in text
    assert text == sentence


@pytest.mark.parametrize(
    ("observation", "code"),
    [
        (seen(), 0),
        (seen(conflicts=(LIKELY,)), 0),
        (seen(findings=(SMALL,)), 1),
        (seen(drifts=(LOST,)), 1),
        (EVERYTHING, 2),
        (seen(suspended=("socket_owners",)), 3),
        (seen(conflicts=(LIKELY,), suspended=("nat",)), 3),
        (seen(findings=(SMALL,), suspended=("socket_owners",)), 1),
        (seen(conflicts=(STOLEN,), suspended=("engine",), connected=False), 3),
        (seen(suspended=("no_docker_rules",)), 0),
    ],
    ids=[
        *("nothing", "information", "a warning", "drift", "critical", "not all seen", "information, not all seen"),
        *("a warning, not all seen", "no engine", "an engine without rules"),
    ],
)
def test_the_exit_code_is_the_worst_that_is_known(observation: Observation, code: int) -> None:
    assert build_result(observation).exit_status == code


def test_the_document_says_all_of_it(sentence: Any) -> None:
    found = json.loads(
        document(build_result(seen(conflicts=(STOLEN,), suspended=("engine",), degraded=(PTRACE,)), "hung"))
    )
    assert found == {
        "verdict": "critical",
        "engine": "29.1.0",
        "findings": [
            {
                "area": "port",
                "kind": "published_stolen",
                "severity": "critical",
                "confidence": "confirmed",
                "detail": STOLEN.detail,
                "protocol": "tcp",
                "address": "0.0.0.0",
                "port": 8080,
                "wanted_by": "web",
                "holder": "nginx",
                "holder_kind": "process",
            }
        ],
        "kinds_evaluated": 4,
        "kinds_not_evaluated": {"another_kind": ["engine"]},
        "unseen": {"engine": sentence},
        "missing": ["grant CAP_SYS_PTRACE"],
    }


def test_findings_of_networks_and_nat_have_the_labels_of_their_series() -> None:
    lines = {line["area"]: line for line in json.loads(document(build_result(EVERYTHING)))["findings"]}
    assert (lines["network"]["network"], lines["network"]["subject"]) == ("front", "eth0")
    assert (lines["nat"]["family"], lines["nat"]["container"], lines["nat"]["host_port"]) == ("ip", "web", "8080")


def test_every_reason_for_not_evaluating_has_a_sentence() -> None:
    assert SENTENCES.keys() == set(Input) - NOT_APPLICABLE


def test_a_name_cannot_write_to_the_terminal() -> None:
    assert cell("\x1b[2Jnginx\r\n").plain == "?[2Jnginx??"
    evil = replace(STOLEN, detail="held by \x1b[31mred")
    assert "\x1b" not in report(seen(conflicts=(evil,)))


def test_on_a_terminal_severities_have_colours_and_long_sentences_are_folded() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    on_screen = console(stream)
    on_screen.width = 40
    on_screen.print(table(("severity", "what"), [("critical", "a sentence that is longer than that screen is")]))
    assert len(stream.getvalue().splitlines()) > 2
