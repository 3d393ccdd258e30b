"""The JSON document: what the command prints, and what it reads back from an exporter."""

import json

import pytest
from msgspec.structs import replace

from exporter.cli.output.reach import document, exit_status, parse_answer
from exporter.core.explain.path import FAILED, OK, Step
from exporter.core.reach.answer import End, ReachAnswer, ReachPath
from tests.support.nat_hosts import OLD
from tests.support.reach_hosts import ReachHost

HOSTS = {
    "reachable": (ReachHost(), "web:80", 0),
    "unreachable": (ReachHost().view("web", listeners=()), "web:80", 2),
    "blocked": (ReachHost(OLD.inserted(("ip", "filter", "DOCKER-USER"), "-j DROP")), "172.18.0.2:80", 2),
    "undetermined": (ReachHost().unread("web", "rules"), "172.18.0.2:80", 3),
    "ambiguous": (ReachHost().view("web", listeners=("0.0.0.0:80",)), "web:80", 3),
}


@pytest.mark.parametrize("verdict", HOSTS)
def test_an_answer_is_read_back_as_it_was(verdict: str) -> None:
    host, target, status = HOSTS[verdict]
    found = host.answer(target)
    assert (found.verdict, exit_status(found)) == (verdict, status)
    text = document(found)
    back = parse_answer(json.loads(text))
    assert (back.verdict, document(back)) == (verdict, text)
    # The remedy is sent in place of the command that it is made of.
    commands = [[replace(step, command=step.remedy) for step in path.steps] for path in found.paths]
    assert [[replace(step, command=step.remedy) for step in path.steps] for path in back.paths] == commands


def test_the_document_of_a_path() -> None:
    [path] = json.loads(document(ReachHost().answer("172.18.0.2:80")))["paths"]
    assert {key: value for key, value in path.items() if key != "steps"} == {
        "kind": "reach",
        "verdict": "reachable",
        "from": {
            "container": "client",
            "namespace_of": "client",
            "interface": "eth0",
            "network": "front",
            "address": "172.18.0.3",
        },
        "to": {"container": "web", "namespace_of": "", "interface": "", "network": "", "address": "172.18.0.2"},
        "protocol": "tcp",
        "port": 80,
        "mtu": 1500,
        "probe": None,
    }
    assert path["steps"][0] == {
        "name": "route",
        "state": "ok",
        "detail": "172.18.0.2 is routed to eth0 (network front) with source address 172.18.0.3",
        "code": "",
        "remedy": "",
    }


def path(*states: str) -> ReachPath:
    return ReachPath(End(), End(), "tcp", 0, tuple(Step("x", state, "") for state in states))


def test_a_path_without_steps_and_an_answer_without_paths_are_undetermined() -> None:
    assert path().verdict == "undetermined"
    assert ReachAnswer("client web", ()).verdict == "undetermined"
    assert ReachAnswer("client web", (path(), path(OK))).verdict == "undetermined"
    assert ReachAnswer("client web", (path(OK, FAILED),)).verdict == "unreachable"


@pytest.mark.parametrize("found", [{}, {"query": "a", "paths": [{}], "findings": []}, {"query": "a", "paths": 1}])
def test_another_document_is_an_error(found: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        parse_answer(found)
