"""What a running exporter answers about the host of a case."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tests.support.live.exposed import COMMAND, Exporter
from tests.support.waiting import until
from tests.truth.case import Verdict
from tests.truth.lab import THIS_CODE, Lab

# The words of the verdicts, those of `explain` before and after they were renamed.
WORDS = {
    **dict.fromkeys(("ok", "whole", "reachable"), Verdict.WHOLE),
    **dict.fromkeys(("broken", "unreachable", "blocked"), Verdict.BROKEN),
    **dict.fromkeys(("unknown", "undetermined", "ambiguous"), Verdict.UNKNOWN),
}
UNSEEN = 3  # exit code of commands: not everything was looked at
COMMAND_SECONDS = 120
LOUD = ("warning", "critical")


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding: its kind and severity, and everything it says."""

    kind: str
    severity: str
    text: str

    @property
    def loud(self) -> bool:
        """Whether it may alert somebody."""
        return self.severity in LOUD


@dataclass(frozen=True, slots=True)
class Findings:
    """What `/api/v1/findings` says; `pending`: something may become a finding soon."""

    rows: frozenset[Finding]
    pending: bool

    @property
    def loud(self) -> frozenset[Finding]:
        """Those with severity warning or critical."""
        return frozenset(row for row in self.rows if row.loud)


def findings(exporter: Exporter) -> Findings:
    """Return what the exporter finds now."""
    document = _get(exporter, "/api/v1/findings")
    rows = frozenset(Finding(row["kind"], row["severity"], json.dumps(row)) for row in document["findings"])
    return Findings(rows, document.get("pending", False))


def is_quiet(exporter: Exporter) -> bool:
    """Whether nothing is found, and nothing may become a finding soon."""
    now = findings(exporter)
    return not now.loud and not now.pending


def explain(exporter: Exporter, asked: str) -> tuple[Verdict, str]:
    """Return the verdict about a port or a container, and the whole answer."""
    document = _get(exporter, f"/api/v1/explain?what={quote(asked, safe='')}")
    return WORDS[document.get("verdict") or document["state"]], json.dumps(document)


def once(lab: Lab, asked: str) -> tuple[Verdict, str, set[Finding]]:
    """Run `check`, and `explain` if something is asked: the verdict of the last one, its whole answer, the findings."""
    verdict, answer = _command(lab, "check")
    rows = json.loads(answer)["findings"]
    found = {Finding(row["kind"], row["severity"], json.dumps(row)) for row in rows}
    if asked:
        verdict, answer = _command(lab, "explain", asked)
    return verdict, answer, {one for one in found if one.loud}


def _command(lab: Lab, *words: str) -> tuple[Verdict, str]:
    """The verdict that the exit code of a command is, and its document."""
    argv = (*THIS_CODE, COMMAND, "--docker.host", lab.host.docker_url, *words, "--output", "json")
    done = lab.host.run(*argv, check=False, timeout=COMMAND_SECONDS)
    return {0: Verdict.WHOLE, UNSEEN: Verdict.UNKNOWN}.get(done.returncode, Verdict.BROKEN), done.stdout


def _get(exporter: Exporter, path: str) -> Any:
    def answered() -> Any:
        status, body = exporter.get(path)
        return json.loads(body) if status == 200 else None

    return until(answered, 30, f"an answer to {path}")
