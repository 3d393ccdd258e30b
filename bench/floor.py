"""The C floor, compiled when it is needed."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).with_name("floor.c")


class Floor:
    """A running floor.c in the namespace where it was started."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.links = 0

    def sample(self, times: int) -> list[float]:
        """Sample so many times; return the durations in nanoseconds."""
        if not (self._process.stdin and self._process.stdout):
            raise RuntimeError("the floor has no pipes")
        self._process.stdin.write(f"{times}\n")
        self._process.stdin.flush()
        *durations, links = self._process.stdout.readline().split()
        self.links = int(links)
        return [float(duration) for duration in durations]


@contextmanager
def floor(exposition: bytes = b"") -> Iterator[Floor]:
    """Compile and start it; with an exposition it writes and compresses that, too.

    Raises RuntimeError where there is no C compiler.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise RuntimeError("the floor is a C program, and there is no compiler (cc)")
    with tempfile.TemporaryDirectory(prefix="dockernet-bench-") as folder:
        program = f"{folder}/floor"
        subprocess.run([compiler, "-O2", "-o", program, str(SOURCE), "-lz"], check=True)
        text = Path(folder, "exposition")
        text.write_bytes(exposition)
        with subprocess.Popen(
            [program, *([str(text)] if exposition else [])], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            yield Floor(process)
            if process.stdin:
                process.stdin.close()
