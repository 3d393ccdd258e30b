"""What rules do to packets other than accept, drop or translate them: a published port is dead, or works as before."""

from typing import Any

from tests.truth.case import Case
from tests.truth.plants import both, chain, device, forward, nft, rules, saved, shell, table
from tests.truth.rows import meant, ordinary, outage, unknown

KIND, HABIT = "treated packets", "firewall"
RAW = "type filter hook prerouting priority -300"
MANGLE = "type filter hook prerouting priority -150"
DUMMY = shell(device("dummy7"), "ip link del dummy7")
LOCAL_TABLE = shell(
    "ip rule add pref 120 fwmark 1 lookup 100; ip route add local 0.0.0.0/0 dev lo table 100",
    "ip rule del pref 120; ip route flush table 100",
)


def dead(name: str, *texts: str, finds: str = "", **options: Any) -> Case:
    """Rules of iptables that end the connections of the published port."""
    return unknown(name, KIND, rules(*texts), *([finds] if finds else []), **options)


def dead_nft(name: str, *texts: str) -> Case:
    """Tables of nftables that end them."""
    return unknown(name, KIND, nft(*texts))


def works(name: str, *texts: str, **options: Any) -> Case:
    """Rules of iptables with which it works."""
    return ordinary(name, HABIT, rules(*texts), **options)


def works_nft(name: str, *texts: str) -> Case:
    """Tables of nftables with which it works."""
    return ordinary(name, HABIT, nft(*texts))


CASES = (
    dead("TTL of 1", "-t mangle -I PREROUTING -i enp0s3 -j TTL --ttl-set 1"),
    dead("answers not tracked", "-t raw -I PREROUTING -i docker0 -j CT --notrack"),
    dead("zone of the uplink", "-t raw -I PREROUTING -i enp0s3 -j CT --zone 5"),
    dead("NETMAP of the host's subnet", "-t nat -I PREROUTING -d 192.0.2.0/24 -j NETMAP --to 10.42.0.0/24"),
    dead("DNAT to the host's loopback", "-t nat -I PREROUTING -p tcp --dport 8080 -j DNAT --to 127.0.0.1:80"),
    dead(
        "source NAT to an address of the container's subnet",
        "-t nat -I POSTROUTING -o docker0 -p tcp --dport 80 -j SNAT --to-source 172.17.0.77",
    ),
    dead("only IPsec", "-I FORWARD -m policy --dir in --pol none -o docker0 -j DROP"),
    dead("request with a word dropped", '-I FORWARD -o docker0 -m string --algo bm --string "GET /" -j DROP'),
    dead(
        "all data dropped",
        "-I FORWARD -o docker0 -m connbytes --connbytes 0: --connbytes-dir both --connbytes-mode packets -j DROP",
    ),
    dead("MAC address of the router", "-I FORWARD -o docker0 -m mac ! --mac-source 02:00:00:00:00:01 -j DROP"),
    unknown(
        "transparent proxy without a program",
        KIND,
        both(
            rules("-t mangle -I PREROUTING -p tcp --dport 8080 -j TPROXY --on-port 3129 --tproxy-mark 1"), LOCAL_TABLE
        ),
    ),
    outage(
        "chain with returns, and a drop",
        KIND,
        saved(
            "iptables -N GATE; iptables -A GATE -s 10.0.0.0/8 -j RETURN\n"
            "iptables -A GATE -p tcp --dport 443 -j RETURN\n"
            "iptables -A GATE -p icmp -j RETURN; iptables -A GATE -j DROP; iptables -I FORWARD -i enp0s3 -j GATE\n"
        ),
        "forward_drop",
    ),
    dead_nft("nft TTL of 1", table("ip t", chain(MANGLE, 'iifname "enp0s3" ip ttl set 1'))),
    dead_nft("nft zone of the uplink", table("ip t", chain(RAW, 'iifname "enp0s3" ct zone set 5'))),
    dead_nft("nft answers not tracked", table("ip t", chain(RAW, 'iifname "docker0" notrack'))),
    dead_nft(
        "nft untracked dropped",
        table(
            "ip t",
            chain(RAW, "tcp dport 8080 notrack"),
            chain("type filter hook input priority 0", "ct state untracked drop", name="i"),
        ),
    ),
    outage(
        "nft verdict map of states with a chain for new ones",
        KIND,
        nft(
            table(
                "inet t",
                chain("", "tcp dport { 22, 443 } accept", "drop", name="fresh"),
                forward("ct state vmap { established : accept, related : accept, invalid : drop, new : jump fresh }"),
            )
        ),
        "forward_drop",
    ),
    unknown(
        "nft forwarded to another device at ingress",
        KIND,
        both(
            DUMMY,
            nft(
                table(
                    "netdev t",
                    chain("type filter hook ingress device enp0s3 priority 0", 'tcp dport 8080 fwd to "dummy7"'),
                )
            ),
        ),
    ),
    unknown(
        "nft ingress drop of a set",
        KIND,
        nft(
            table(
                "netdev t",
                "set closed { type inet_service; flags interval; elements = { 8000-8100 }; }",
                chain("type filter hook ingress device enp0s3 priority 0", "tcp dport @closed drop"),
            )
        ),
    ),
    dead_nft("nft random drop", table("inet t", forward('oifname "docker0" jhash ip daddr mod 1 0 drop'))),
    works("queue with bypass", "-I FORWARD -o docker0 -j NFQUEUE --queue-num 0 --queue-bypass"),
    works("incoming masqueraded", "-t nat -I POSTROUTING -o docker0 -j MASQUERADE"),
    works("own DNAT to the same place", "-t nat -I PREROUTING -p tcp --dport 8080 -j DNAT --to-destination $web:80"),
    works("copied to a recorder", "-t mangle -I PREROUTING -i enp0s3 -j TEE --gateway 192.0.2.77"),
    works(
        "marks restored and saved",
        "-t mangle -I PREROUTING -j CONNMARK --restore-mark",
        "-t mangle -A POSTROUTING -j CONNMARK --save-mark",
    ),
    works("sockets of a transparent proxy", "-t mangle -I PREROUTING -p tcp -m socket -j ACCEPT"),
    works("class for shaping", "-t mangle -A POSTROUTING -o enp0s3 -j CLASSIFY --set-class 1:10"),
    works("host's users kept from the bridge", "-I OUTPUT -m owner --uid-owner 65534 -o docker0 -j REJECT"),
    works("one zone for all", "-t raw -I PREROUTING -j CT --zone 5", "-t raw -I OUTPUT -j CT --zone 5"),
    meant(
        "knocking in DOCKER-USER for this port",
        HABIT,
        rules(
            "-I DOCKER-USER -i enp0s3 -p tcp -m conntrack "
            "--ctorigdstport 8080 -m recent --name K ! --rcheck --seconds 30 -j DROP"
        ),
    ),
    works_nft(
        "nft set with timeouts",
        table(
            "inet t",
            "set ban { type ipv4_addr; flags dynamic, timeout; timeout 1h; elements = { 203.0.113.5 timeout 10m } }",
            chain(RAW, "ip saddr @ban drop"),
        ),
    ),
    works_nft(
        "nft dynamic set with a rate",
        table(
            "inet t",
            "set flood { type ipv4_addr; size 128; flags dynamic, timeout; timeout 1m; }",
            forward("tcp flags syn add @flood { ip saddr limit rate over 500/second } drop"),
        ),
    ),
    works_nft(
        "nft count of connections",
        table(
            "inet t",
            "set c { type ipv4_addr; size 128; flags dynamic; }",
            forward("ct state new add @c { ip saddr ct count over 500 } drop"),
        ),
    ),
    works_nft(
        "nft helper of FTP",
        table(
            "inet t",
            'ct helper ftp-std { type "ftp" protocol tcp; }',
            chain("type filter hook prerouting priority -100", 'tcp dport 21 ct helper set "ftp-std"'),
        ),
    ),
    works_nft("nft maximum segment size", table("inet t", forward("tcp flags syn tcp option maxseg size set rt mtu"))),
    works_nft(
        "nft invalid dropped before the DNAT",
        table("inet t", chain(MANGLE, "ct state invalid drop", "tcp flags & (fin | syn) == fin | syn drop")),
    ),
    works_nft("nft reverse path by fib", table("inet t", chain(RAW, "fib saddr . iif oif missing drop"))),
)
