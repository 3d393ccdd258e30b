"""`python -m tests.truth`: play the table and print what the product answers wrongly."""

import argparse
import fnmatch
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.truth.case import BOTH, LEGACY, NFT, Case
from tests.truth.cases import CASES
from tests.truth.chosen import QUICK
from tests.truth.hosts import Hosts
from tests.truth.known_wrong import accept
from tests.truth.report import VERSIONS, Row, document, parse_row, row, summary
from tests.truth.section import parts, write


def main() -> int:
    """Play on several hosts of each engine, a process each; exit code 1 when anything is answered wrongly."""
    options = _options()
    if options.rows:
        _play(options)
        return 0
    rows = _play_all(options)
    print(summary(rows))
    if options.write:
        write(document(rows), parts()[1])
    if options.accept:
        accept(rows)
    return int(any(one.wrong or one.error for one in rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.truth", description=__doc__)
    parser.add_argument(
        "--engine",
        action="append",
        choices=VERSIONS,
        help="a Debian suite, or one that is built; both suites by default",
    )
    parser.add_argument("--only", action="append", metavar="PATTERN", help="names or kinds of cases, as `nft*`")
    parser.add_argument("--layout", action="append", choices=(NFT, LEGACY), help="rule layout; all by default")
    parser.add_argument("--quick", action="store_true", help="those of tests/truth/chosen.py")
    parser.add_argument("--write", action="store_true", help="write docs/truth.md")
    parser.add_argument("--accept", action="store_true", help="write tests/truth/known_wrong.json")
    parser.add_argument("--jobs", type=int, default=3, metavar="HOSTS", help="of each engine at once, 3 by default")
    parser.add_argument("--rows", help=argparse.SUPPRESS)
    parser.add_argument("--share", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.only = options.only or ["*"]
    options.engine = options.engine or list(BOTH)
    options.layout = options.layout or [NFT, LEGACY]
    return options


def _play_all(options: argparse.Namespace) -> list[Row]:
    again = [sys.executable, "-m", "tests.truth", f"--jobs={options.jobs}", *(["--quick"] if options.quick else [])]
    again += [word for only in options.only for word in ("--only", only)]
    again += [word for layout in options.layout for word in ("--layout", layout)]
    with TemporaryDirectory() as folder:
        shares = [(suite, share) for suite in options.engine for share in range(options.jobs)]
        files = [Path(folder) / f"{suite}-{share}" for suite, share in shares]
        started = [
            subprocess.Popen([*again, "--engine", suite, f"--share={share}", "--rows", path])
            for (suite, share), path in zip(shares, files, strict=True)
        ]
        codes = [process.wait() for process in started]
        if any(codes):
            print("not all cases were played", file=sys.stderr)
        return [parse_row(line) for path in files if path.exists() for line in path.read_text().splitlines()]


def _play(options: argparse.Namespace) -> None:
    """Play a share of the cases of one engine; each outcome is a line of the file, and one on the terminal."""
    [suite] = options.engine
    with Path(options.rows).open("w") as file:
        for layout in options.layout:
            cases = [case for case in CASES if case.runs_on(suite, layout) and _is_chosen(case, options)]
            with Hosts(suite, layout) as hosts:
                for outcome in hosts.play_all(cases[options.share :: options.jobs]):
                    done = row(outcome, suite, layout)
                    file.write(json.dumps(done.plain()) + "\n")
                    file.flush()
                    print(done.line(), flush=True)


def _is_chosen(case: Case, options: argparse.Namespace) -> bool:
    chosen = any(fnmatch.fnmatchcase(text, only) for text in (case.name, case.kind) for only in options.only)
    return chosen and (not options.quick or case.name in QUICK)


if __name__ == "__main__":
    sys.exit(main())
