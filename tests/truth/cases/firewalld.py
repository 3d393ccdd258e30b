"""firewalld itself, running since before dockerd, which is on its bus: what administrators do."""

from typing import Any

from tests.truth.case import Case, Plant, nothing
from tests.truth.lab import FIREWALLD
from tests.truth.plants import shell
from tests.truth.probes import outward
from tests.truth.rows import ordinary

KIND = "firewalld"


def asked(do: str, undo: str) -> Plant:
    """Arguments of firewall-cmd."""
    return shell(f"$in_root firewall-cmd {do}", f"$in_root firewall-cmd {undo}")


def added(words: str) -> Plant:
    """`--add-...` in the zone public, removed afterwards."""
    return asked(f"--zone=public --add-{words}", f"--zone=public --remove-{words}")


def trusted(device: str, zone: str) -> Plant:
    """A device in the zone trusted, and back in its own zone."""
    return asked(f"--zone=trusted --change-interface={device}", f"--zone={zone} --change-interface={device}")


def default_zone(name: str) -> Plant:
    """Another default zone, which the uplink is then in."""
    return asked(f"--set-default-zone={name}", "--set-default-zone=public")


def habit(name: str, plant: Plant, **options: Any) -> Case:
    """An ordinary habit; 20.10 alone has been played."""
    return ordinary(f"firewalld: {name}", KIND, plant, engines=("bookworm",), programs=FIREWALLD, **options)


CASES = (
    habit("runs", nothing),
    habit("default zone drop", default_zone("drop")),
    habit("default zone block, and the way out", default_zone("block"), asked="", probe=outward("api")),
    habit("service added", added("service=https")),
    habit(
        "rich rule that drops the published port",
        added("rich-rule='rule family=ipv4 port port=8080 protocol=tcp drop'"),
    ),
    habit(
        "forward port of the published port", added("forward-port=port=8080:proto=tcp:toport=80:toaddr=198.51.100.9")
    ),
    habit("masquerade of the public zone", added("masquerade")),
    habit("uplink in the trusted zone", trusted("enp0s3", "public")),
    habit("bridge in the trusted zone", trusted("docker0", "docker")),
)
