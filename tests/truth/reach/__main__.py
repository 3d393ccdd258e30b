"""`python -m tests.truth.reach`: play the situations and print what `explain A B` answers wrongly."""

import argparse
import fnmatch
import subprocess
import sys

from tests.support.private_host.engines import ENGINES
from tests.support.private_host.packages import cache_folder, locked
from tests.truth.case import NFT
from tests.truth.hosts import Hosts
from tests.truth.reach.answers import by_api, by_command
from tests.truth.reach.asking import Asker
from tests.truth.reach.play import Ask, Outcome, play_all
from tests.truth.reach.report import line, problems, summary
from tests.truth.reach.section import updated
from tests.truth.reach.situation import Situation
from tests.truth.reach.situations import SITUATIONS
from tests.truth.section import parts, write

ASKED: dict[str, Ask] = {"process": Asker(), "command": by_command, "api": by_api}


def main() -> int:
    """Play on one engine, or on each in a process of its own; 1 when an answer is wrong or anything was not played."""
    options = _options()
    if len(options.engine) > 1:
        again = [sys.executable, "-m", "tests.truth.reach", *sys.argv[1:], "--alone"]
        started = [subprocess.Popen([*again, suite]) for suite in options.engine]
        codes = [process.wait() for process in started]
        return int(any(codes))
    [suite] = options.engine
    chosen = [one for one in SITUATIONS if suite in one.engines and _is_chosen(one, options.only)]
    outcomes = _play(suite, chosen, options)
    print(summary(ENGINES[suite], outcomes), flush=True)
    if options.write:
        with locked(cache_folder() / "truth.lock"):
            before, reach = parts()
            write(before, updated(reach, ENGINES[suite], outcomes))
    return int(any(one.error or problems(one) for one in outcomes))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.truth.reach", description=__doc__)
    parser.add_argument(
        "--engine", action="append", choices=ENGINES, help="the Debian suite of an engine; all by default"
    )
    parser.add_argument("--only", action="append", metavar="PATTERN", help="names or kinds of situations, as `*DROP*`")
    parser.add_argument("--truth-only", action="store_true", help="connect, and do not ask the product")
    parser.add_argument(
        "--ask", choices=ASKED, default="process", help="the command in one process, in a process each, or the API"
    )
    parser.add_argument("--write", action="store_true", help="write this engine's part of docs/truth.md")
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write and (options.only or options.truth_only):
        parser.error("--write needs all situations and their answers")
    options.only = options.only or ["*"]
    options.engine = [options.alone] if options.alone else options.engine or list(ENGINES)
    return options


def _is_chosen(situation: Situation, patterns: list[str]) -> bool:
    texts = (situation.name, situation.kind)
    return any(fnmatch.fnmatchcase(text, pattern) for text in texts for pattern in patterns)


def _play(suite: str, situations: list[Situation], options: argparse.Namespace) -> list[Outcome]:
    ask = None if options.truth_only else ASKED[options.ask]
    outcomes = []
    with Hosts(suite, NFT) as hosts:
        for outcome in play_all(hosts, situations, ask):
            outcomes.append(outcome)
            print(line(outcome), flush=True)
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
