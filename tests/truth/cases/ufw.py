"""ufw itself beside Docker: what administrators do with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.truth.case import ANY, Case
from tests.truth.lab import UFW, Lab
from tests.truth.plants import LIVE_RESTORE, both, docker_restarted
from tests.truth.probes import outward
from tests.truth.rows import meant, ordinary, outage

KIND = "ufw"
HOST: dict[str, Any] = {"programs": UFW}
OUT: dict[str, Any] = {"asked": "", "probe": outward("api")}
ENABLE = "allow 22/tcp\n--force enable"
# the rules that ufw-docker appends to /etc/ufw/after.rules
UFW_DOCKER = """
*filter
:ufw-user-forward - [0:0]
:ufw-docker-logging-deny - [0:0]
:DOCKER-USER - [0:0]
-A DOCKER-USER -j ufw-user-forward
-A DOCKER-USER -j RETURN -s 10.0.0.0/8
-A DOCKER-USER -j RETURN -s 172.16.0.0/12
-A DOCKER-USER -j RETURN -s 192.168.0.0/16
-A DOCKER-USER -p udp -m udp --sport 53 --dport 1024:65535 -j RETURN
-A DOCKER-USER -j ufw-docker-logging-deny -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -d 10.0.0.0/8
-A DOCKER-USER -j ufw-docker-logging-deny -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -d 172.16.0.0/12
-A DOCKER-USER -j ufw-docker-logging-deny -p udp -m udp --dport 0:32767 -d 172.16.0.0/12
-A DOCKER-USER -j RETURN
-A ufw-docker-logging-deny -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW DOCKER BLOCK] "
-A ufw-docker-logging-deny -j DROP
COMMIT
"""


def commands(*texts: str, files: str = "") -> Any:
    """Change ufw's files below /mnt/etc by shell commands, then run it with these arguments, one call a line."""

    @contextmanager
    def plant(lab: Lab) -> Iterator[None]:
        before = lab.sh("iptables-save")
        forwarding = lab.sh("cat /proc/sys/net/ipv4/ip_forward").strip()
        lab.sh("tar -C /mnt/etc -cf /run/ufw.tar ufw default/ufw; " + (files or ":"))
        try:
            for text in texts:
                for line in text.splitlines():
                    lab.sh(f"$in_root ufw {line}")
            yield
        finally:
            lab.sh("$in_root ufw --force disable; rm -r /mnt/etc/ufw; tar -C /mnt/etc -xf /run/ufw.tar")
            lab.sh(f"iptables-restore <<'END'\n{before}\nEND\necho {forwarding} >/proc/sys/net/ipv4/ip_forward")

    return plant


def habit(name: str, *texts: str, files: str = "", **options: Any) -> Case:
    return ordinary(f"ufw: {name}", KIND, commands(*texts, files=files), **HOST, **options)


def fault(name: str, *texts: str, finds: str = ANY, files: str = "", **options: Any) -> Case:
    return outage(f"ufw: {name}", KIND, commands(*texts, files=files), finds, **HOST, **options)


APPEND = f"cat >>/mnt/etc/ufw/after.rules <<'END'\n{UFW_DOCKER}\nEND\n"

CASES = (
    habit("enabled", ENABLE),
    habit("enabled, and the way out", ENABLE, **OUT),
    habit("reload", ENABLE, "reload"),
    habit("published port denied", ENABLE, "deny 8080/tcp"),
    habit("routed denied", ENABLE, "default deny routed"),
    habit("route rule that denies", ENABLE, "route deny proto tcp from any to any port 80"),
    habit("outgoing denied", ENABLE, "default deny outgoing"),
    habit("logging full", ENABLE, "logging full"),
    habit("limit", ENABLE, "limit 8080/tcp"),
    habit("reloaded after a change of its policy", ENABLE, "default deny incoming\nreload"),
    habit("client denied", ENABLE, "deny from $outside"),
    habit("uplink denied", ENABLE, "deny in on $uplink"),
    habit("route rule that allows another port", "route allow proto tcp from any to any port 443", ENABLE),
    habit("route rule that limits", "route limit proto tcp from any to any port 80", ENABLE),
    habit("route rule between devices denied, and the way out", ENABLE, "route deny in on br-n out on $uplink", **OUT),
    habit("network denied, and its way out", ENABLE, "deny from 10.42.0.0/24", **OUT),
    habit("disabled again", ENABLE, "--force disable"),
    ordinary(
        "ufw: enabled before Docker starts",
        KIND,
        both(commands(ENABLE), docker_restarted),
        flags=LIVE_RESTORE,
        **HOST,
    ),
    habit("reset", ENABLE, "--force reset"),
    meant("ufw: ufw-docker", KIND, commands(ENABLE, files=APPEND), **HOST),
    habit(
        "ufw-docker with an allowed container", "route allow proto tcp from any to any port 80", ENABLE, files=APPEND
    ),
    fault(
        "builtin chains managed", ENABLE, files="sed -i s/^MANAGE_BUILTINS=.*/MANAGE_BUILTINS=yes/ /mnt/etc/default/ufw"
    ),
    fault(
        "forwarding switched off in its sysctl.conf",
        ENABLE,
        finds="forwarding_off",
        files="echo net/ipv4/ip_forward=0 >>/mnt/etc/ufw/sysctl.conf",
    ),
    fault(
        "before.rules drop what is forwarded",
        ENABLE,
        files="sed -i 's/^# End required lines/-I FORWARD -o docker0 -j DROP\\n&/' /mnt/etc/ufw/before.rules",
    ),
)
