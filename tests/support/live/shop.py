"""The classic cases side by side: three networks and six containers."""

from typing import Any

from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

IMAGE = "busybox:local"


class Shop:
    """Three networks and six containers: the classic cases side by side."""

    def __init__(self, host: PrivateHost) -> None:
        client = host.client()
        self.host = host
        self.front = client.networks.create("front")
        self.back = client.networks.create("back", internal=True)
        self._client = client
        self.web = self.run("web", network="front", ports={"80/tcp": 8080})
        self.back.connect(self.web)
        self.db = self.run("db", network="back")
        self.plain = self.run("plain")
        self.sharer = self.run("sharer", network_mode="container:web")
        self.hostmode = self.run("hostmode", network_mode="host")
        self.isolated = self.run("isolated", network_mode="none")

    def run(self, name: str, **options: Any) -> Any:
        """Run a sleeping container."""
        return self._client.containers.run(IMAGE, ["sleep", "1000"], name=name, detach=True, **options)


def send(source: Any, target: Any, size: int, network: str) -> None:
    """Move `size` bytes over TCP."""
    target.reload()
    address = target.attrs["NetworkSettings"]["Networks"][network]["IPAddress"]
    # nc ends a connection at the end of its own input, and so does its peer: the listener's stays open.
    target.exec_run(["sh", "-c", f"sleep 300 | nc -l -p 7777 | wc -c >/received-{size}"], detach=True)
    until(lambda: target.exec_run(["sh", "-c", "netstat -ltn | grep -q :7777"]).exit_code == 0, 30, "a listener")
    code, said = source.exec_run(["sh", "-c", f"head -c {size} /dev/zero | nc {address} 7777"])
    assert code == 0, said
    until(
        lambda: target.exec_run(["cat", f"/received-{size}"]).output.strip() == str(size).encode(),
        60,
        f"{size} bytes received",
    )


def run(host: PrivateHost, name: str, network: str = "", **options: Any) -> Any:
    """`docker run -d`, sleeping; on the default bridge unless a network or a mode is given."""
    chosen = {"network": network} if network else {}
    return host.client().containers.run(IMAGE, ["sleep", "1000"], name=name, detach=True, **chosen, **options)
