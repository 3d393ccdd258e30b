"""Docker-proxies of root, as a user sees them who may not read their descriptors."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.support.kernel.capture_sockets import made
from tests.support.kernel.own_namespace import own_namespace

ARGUMENTS = ("docker-proxy", "-proto", "tcp", "-host-ip", "127.0.0.1", "-host-port", "8080")
TARGET = ("-container-ip", "172.17.0.2", "-container-port", "80")
NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all")
# Print the pid of the process that holds the only listening socket of the namespace.
READ = """
from pathlib import Path
from exporter.kernel.sockets.cgroups import CgroupTree
from exporter.kernel.sockets.holders import HolderTable
from exporter.kernel.sockets.listeners import parse_bounded, read_own_answers
table = HolderTable(Path("/proc"), CgroupTree(Path("/sys")))
[socket] = parse_bounded(read_own_answers())
table.update({socket.inode: socket})
while table.due() and table.process(socket.inode) is None:
    table.update({socket.inode: socket})
print(table.process(socket.inode).pid)
table.stop()
"""


@contextmanager
def proxy(*before: str) -> Iterator[int]:
    """A process with the command line of a docker-proxy."""
    command = [*before, "sh", "-c", "echo; read line", *ARGUMENTS, *TARGET]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.read(1)
        yield process.pid
        process.stdin.close()


def test_the_one_of_another_namespace_with_the_same_command_line_holds_no_port_here() -> None:
    with own_namespace(), ExitStack() as stack:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        stack.enter_context(made("tcp", "127.0.0.1", 8080, ""))
        holder = stack.enter_context(proxy())
        stack.enter_context(proxy("unshare", "--net"))
        done = subprocess.run([*NOBODY, sys.executable, "-c", READ], capture_output=True, text=True, check=False)
        assert (done.stdout.strip(), done.stderr) == (str(holder), "")
