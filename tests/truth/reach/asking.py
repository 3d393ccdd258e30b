"""`explain` again and again in one process of the host: what it costs to start the program is paid once."""

import json
import sys
from subprocess import PIPE, Popen

from click.testing import CliRunner

from exporter.cli.main import cli
from tests.truth.lab import THIS_CODE, Lab
from tests.truth.reach.answers import Answer, NoAnswerError, read_answer


class Asker:
    """Asks a process in each host; a new host gets a new one."""

    def __init__(self) -> None:
        self._lab: Lab | None = None
        self._process: Popen[str] | None = None

    def __call__(self, lab: Lab, source: str, target: str) -> Answer:
        """Run the command with these arguments."""
        if self._process is None or self._lab is not lab:
            words = (*THIS_CODE, sys.executable, "-m", __name__, lab.host.docker_url)
            self._lab, self._process = lab, lab.host.popen(*words, stdin=PIPE, stdout=PIPE, text=True)
        print(json.dumps([source, target]), file=self._process.stdin, flush=True)
        said = json.loads(self._process.stdout.readline() if self._process.stdout else "")
        try:
            return read_answer(json.loads(said["output"]))
        except ValueError:
            raise NoAnswerError(f"explain {source} {target}: {said}") from None


def serve(docker_url: str) -> None:
    """Answer each line of the standard input, a list of arguments, by the command's output and exit status."""
    for line in sys.stdin:
        words = ["--docker.host", docker_url, "explain", *json.loads(line), "--output", "json"]
        done = CliRunner().invoke(cli, words)
        print(json.dumps({"output": done.stdout, "status": done.exit_code, "error": str(done.exception)}), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
