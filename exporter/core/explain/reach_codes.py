"""Codes of the steps that only `explain A B` has."""

from exporter.core.explain.code import Code

REACH_CODES = {
    # name
    "name_hidden": Code(
        "/etc/hosts of the client, or an alias of another container, gives the name an address that is not the "
        "container's.",
        "Remove the line (`extra_hosts`, `--add-host`) or correct it.",
    ),
    "default_network": Code(
        "The client queries a name server that has no names of containers: on the default network, in host mode and "
        "without a network Docker resolves no container names.",
        "Put both containers on a network that `{cli} network create` made, or use the address.",
    ),
    "resolv_conf_changed": Code(
        "/etc/resolv.conf of the client does not name 127.0.0.11, although it is on a user-defined network.",
        "Run `{cli} restart {container}`: the engine writes the file anew. Find out what overwrote it.",
    ),
    "resolver_rules_missing": Code(
        "The DNAT rules that translate 127.0.0.11:53 to the engine's DNS server are gone from the client's namespace.",
        "Run `{cli} restart {container}`: only a start writes them anew. Find out what flushed them.",
    ),
    "resolver_down": Code(
        "The rules translate 127.0.0.11:53 to a port on which the engine does not listen.",
        "Start the engine: `{start}`.",
    ),
    "no_common_network": Code(
        "Both containers exist, and no network is common to them.",
        "Run `{cli} network connect {network} {container}`.",
    ),
    "name_not_found": Code(
        "No container on the client's networks has the name.",
        "Check names and aliases with `{cli} inspect {container}`.",
    ),
    "no_upstream": Code(
        "The engine's DNS server queries no other server for this client: it is on internal networks only, or the host "
        "has no name server.",
        "Connect the client to a network that is not internal, or set `--dns`.",
    ),
    "name_uncertain": Code(
        "Whether the name resolves is decided by a server that is not evaluated.",
        "Run the command with `--probe`.",
    ),
    # route
    "no_network": Code(
        "The client is in network mode none, or was disconnected from its networks.",
        "Run `{cli} network disconnect none {container}` and `{cli} network connect {network} {container}`.",
    ),
    "no_ipv6": Code("The client has no IPv6 address.", "Connect it to a network that was created with `--ipv6`."),
    "container_address_lost": Code(
        "The container no longer has the address that Docker gave it.",
        "Run `{cli} network disconnect` and `{cli} network connect`.",
    ),
    "device_down": Code(
        "A device of the container is down.",
        "Set it up with `nsenter -t {pid} -n ip link set DEVICE up`; the default route does not come back by itself.",
    ),
    "port_inside": Code(
        "The container's device is a port of another one inside, which takes its packets: a bridge, bond or VRF.",
        "Run `nsenter -t {pid} -n ip link set DEVICE nomaster`, or move the address to the other device.",
    ),
    "local_route_lost": Code("No local route has the container's own address.", "Run `{cli} restart {container}`."),
    "default_route_lost": Code(
        "The container's default route is gone.",
        "Run `{cli} restart {container}`, or add the route with `ip route add`.",
    ),
    "no_route": Code("The namespace has no route to the address.", "Add the route, or another network."),
    "group_address": Code(
        "A multicast or broadcast address: TCP connects to none, and who receives datagrams is not evaluated.",
        "Use the address of one host.",
    ),
    "internal_only": Code(
        "The client is on internal networks only: it has no way out of the host.",
        "Connect it to a network that is not internal.",
    ),
    "route_refused": Code(
        "A route or policy rule of the type blackhole, unreachable or prohibit covers the address.",
        "Remove it: `ip route show table all` and `ip rule` show it.",
    ),
    "subnet_overlap": Code(
        "Two networks have the address in their subnets, and the client takes the other one.",
        "Remake one of the networks with another `--subnet`.",
        ("subnet_overlap",),
    ),
    "next_hop_unknown": Code(
        "The next hop is not the host's address on the network.",
        "Look at `ip route` in the container: who wrote the route?",
    ),
    # link
    "address_unused": Code(
        "The address is in the subnet of a Docker network, and no container has it.",
        "Use the name instead of the address; if the address is meant to be outside the host, the subnets overlap.",
    ),
    "port_isolated": Code(
        "Both bridge ports are isolated from each other.", "Run `bridge link set dev PORT isolated off`."
    ),
    "port_blocked": Code("The bridge port does not forward: its STP state is another one.", "See `bridge link`."),
    "port_restricted": Code(
        "The bridge filters VLANs, or does not flood to the port: what decides then is not evaluated.",
        "See `bridge -d link`, `bridge vlan` and `bridge fdb`; run the command with `--probe`.",
    ),
    "wrong_neighbour": Code(
        "A neighbour entry, permanent or learned before a change, gives the address another MAC address, or a fixed "
        "entry of the bridge's table gives the MAC address another port.",
        "Run `ip neighbour del ADDRESS dev DEVICE` in the client, or see `bridge fdb`.",
    ),
    "arp_off": Code(
        "ARP is switched off on a device (IFF_NOARP), or its requests (mcast_solicit of 0) or answers (arp_ignore of 3 "
        "and above) are.",
        "Run `ip link set DEVICE arp on`, set net.ipv4.neigh.DEVICE.mcast_solicit to 3, or "
        "net.ipv4.conf.all.arp_ignore and that of the device to 0.",
    ),
    "mac_address_shared": Code(
        "Two devices on one bridge have the same MAC address: the bridge sends the frames of both to one port.",
        "Remove `mac_address` from one of the containers, and create it anew.",
        ("duplicate_address",),
    ),
    "macvlan_host": Code(
        "A macvlan or ipvlan device and the host do not reach each other over its parent.",
        "Give the host a macvlan device of its own on the parent, or the container a second network.",
    ),
    "macvlan_mode": Code(
        "Macvlan devices in the mode private or vepa do not reach each other on the host.",
        "Create the network with `-o macvlan_mode=bridge`, or let the switch return the frames (vepa).",
    ),
    "link_unknown": Code(
        "The path of the device is not evaluated (overlay, or a driver of another kind).", "Run it with `--probe`."
    ),
    # inside, filter
    "container_rule": Code(
        "A firewall rule in the container's own namespace drops the packets.",
        "Run `nsenter -t {pid} -n nft list ruleset`.",
    ),
    "redirected_inside": Code(
        "NAT rules in the container's own namespace send the packets elsewhere.",
        "Run `nsenter -t {pid} -n nft list ruleset`.",
    ),
    "network_isolated": Code(
        "Docker drops packets between two networks.",
        "Put both containers on one network: `{cli} network connect {network} {container}`.",
    ),
    "discovery_dropped": Code(
        "The host's rules drop ICMPv6 or ARP, or may: a neighbour that is not known yet is not found.",
        "Accept ARP, or ICMPv6 of the types 133 to 136, in the named chain: these packets belong to no connection.",
    ),
    "icc_disabled": Code(
        "The network was created with enable_icc=false: its containers may not connect to each other.",
        "Create the network without that option, or use links.",
    ),
    "internal_network": Code(
        "The network is internal: no packet leaves it or enters it.",
        "Put both containers on one network: `{cli} network connect {network} {container}`. For traffic to outside use "
        "a network that is not internal.",
    ),
    "source_refused": Code(
        "The kernel's reverse path filter (rp_filter) refuses the source address.",
        "Compare `ip route get SOURCE` with the device that it comes in by; rp_filter=2 is the loose mode.",
    ),
    # masquerade, outside
    "masquerade_off": Code(
        "The network does not masquerade: hosts outside need a route back to its subnet.",
        "Add the route there, or enable masquerading.",
    ),
    "uplink_down": Code(
        "The device to the outside is down, or without carrier, address or ARP.",
        "See `ip address` on the host; `ip link set DEVICE up` and the network's configuration restore it.",
    ),
    "gateway_unconfirmed": Code(
        "The host's gateway does not answer, or its neighbour entry was written by hand: whether clients beyond it get "
        "answers is not known.",
        "See `ip route` and `ip neighbour` on the host: the gateway must be one that answers.",
    ),
    # back, listener, mtu
    "answered_from_elsewhere": Code(
        "Docker-proxy answers UDP from another address than the one that was used: engines before 28.0 let the route "
        "to the client choose it, and a connected client drops such answers.",
        "Connect to the gateway of the client's network, or to the container by its name on a common network.",
    ),
    "no_route_back": Code("The server has no route to the client.", "Run `{cli} restart {container}`."),
    "server_stopped": Code(
        "The process that listens is stopped (SIGSTOP, or by a debugger): the kernel accepts connections, and nothing "
        "answers.",
        "Run `kill -CONT PID`, or restart the container.",
    ),
    "server_frozen": Code(
        "The process that listens is frozen with its cgroup: the kernel accepts connections, and nothing answers.",
        "Run `{cli} unpause` for the container that it belongs to, or thaw the cgroup (`cgroup.freeze`).",
    ),
    "backlog_full": Code(
        "The server listens and takes nothing more: its accept queue, or of UDP its receive buffer, is full.",
        "The program hangs or is too slow: look at it, or restart it.",
    ),
    "not_accepting": Code(
        "The server listens, and has not accepted a connection that waits for seconds: it hangs, or is too slow.",
        "Look at the program (`{cli} logs {container}`), or restart it.",
    ),
    "key_required": Code(
        "The server's socket has a TCP MD5 key (RFC 2385) for clients, as of BGP: the kernel drops their packets "
        "without the signature.",
        "Connect with the key, or remove it from the program's configuration.",
    ),
    "published_on_loopback": Code(
        "The port is published on the loopback address only, which containers do not reach.",
        "Reach the container by its name on a common network.",
    ),
    "mtu_mismatch": Code(
        "Devices on one layer 2 network have different MTUs: large packets are lost without an error.",
        "Give all the same MTU: `com.docker.network.driver.mtu`.",
    ),
    "icmp_dropped": Code(
        "The uplink takes smaller packets than the container sends, and rules drop the ICMP errors about it: "
        "connections are established and then hang.",
        "Let ICMP errors pass (state RELATED), or give the network the smaller MTU: `com.docker.network.driver.mtu`.",
    ),
    # sent packets
    "local_ports_exhausted": Code(
        "The client's kernel has no local port left for connections to the server (EADDRNOTAVAIL).",
        "See `nsenter -t {pid} -n ss -tan` and net.ipv4.ip_local_port_range: keep connections open instead of one for "
        "each request, or widen the range.",
    ),
    "ttl_too_small": Code(
        "The container sends packets with a time to live that the host's forwarding uses up.",
        "Set net.ipv4.ip_default_ttl in the container to 64 (net.ipv6.conf.*.hop_limit for IPv6).",
    ),
    "conntrack_timeout": Code(
        "Connection tracking ends the entry of a connection before its answer: the answer is not translated "
        "back, and rules on the connection's state do not accept it.",
        "Set the timeout to its default (net.netfilter.nf_conntrack_*).",
    ),
    # all
    "privilege_missing": Code("A privilege is missing to look at it.", "Run the command as root."),
    "not_readable": Code("It could not be read.", "Run the command again; see `--log.level debug`."),
    # probe
    "probe_failed": Code(
        "It was tried and failed.",
        "If every other step is ok, look at what is not evaluated: filters of sockets, IPsec, other hosts.",
    ),
    "probe_undecided": Code(
        "It was tried, and the outcome proves neither that it works nor that it does not.",
        "Try it with the client's own program, inside the container.",
    ),
    "probe_contradicts": Code(
        "It was tried and works, although a step failed.",
        "The fault has passed, or the explanation is wrong: please report it.",
    ),
}
