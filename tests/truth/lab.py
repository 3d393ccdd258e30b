"""A shared private host: one published container, two more networks, an exporter, and their state before a case."""

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from typing import Any

from docker.types import IPAMConfig, IPAMPool

from tests.support.live import firewall_programs
from tests.support.live.exposed import Exporter
from tests.support.live.shop import IMAGE
from tests.support.private_host import engines
from tests.support.private_host.debian_root import IN_ROOT
from tests.support.private_host.host import REPOSITORY, PrivateHost
from tests.support.private_host.uplink import ADDRESS, DEVICE, OUTSIDE_ADDRESS
from tests.support.waiting import until
from tests.truth import outside
from tests.truth.links import host_end

LEGACY_COMMANDS = [f"{name}{end}" for name in ("iptables", "ip6tables") for end in ("", "-save", "-restore")]
FIREWALLD, ON_IPTABLES, UFW = "firewalld", "firewalld with iptables", "ufw"
BACKENDS = {FIREWALLD: "nftables", ON_IPTABLES: "iptables"}
START_SECONDS = 60
# the exporter of this checkout, wherever the installed command leads to
THIS_CODE = ("env", f"PYTHONPATH={REPOSITORY}")
RENAMED_PROXY = "/run/docker-proxy-current"
NETWORKS = {"n": "10.42.0.0/24", "m": "10.43.0.0/24"}
# name, network and published port
CONTAINERS = (("web", "bridge", 8080), ("api", "n", 8081), ("db", "n", 0), ("other", "m", 0))


def serving(name: str, port: int = 80) -> list[str]:
    """Return a command that serves its container's name over HTTP."""
    return ["sh", "-c", f"mkdir /www; echo {name} >/www/index.html; exec httpd -f -p {port} -h /www"]


class Lab:
    """The host that cases share.

    `web` is published on the default bridge, `api` on network n beside `db`, and `other` is on network m.
    `programs` says which firewall's programs are there: FIREWALLD runs before dockerd starts, as ON_IPTABLES with its
    other backend; UFW does nothing yet.
    """

    def __init__(self, suite: str, layout: str, flags: tuple[str, ...] = (), programs: str = "") -> None:
        self.suite, self.layout, self.flags, self.programs = suite, layout, flags, programs
        self._stack = ExitStack()
        engine = engines.engine(suite)
        self.version = engine.version
        self._path = self._legacy_path() if layout == "legacy" else ""
        if self._path:
            engine = replace(engine, path=f"{self._path}:{engine.path}")
        try:
            self.host = self._stack.enter_context(PrivateHost("truth", engine, flags))
            self._stack.enter_context(outside.serving(self.host.outside_pid))
            self._start_firewall()
            self._populate()
            self.exporter = self._stack.enter_context(Exporter(self.host, before=THIS_CODE))
        except BaseException:
            self.close()
            raise

    def _legacy_path(self) -> str:
        multi = shutil.which("xtables-legacy-multi", path="/usr/sbin:/sbin")
        if multi is None:
            raise engines.PackageUnavailableError("iptables has no legacy program here")
        folder = self._stack.enter_context(TemporaryDirectory())
        for command in LEGACY_COMMANDS:
            (Path(folder) / command).symlink_to(multi)
        return folder

    def _start_firewall(self) -> None:
        if self.programs:
            firewall_programs.install(self.host)
        if self.programs in BACKENDS:
            self._stack.enter_context(firewall_programs.bus(self.host))
            self._stack.enter_context(firewall_programs.firewalld(self.host, BACKENDS[self.programs]))

    def _populate(self) -> None:
        # for --userland-proxy-path: the same program by another name
        proxy = shutil.which("docker-proxy", path=self.host.engine.path)
        self.host.run("cp", str(proxy), RENAMED_PROXY)
        client = self.host.start().load_image().client()
        for name, subnet in NETWORKS.items():
            ipam = IPAMConfig(pool_configs=[IPAMPool(subnet=subnet)])
            client.networks.create(name, ipam=ipam, options={"com.docker.network.bridge.name": f"br-{name}"})
        for name, network, port in CONTAINERS:
            self.run(name, network=network, ports={"80/tcp": port} if port else {})

    def run(self, name: str, command: list[str] | None = None, **options: Any) -> Any:
        """`docker run -d` of a container that serves its name, or of `command`."""
        words = command or serving(name)
        container = self.host.client().containers.run(IMAGE, words, name=name, detach=True, **options)
        if command is None:
            self.wait_until_listening(name)
        return container

    def wait_until_listening(self, name: str, port: int = 80) -> None:
        """Wait for a TCP listener in the network namespace of a container."""
        words = ("nsenter", "-t", str(self.pid(name)), "-n", "ss", "-Hltn", f"sport = :{port}")
        until(lambda: self.host.run(*words).stdout, START_SECONDS, f"{name} listens on {port}")

    @contextmanager
    def running(self, name: str, command: list[str] | None = None, **options: Any) -> Iterator[Any]:
        """`run`, and remove the container afterwards."""
        try:
            yield self.run(name, command, **options)
        finally:
            self.remove(name)

    @contextmanager
    def started(self, *words: str) -> Iterator[None]:
        """A process of the host, killed at the end of the with block."""
        process = self.host.popen(*words)
        try:
            yield
        finally:
            process.kill()
            process.wait(START_SECONDS)

    def remove(self, *names: str) -> None:
        """`docker rm -f -v`; what does not exist is left out."""
        for container in self.host.client().containers.list(all=True):
            if container.name in names:
                container.remove(force=True, v=True)

    def sh(self, text: str, *, container: str = "", far: bool = False) -> str:
        """Run shell commands in the host, in the network namespace of a container, or outside; $web is its address."""
        script = self.text(text)
        if self._path and not container:
            script = f"PATH={self._path}:$PATH; {script}"
        enter = ("nsenter", "-t", str(self.pid(container)), "-n") if container else ()
        done = self.host.run(*enter, "sh", "-ec", script, check=False, outside=far)
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, script, done.stdout, done.stderr)
        return done.stdout

    def text(self, template: str) -> str:
        """Replace $web and so on by addresses, $web_veth by a device's name, and $uplink, $host, $outside, $in_root.

        $web_n, $web_n_six and $web_n_mac are its addresses on network n, $web_id its short id.
        """
        return Template(template).safe_substitute(self._facts()) if "$" in template else template

    def _facts(self) -> dict[str, str]:
        facts = {"uplink": DEVICE, "host": ADDRESS, "outside": OUTSIDE_ADDRESS, "in_root": shlex.join(IN_ROOT)}
        for container in self.host.client().containers.list():
            facts[f"{container.name}_id"] = container.short_id
            if container.attrs["NetworkSettings"]["Networks"] and self.address(container.name):
                facts[container.name] = self.address(container.name)
                facts[f"{container.name}_veth"] = host_end(self.host, self.pid(container.name))
            for network, endpoint in container.attrs["NetworkSettings"]["Networks"].items():
                facts[f"{container.name}_{network}"] = endpoint["IPAddress"]
                facts[f"{container.name}_{network}_six"] = endpoint["GlobalIPv6Address"]
                facts[f"{container.name}_{network}_mac"] = endpoint["MacAddress"]
        return facts

    def pid(self, name: str) -> int:
        """The pid of a container's first process."""
        return int(self.inspect(name)["State"]["Pid"])

    def address(self, name: str, key: str = "IPAddress") -> str:
        """The address of a container on its first network."""
        networks = self.inspect(name)["NetworkSettings"]["Networks"].values()
        return next((str(endpoint[key]) for endpoint in networks), "")

    def inspect(self, name: str) -> dict[str, Any]:
        """`docker inspect`."""
        return dict(self.host.api().inspect_container(name))

    def close(self) -> None:
        """End the exporter and the host."""
        self._stack.close()
