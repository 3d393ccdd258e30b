"""What a case plants, as data: each function returns a plant that undoes itself."""

import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from subprocess import CalledProcessError
from typing import Any

from tests.support.live.listening import listening
from tests.truth.case import Plant
from tests.truth.lab import Lab

LIVE_RESTORE = ("--live-restore",)
# the end of a program that `service` runs: it says that it listens, and answers each connection
ANSWERING = """print("ready", flush=True)
while True:
    connection = listener.accept()[0]
    connection.recv(4096)
    connection.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\nsrv")
    connection.close()
"""
TABLE = re.compile(r"^\s*table (\w+ [\w-]+)", re.MULTILINE)


def device(name: str) -> str:
    """Shell commands that make a device which is up: the end of a veth pair, whose other end is up too."""
    return f"ip link add {name} type veth peer name {name}p; ip link set {name}p up; ip link set {name} up"


def shell(do: str, undo: str, container: str = "") -> Plant:
    """Shell commands in the host, or in the network namespace of a container."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        # the names and addresses of before: `do` may remove what they are read from
        after = lab.text(undo)
        try:
            lab.sh(do, container=container)
        except CalledProcessError:
            with suppress(CalledProcessError):
                lab.sh(after, container=container)
            raise
        try:
            yield
        finally:
            lab.sh(after, container=container)

    return plant


def rules(*texts: str, command: str = "iptables", container: str = "") -> Plant:
    """Arguments of iptables that insert or append a rule each; each is deleted afterwards, the last one first."""
    do = "\n".join(f"{command} -w {text}" for text in texts)
    undo = "\n".join(f"{command} -w {re.sub(r'-[IA] ', '-D ', text, count=1)}" for text in reversed(texts))
    return shell(do, undo, container)


def nft(*tables: str) -> Plant:
    """Tables in the syntax of nft, as `table` writes them; they are deleted afterwards."""
    script = "\n".join(tables)
    undo = "\n".join(f"nft delete table {name}" for name in dict.fromkeys(TABLE.findall(script)))
    return shell(f"nft -f - <<'END'\n{script}\nEND\n", undo)


def table(name: str, *blocks: str) -> str:
    """A table, such as `inet t`, of chains, sets and maps."""
    return "\n".join([f"table {name} {{", *blocks, "}"])


def chain(declaration: str, *texts: str, name: str = "c") -> str:
    """A chain; `declaration` is its type, hook, priority and policy, '' for one that is jumped to."""
    first = [f"{declaration};"] if declaration else []
    return "\n".join([f"chain {name} {{", *first, *texts, "}"])


def forward(*texts: str, policy: str = "accept", priority: int = 10) -> str:
    """A base chain of the forward hook."""
    return chain(f"type filter hook forward priority {priority}; policy {policy}", *texts, name="forward_hook")


def saved(do: str, *, six: bool = False) -> Plant:
    """Shell commands that change the rules of iptables, which are restored afterwards."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        command = "ip6tables" if six else "iptables"
        before = lab.sh(f"{command}-save")
        try:
            lab.sh(do)
            yield
        finally:
            lab.sh(f"{command}-restore <<'END'\n{before}\nEND\n")

    return plant


def sysctl(name: str, value: str, container: str = "") -> Plant:
    """A sysctl of the host, or of a container's network namespace; the old value is restored."""
    path = "/proc/sys/" + name.replace(".", "/").replace("%", ".")

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        where = lab.text(path)
        before = lab.sh(f"cat {where}", container=container).strip()
        try:
            lab.sh(f"echo {value} >{where}", container=container)
            yield
        finally:
            lab.sh(f"echo {before} >{where}", container=container)

    return plant


def container(name: str, command: list[str] | None = None, **options: Any) -> Plant:
    """`docker run -d` of a container that serves its name on port 80, or of `command`."""
    return lambda lab: lab.running(name, command, **options)


def process(name: str, *claims: str) -> Plant:
    """A process of the host that listens, as `tcp,0.0.0.0,8085`."""
    return lambda lab: listening(lab.host, name, *claims)


@contextmanager
def docker_restarted(lab: Lab) -> Iterator[None]:
    """Dockerd ended and started again; with LIVE_RESTORE among its flags containers run on."""
    lab.host.kill(signal.SIGTERM)
    lab.host.start()
    yield


def both(*plants: Plant) -> Plant:
    """Several plants, in this order; the last one is undone first."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        with ExitStack() as stack:
            for one in plants:
                stack.enter_context(one(lab))
            yield

    return plant
