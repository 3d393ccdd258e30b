"""docker-proxy's own connection, ARP of the uplink, and rules that VPN clients and other engines write."""

from tests.truth.case import Case
from tests.truth.lab import Lab
from tests.truth.plants import both, chain, container, nft, rules, saved, shell, sysctl, table
from tests.truth.probes import fetch
from tests.truth.reach.changes import outside
from tests.truth.rows import ordinary, unknown

PROXY, UPLINK, PLACE, HABIT = "docker-proxy", "uplink", "place not walked", "firewall"
LOCAL = container("local", ports={"80/tcp": ("127.0.0.1", 8521)})
FORGET = outside("ip neigh flush all", ":")
CALICO = (
    "iptables -N cali-FORWARD; iptables -N cali-to-wl-dispatch; "
    "iptables -A cali-FORWARD -j MARK --set-xmark 0x0/0xe0000; "
    "iptables -A cali-FORWARD -o cali+ -j cali-to-wl-dispatch; iptables -A cali-to-wl-dispatch -j DROP; "
    "iptables -I FORWARD -j cali-FORWARD; iptables -A FORWARD -m mark --mark 0x10000/0x10000 -j ACCEPT"
)
KUBE_PROXY = (
    "iptables -t nat -N KUBE-POSTROUTING; iptables -t nat -I POSTROUTING -j KUBE-POSTROUTING; "
    "iptables -t nat -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN; "
    "iptables -t nat -A KUBE-POSTROUTING -j MARK --xor-mark 0x4000; "
    "iptables -t nat -A KUBE-POSTROUTING -j MASQUERADE --random-fully; "
    "iptables -N KUBE-FORWARD; iptables -I FORWARD -j KUBE-FORWARD; "
    "iptables -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP"
)
CNI = (
    "iptables -t nat -N CNI-HOSTPORT-DNAT; iptables -t nat -N CNI-DN-1; "
    "iptables -t nat -I PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT; "
    "iptables -t nat -A CNI-HOSTPORT-DNAT -p tcp -m multiport --dports 8080 -j CNI-DN-1; "
    "iptables -t nat -A CNI-DN-1 -p tcp --dport 8080 -j DNAT --to-destination 10.88.0.9:80"
)
KILL_SWITCH = table(
    "inet mullvad", chain("type filter hook forward priority 0; policy drop", 'oifname "wg-mullvad" accept')
)
WG_QUICK = table(
    "ip wg-quick-wg0",
    chain(
        "type filter hook prerouting priority -300", 'iifname != "wg0" ip daddr 10.9.0.2 fib saddr type != local drop'
    ),
    chain("type filter hook prerouting priority -150", "meta l4proto udp meta mark set ct mark", name="premangle"),
)


def local(lab: Lab) -> bool:
    """Whether the host reaches the port that is published on its loopback."""
    return fetch(lab.host.pid, "127.0.0.1", 8521) == "local"


def proxied(name: str, rule: str) -> Case:
    """A rule that ends the connection of docker-proxy to a container."""
    return unknown(name, PROXY, rules(rule), base=LOCAL, asked="8521", probe=local)


CASES = (
    proxied("answers to docker-proxy dropped", "-I INPUT -i docker0 -j DROP"),
    proxied("packets of docker-proxy dropped", "-I OUTPUT -o docker0 -p tcp --dport 80 -j DROP"),
    unknown("uplink answers no ARP", UPLINK, both(sysctl("net.ipv4.conf.enp0s3.arp_ignore", "8"), FORGET)),
    unknown("kill switch of a VPN client", PLACE, nft(KILL_SWITCH)),
    unknown("port map that CNI left", PLACE, saved(CNI)),
    ordinary("input closed for docker0", HABIT, rules("-I INPUT -i docker0 -j DROP")),
    ordinary("table of wg-quick", HABIT, nft(WG_QUICK)),
    ordinary("chains of Calico", HABIT, saved(CALICO)),
    ordinary("chains of kube-proxy for marks", HABIT, saved(KUBE_PROXY)),
    ordinary(
        "address of a load balancer on lo",
        "networks and routes",
        shell("ip address add 192.0.2.201/32 dev lo", "ip address del 192.0.2.201/32 dev lo"),
    ),
)
