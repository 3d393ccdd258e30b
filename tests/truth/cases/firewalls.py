"""Firewalls that people run beside Docker: everything that is published works, or is closed on purpose."""

from typing import Any

from tests.truth.case import Case
from tests.truth.plants import rules, saved, shell
from tests.truth.rows import WHOLE, meant, ordinary

KIND = "firewall"


def iptables(name: str, *texts: str, **options: Any) -> Case:
    """Rules of iptables that leave the published port open."""
    return ordinary(name, KIND, rules(*texts), **options)


def closed(name: str, *texts: str, **options: Any) -> Case:
    """Rules of iptables that close the published port on purpose."""
    return meant(name, KIND, rules(*texts), **options)


def moved(table_name: str, chain_name: str, to: str) -> str:
    """Shell commands that move the rules of a base chain to a chain of a vendor's own."""
    command = f"iptables -w -t {table_name}"
    return (
        f"{command} -N {to}; {command} -S {chain_name} | sed -n 's/^-A {chain_name}/{command} -A {to}/p' | sh -e; "
        f"{command} -F {chain_name}; {command} -A {chain_name} -j {to}\n"
    )


CASES = (
    ordinary("vendor's chain with Docker's forward jumps", KIND, saved(moved("filter", "FORWARD", "DEFAULT_FORWARD"))),
    ordinary("vendor's chain with Docker's DNAT jump", KIND, saved(moved("nat", "PREROUTING", "DEFAULT_PREROUTING"))),
    ordinary("vendor's chain with the masquerade", KIND, saved(moved("nat", "POSTROUTING", "DEFAULT_POSTROUTING"))),
    ordinary(
        "vendor's chains, two deep, everywhere",
        KIND,
        saved(
            moved("nat", "PREROUTING", "PRE_1")
            + moved("nat", "PRE_1", "PRE_2")
            + moved("nat", "POSTROUTING", "POST_1")
            + moved("filter", "FORWARD", "FWD_1")
            + moved("filter", "FWD_1", "FWD_2")
        ),
    ),
    closed("DOCKER-USER drop", "-I DOCKER-USER -j DROP"),
    closed("DOCKER-USER drop of a port", "-I DOCKER-USER -p tcp --dport 80 -j DROP"),
    closed("DOCKER-USER drop from the uplink", "-I DOCKER-USER -i enp0s3 -j DROP"),
    closed("DOCKER-USER drop of all but the office", "-I DOCKER-USER -i enp0s3 ! -s 198.51.100.0/24 -j DROP"),
    closed("DOCKER-USER by original port", "-I DOCKER-USER -p tcp -m conntrack --ctorigdstport 8080 -j DROP"),
    closed("DOCKER-USER reject", "-I DOCKER-USER -i enp0s3 -j REJECT"),
    closed(
        "ufw-docker",
        "-A DOCKER-USER -j RETURN -s 10.0.0.0/8",
        "-I DOCKER-USER -j DROP -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -d 172.16.0.0/12",
        "-I DOCKER-USER -p udp -m udp --sport 53 --dport 1024:65535 -j RETURN",
    ),
    meant(
        "operator's chain in DOCKER-USER",
        KIND,
        saved("iptables -N f2b-web; iptables -A f2b-web -s 192.0.2.1 -j REJECT; iptables -I DOCKER-USER -j f2b-web"),
    ),
    iptables(
        "what bridges send on is dropped",
        "-I FORWARD -m physdev --physdev-is-bridged -j DROP",
        verdicts=WHOLE,
        asked="8080",
    ),
    iptables("DOCKER-USER drop of strangers", "-I DOCKER-USER -s 203.0.113.0/24 -j DROP"),
    iptables(
        "DOCKER-USER default deny with this port open",
        "-I DOCKER-USER -i enp0s3 -j DROP",
        "-I DOCKER-USER -i enp0s3 -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j RETURN",
        "-I DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN",
    ),
    iptables("DOCKER-USER connlimit", "-I DOCKER-USER -p tcp --syn -m connlimit --connlimit-above 1000 -j DROP"),
    iptables(
        "hashlimit", "-I DOCKER-USER -p tcp --syn -m hashlimit --hashlimit-above 500/sec --hashlimit-name h -j DROP"
    ),
    iptables("recent", "-I DOCKER-USER -p tcp --syn -m recent --name r --update --seconds 1 --hitcount 20 -j DROP"),
    iptables("string match", '-I DOCKER-USER -p tcp -m string --algo bm --string "evil" -j DROP'),
    iptables("invalid packets dropped", "-I FORWARD -m conntrack --ctstate INVALID -j DROP"),
    iptables("log with a limit", "-I FORWARD -m limit --limit 3/min -j LOG", "-I DOCKER-USER -j LOG"),
    iptables("TCPMSS clamped", "-t mangle -I FORWARD -p tcp --syn -j TCPMSS --clamp-mss-to-pmtu"),
    iptables("marks for traffic shaping", "-t mangle -I PREROUTING -p tcp --dport 8080 -j MARK --set-mark 3"),
    iptables("DSCP set", "-t mangle -I POSTROUTING -p tcp --sport 80 -j DSCP --set-dscp 10"),
    iptables("NOTRACK of DNS", "-t raw -I PREROUTING -p udp --dport 53 -j CT --notrack"),
    iptables("reverse path filter in raw", "-t raw -I PREROUTING -m rpfilter --invert -j DROP"),
    iptables("bogons dropped in raw", "-t raw -I PREROUTING -i enp0s3 -s 127.0.0.0/8 -j DROP"),
    iptables("bad flags dropped", "-t mangle -I PREROUTING -p tcp --tcp-flags FIN,SYN FIN,SYN -j DROP"),
    iptables("input closed for the published port", "-I INPUT -p tcp --dport 8080 -j DROP"),
    iptables("output filtered", "-I OUTPUT -p tcp --dport 25 -m owner ! --uid-owner 0 -j REJECT"),
    iptables(
        "DNAT of another port", "-t nat -I PREROUTING -p tcp --dport 2222 -j DNAT --to-destination 192.168.122.5:22"
    ),
    iptables(
        "DNAT for another address", "-t nat -I PREROUTING -d 192.0.2.99 -p tcp --dport 8080 -j DNAT --to 10.9.9.9"
    ),
    iptables(
        "DNAT of multiport without this one",
        "-t nat -I PREROUTING -p tcp -m multiport --dports 80,443 -j DNAT --to 10.9.9.9",
    ),
    iptables(
        "port redirected to the published one", "-t nat -I PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080"
    ),
    iptables("hairpin masquerade", "-t nat -I POSTROUTING -s 172.17.0.0/16 -d 172.17.0.0/16 -j MASQUERADE"),
    iptables(
        "source NAT to the host's own address",
        "-t nat -I POSTROUTING -s 10.42.0.0/24 -o enp0s3 -j SNAT --to 192.0.2.10",
    ),
    iptables(
        "libvirt",
        "-I FORWARD -o virbr0 -j REJECT",
        "-I FORWARD -i virbr0 -j REJECT",
        "-t nat -A POSTROUTING -s 192.168.122.0/24 ! -d 192.168.122.0/24 -j MASQUERADE",
    ),
    ordinary(
        "ufw",
        KIND,
        saved(
            "iptables -N ufw-user-input; iptables -A ufw-user-input -p tcp -m multiport --dports 22,443 -j ACCEPT\n"
            "iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
            "iptables -A INPUT -i lo -j ACCEPT; iptables -A INPUT -p icmp -j ACCEPT\n"
            "iptables -A INPUT -j ufw-user-input; iptables -P INPUT DROP\n"
            "iptables -N ufw-user-forward; iptables -A FORWARD -j ufw-user-forward; iptables -P FORWARD DROP\n"
        ),
    ),
    ordinary(
        "Kubernetes' chains",
        KIND,
        saved(
            "iptables -t nat -N KUBE-SERVICES; iptables -t nat -N KUBE-NODEPORTS\n"
            "iptables -t nat -I PREROUTING -j KUBE-SERVICES\n"
            "iptables -t nat -A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS\n"
            "iptables -t nat -A KUBE-NODEPORTS -p tcp --dport 30080 -j DNAT --to-destination 10.244.0.5:80\n"
            "iptables -N KUBE-FORWARD; iptables -I FORWARD -j KUBE-FORWARD\n"
            "iptables -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP\n"
            "iptables -A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT\n"
        ),
    ),
    ordinary(
        "ip6tables drops all",
        KIND,
        shell(
            "ip6tables -P FORWARD DROP; ip6tables -P INPUT DROP",
            "ip6tables -P FORWARD ACCEPT; ip6tables -P INPUT ACCEPT",
        ),
    ),
    ordinary(
        "traffic shaped",
        KIND,
        shell("tc qdisc add dev enp0s3 root tbf rate 100mbit burst 32kb latency 50ms", "tc qdisc del dev enp0s3 root"),
    ),
)
