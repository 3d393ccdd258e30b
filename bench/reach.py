"""How long `explain A B` takes on a host with a hundred containers: of a running exporter, and as a command."""

from collections.abc import Iterator

from bench.compiled import interpreter
from bench.exporter_process import exporter
from bench.figures import MS, Row, Times, judged, measured, took
from bench.scale import QUICK, Scale
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

CONTAINERS, QUICK_CONTAINERS = 100, 10
GOAL_MS, COMMAND_GOAL_MS = 100, 600
QUESTIONS, COMMANDS = 30, 9
NETWORK = "front"
PATH = "/api/v1/explain?from=c0&to=c1:80"
SLEEP = ["sleep", "100000"]


def rows(scale: Scale) -> Iterator[Row]:
    """The table's rows."""
    count = QUICK_CONTAINERS if scale == QUICK else CONTAINERS
    with PrivateHost() as host:
        client = host.start().load_image().client()
        client.networks.create(NETWORK)
        for number in range(count):
            client.containers.run("busybox:local", SLEEP, name=f"c{number}", network=NETWORK, detach=True)
        flags = [f"--docker.host={host.docker_url}"]
        with host.netns(), exporter(flags, lambda argv: host.popen(*argv)) as process:
            process.wait_for(count)
            until(lambda: b"not_listening" in process.client.get(path=PATH), 60, "the whole path")
            times = measured(QUESTIONS, lambda: process.client.get(path=PATH))
            goal = judged(f"<= {GOAL_MS} ms", met=times.middle * MS <= GOAL_MS)
            yield Row("explain A B: running exporter", f"{count} containers", times.text(), "", goal)
        yield _command(host, count)


def _command(host: PrivateHost, count: int) -> Row:
    """The command by itself, less the start of the interpreter."""
    program = ["-m", "exporter", "--docker.host", host.docker_url, "explain", "c0", "c1:80"]

    def ran(*words: str) -> float:
        return took(lambda: host.run(interpreter(), *words, check=False))

    ran(*program)
    pairs = [(ran(*program), ran("-c", "pass")) for _ in range(COMMANDS)]
    times = Times(whole - start for whole, start in pairs)
    goal = judged(f"<= {COMMAND_GOAL_MS} ms", met=times.least * MS <= COMMAND_GOAL_MS)
    return Row("explain A B: command", f"{count} containers", times.text(), "without python's start", goal)
