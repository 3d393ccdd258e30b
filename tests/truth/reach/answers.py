"""What the product answers to `explain A B:PORT`, by the command or over HTTP."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.support.live.exposed import COMMAND
from tests.truth.lab import THIS_CODE, Lab
from tests.truth.reach.situation import REACHABLE, UNDETERMINED

OK, CONTAINER = "ok", "container"
COMMAND_SECONDS = 120
FRESH_SECONDS, POLL_SECONDS = 3.0, 0.2


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict, the first step that is not ok on a path that is not reachable, and all steps as lines."""

    verdict: str
    step: str
    lines: tuple[str, ...]


class NoAnswerError(Exception):
    """The product gave no document."""


def by_command(lab: Lab, source: str, target: str) -> Answer:
    """Run `explain` inside the host."""
    words = (*THIS_CODE, COMMAND, "--docker.host", lab.host.docker_url, "explain", source, target, "--output", "json")
    done = lab.host.run(*words, check=False, timeout=COMMAND_SECONDS)
    try:
        return read_answer(json.loads(done.stdout))
    except ValueError:
        said = (done.stderr or done.stdout).strip()[-300:]
        raise NoAnswerError(f"explain {source} {target}: exit status {done.returncode}: {said}") from None


def by_api(lab: Lab, source: str, target: str) -> Answer:
    """Ask the running exporter, which may not know yet that a container was started."""
    deadline = time.monotonic() + FRESH_SECONDS
    while (answer := _asked(lab, source, target)).step == CONTAINER and answer.verdict == UNDETERMINED:
        if time.monotonic() > deadline:
            break
        time.sleep(POLL_SECONDS)
    return answer


def _asked(lab: Lab, source: str, target: str) -> Answer:
    query = urlencode({"from": source, "to": target})
    status, body = lab.exporter.get(f"/api/v1/explain?{query}")
    if status != 200:
        raise NoAnswerError(f"explain {source} {target}: status {status}: {body[:300]!r}")
    return read_answer(json.loads(body))


def read_answer(document: dict[str, Any]) -> Answer:
    """Read the JSON document of `explain`."""
    paths = document["paths"]
    lines = [f"{step['name']}: {step['state']}: {step['detail']}" for path in paths for step in path["steps"]]
    return Answer(document["verdict"], _first_not_ok(paths), tuple(lines))


def _first_not_ok(paths: Sequence[dict[str, Any]]) -> str:
    for path in paths:
        for step in path["steps"]:
            if path["verdict"] != REACHABLE and step["state"] != OK:
                return str(step["name"])
    return ""
