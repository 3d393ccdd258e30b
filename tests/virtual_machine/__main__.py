"""`python -m tests.virtual_machine`: a machine for a person, or for one command."""

import argparse
import shlex
import sys
import time

from tests.support.private_host.apt import PackageUnavailableError
from tests.virtual_machine import snapshot
from tests.virtual_machine.machine import Machine
from tests.virtual_machine.releases import RELEASES


def main() -> int:
    """Restore a machine and run commands in it; the exit code of the only one, or 0 at the end of input."""
    parser = argparse.ArgumentParser(prog="python -m tests.virtual_machine", description=__doc__)
    parser.add_argument("--kernel", choices=RELEASES, default="6.1", help="the kernel's series")
    parser.add_argument("--make", action="store_true", help="make the disk and the snapshot with the engine, and end")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="a command; commands from standard input if none")
    options = parser.parse_args()
    release = RELEASES[options.kernel]
    try:
        if options.make:
            snapshot.with_engine(release)
            return 0
        snapshot.with_exporter(release)
        began = time.monotonic()
        with snapshot.machine(release) as machine:
            seconds = time.monotonic() - began
            print(f"Debian {release.suite}, restored in {seconds:.1f} s; Ctrl-D ends it", file=sys.stderr)
            if options.command:
                return run(machine, shlex.join(options.command))
            for line in sys.stdin:
                run(machine, line)
    except PackageUnavailableError as error:
        sys.exit(f"no such machine here: {error}")
    except KeyboardInterrupt:
        pass
    return 0


def run(machine: Machine, line: str) -> int:
    """Run a line of shell and print what it prints; its exit code."""
    done = machine.run("sh", "-c", line, check=False)
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    sys.stdout.flush()
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
