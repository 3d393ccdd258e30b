"""Fixed entries of a bridge's table, and timeouts of connection tracking: what rules and routes do not show."""

from tests.truth.plants import both, nft, shell, sysctl, table
from tests.truth.probes import between, outward
from tests.truth.rows import ordinary, unknown

TABLE, TRACKING = "bridge table", "conntrack timeout"
OWN = "$(cat /sys/class/net/docker0/address)"
RESTORED = f"bridge fdb replace {OWN} dev docker0 self permanent"
TIMEOUT = "ct timeout short {{ protocol {protocol}; policy = {{ {states} }}; }}"
FIRST = 'chain c {{ type filter hook prerouting priority -200; tcp dport {port} ct timeout set "short"; }}'


def policy(states: str, port: int) -> str:
    """A table whose rule sets a timeout policy for connections to a port."""
    return table("ip t", TIMEOUT.format(protocol="tcp", states=states), FIRST.format(port=port))


CASES = (
    unknown(
        "the bridge's own MAC address fixed at a port",
        TABLE,
        shell(f"bridge fdb replace {OWN} dev $web_veth master static", RESTORED),
    ),
    unknown(
        "the bridge's own MAC address deleted from its table",
        TABLE,
        shell(f"bridge fdb del {OWN} dev docker0 self", RESTORED),
    ),
    unknown(
        "a container's MAC address as one of the host",
        TABLE,
        shell(
            "bridge fdb replace $api_n_mac dev br-n self permanent",
            "bridge fdb del $api_n_mac dev br-n self; bridge fdb replace $api_n_mac dev $api_veth master dynamic",
        ),
        asked="8081",
        probe=between("db", "api"),
    ),
    ordinary(
        "a container's MAC address pinned at its port",
        TABLE,
        shell(
            "bridge fdb replace $web_bridge_mac dev $web_veth master static",
            "bridge fdb del $web_bridge_mac dev $web_veth master",
        ),
    ),
    ordinary(
        "a bridge with the MAC address of a port",
        TABLE,
        shell(
            f"echo {OWN} >/run/own; ip link set docker0 address $(cat /sys/class/net/$web_veth/address)",
            "ip link set docker0 address $(cat /run/own)",
        ),
    ),
    unknown(
        "entries of TCP end with the SYN", TRACKING, sysctl("net.netfilter.nf_conntrack_tcp_timeout_syn_sent", "0")
    ),
    unknown(
        "no tracking of what containers open",
        TRACKING,
        sysctl("net.netfilter.nf_conntrack_tcp_timeout_syn_sent", "0"),
        asked="",
        probe=outward("web"),
    ),
    ordinary("nft timeout policy", TRACKING, nft(policy("syn_sent : 1, established : 60", 8080))),
    ordinary(
        "short timeouts of connections that end",
        TRACKING,
        both(
            sysctl("net.netfilter.nf_conntrack_tcp_timeout_time_wait", "0"),
            sysctl("net.netfilter.nf_conntrack_tcp_timeout_close", "0"),
        ),
    ),
)
