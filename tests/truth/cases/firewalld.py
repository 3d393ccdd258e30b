"""firewalld itself, running since before dockerd, which is on its bus: what administrators do at run time."""

from typing import Any

from tests.truth.case import Case, Plant, nothing
from tests.truth.cases.networks import network
from tests.truth.lab import FIREWALLD
from tests.truth.plants import both, container, shell
from tests.truth.probes import between, outward, published
from tests.truth.rows import NOT_BROKEN, ordinary, outage

KIND = "firewalld"
OUT: dict[str, Any] = {"asked": "", "probe": outward("api")}
NEW_OUT: dict[str, Any] = {"asked": "", "probe": outward("new")}
NEW_PORT: dict[str, Any] = {"asked": "8205", "probe": published(8205, "late")}
NEIGHBOUR: dict[str, Any] = {"asked": "", "probe": between("db", "api")}
# the published port works on, and the way out fails
API: dict[str, Any] = {"asked": "8081", "probe": published(8081, "api"), "works": True, "verdicts": NOT_BROKEN}


def asked(do: str, undo: str) -> Plant:
    """Arguments of firewall-cmd."""
    return shell(f"$in_root firewall-cmd {do}", f"$in_root firewall-cmd {undo}")


def added(words: str, zone: str = "public") -> Plant:
    """`--add-...` in a zone, removed afterwards."""
    return asked(f"--zone={zone} --add-{words}", f"--zone={zone} --remove-{words}")


def moved(device: str, zone: str, own: str = "docker") -> Plant:
    """A device in another zone, and back in its own."""
    return asked(f"--zone={zone} --change-interface={device}", f"--zone={own} --change-interface={device}")


def default_zone(name: str) -> Plant:
    """Another default zone, which the uplink is then in."""
    return asked(f"--set-default-zone={name}", "--set-default-zone=public")


def direct(words: str) -> Plant:
    """A direct rule."""
    return asked(f"--direct --add-rule {words}", f"--direct --remove-rule {words}")


# firewalld 2 deletes Docker's rules with its first direct one: firewalld_reload.py
OLD: dict[str, Any] = {"engines": ("bookworm",)}
# the uplink in its zone by name, as a network manager puts it there: else the zone forwards to none of its devices
BOUND = asked("--zone=public --change-interface=enp0s3", "--zone=public --remove-interface=enp0s3")
# Every packet is dropped, those of the loopback device too: only commands that need no request can say so.
PANIC = asked("--panic-on", "--panic-off")


def habit(name: str, plant: Plant, **options: Any) -> Case:
    """What breaks no connection."""
    return ordinary(f"firewalld: {name}", KIND, plant, programs=FIREWALLD, **options)


def fault(name: str, plant: Plant, *finds: str, **options: Any) -> Case:
    """What fails a connection."""
    return outage(f"firewalld: {name}", KIND, plant, *finds, programs=FIREWALLD, **options)


CASES = (
    habit("runs", nothing),
    habit("runs, and the way out", nothing, **OUT),
    habit("default zone drop", default_zone("drop")),
    habit("default zone drop, and the way out", default_zone("drop"), **OUT),
    habit("default zone block, and the way out", default_zone("block"), **OUT),
    habit("service added", added("service=https")),
    habit(
        "rich rule that drops the published port",
        added("rich-rule='rule family=ipv4 port port=8080 protocol=tcp drop'"),
    ),
    habit(
        "rich rule that rejects a network, and its way out",
        added("rich-rule='rule family=ipv4 source address=10.42.0.0/24 reject'", "docker"),
        **OUT,
    ),
    habit("rich rule that limits", added("rich-rule='rule service name=ssh limit value=3/m accept'")),
    habit(
        "forward port of the published port", added("forward-port=port=8080:proto=tcp:toport=80:toaddr=198.51.100.9")
    ),
    habit("masquerade of the public zone", added("masquerade")),
    habit("masquerade of the docker zone, and the way out", added("masquerade", "docker"), **OUT),
    habit("client in the zone drop", added("source=$outside", "drop")),
    habit("uplink in the trusted zone", both(BOUND, moved("enp0s3", "trusted", "public"))),
    habit("bridge in the trusted zone", moved("docker0", "trusted")),
    fault("bridge in the public zone", moved("br-n", "public"), "forward_drop", **API),
    fault("bridge in the public zone, and the way out", moved("br-n", "public"), "forward_drop", **OUT),
    habit("bridge in the public zone with the uplink, and the way out", both(BOUND, moved("br-n", "public")), **OUT),
    fault("bridge in the internal zone", moved("br-n", "internal"), "forward_drop", **API),
    fault("bridge in the drop zone", moved("br-n", "drop"), "forward_drop", **API),
    fault("bridge in the internal zone, and the way out", moved("br-n", "internal"), "forward_drop", **OUT),
    fault("bridge in the drop zone, and the way out", moved("br-n", "drop"), "forward_drop", **OUT),
    fault(
        "bridge in the public zone without forwarding, and the way out",
        both(BOUND, asked("--zone=public --remove-forward", "--zone=public --add-forward"), moved("br-n", "public")),
        "forward_drop",
        **OUT,
    ),
    fault(
        "bridge in the public zone without forwarding, and a neighbour",
        both(asked("--zone=public --remove-forward", "--zone=public --add-forward"), moved("br-n", "public")),
        "bridge_filtered",
        **NEIGHBOUR,
    ),
    habit(
        "bridge in the public zone with the uplink, and a neighbour", both(BOUND, moved("br-n", "public")), **NEIGHBOUR
    ),
    habit("network made while it runs, and the way out", network("late", "new"), sound_before=False, **NEW_OUT),
    habit("port published while it runs", container("late", ports={"80/tcp": 8205}), sound_before=False, **NEW_PORT),
    fault("direct rule that drops", direct("ipv4 filter FORWARD 0 -o docker0 -j DROP"), "forward_drop", **OLD),
    habit("direct rule that drops strangers", direct("ipv4 filter FORWARD 0 -s 203.0.113.0/24 -j DROP"), **OLD),
    fault(
        "passthrough that drops",
        asked("--direct --passthrough ipv4 -I FORWARD -o docker0 -j DROP", "--direct --passthrough ipv4 -D FORWARD 1"),
        "forward_drop",
    ),
    fault("panic mode", PANIC, "forward_drop", once=True),
    fault("panic mode, and the way out", PANIC, "forward_drop", once=True, **OUT),
    fault("panic mode, and a neighbour", PANIC, "bridge_filtered", once=True, **NEIGHBOUR),
)
