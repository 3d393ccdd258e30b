"""Stable codes of steps that are not ok: what a script reads in place of a sentence. docs/explain.md lists them."""

from exporter.core.explain.code import Code
from exporter.core.explain.reach_codes import REACH_CODES

_PORT_CODES = {
    # published
    "container_down": Code(
        "The container is not running.",
        "Run `{cli} logs {container}`, fix the cause and run `{cli} start {container}`.",
        ("start_failed", "start_blocked", "address_unavailable", "host_bind_failed", "namespace_bind_failed"),
    ),
    "container_paused": Code(
        "The container is paused: its kernel still accepts connections and no process answers.",
        "Run `{cli} unpause {container}`.",
    ),
    "not_published": Code(
        "Docker has not put the port binding into effect.",
        "Use a network that publishes ports (not host, none or internal), or remove the port binding.",
        ("publish_ineffective",),
    ),
    "not_found": Code(
        "No container has that name or ID, or no process listens on that port.",
        "Check the spelling with `{cli} ps --all` and `dockernet-exporter ports`.",
    ),
    "engine_unavailable": Code(
        "The Docker Engine does not answer.",
        "Start it: `{start}`. If it runs, correct `--docker.host` or the permissions of its socket.",
    ),
    "not_inspected": Code(
        "The inspect of a container was not read: there is no answer yet, or the log says why it was not understood.",
        "Ask again. If it remains, run `{cli} inspect {container}`: it waits while a container starts or stops.",
    ),
    # host
    "port_held": Code(
        "Another process or container holds the port.",
        "Stop the holder or publish another port.",
        ("published_stolen", "shadowed_by_dnat", "start_failed", "latent"),
    ),
    "not_held": Code(
        "No process holds the port although Docker publishes it.",
        "Restart the container; if that does not help, {rewrite}.",
        ("published_unheld",),
    ),
    "proxy_stopped": Code(
        "The docker-proxy of the port is stopped (SIGSTOP).", "Run `kill -CONT {pid}` or restart the container."
    ),
    "address_lost": Code(
        "The host does not have the address that the port is published on.",
        "Add the address to the host, or publish on an address that it has.",
    ),
    "sockets_unknown": Code(
        "The listening sockets of the host or of the container could not be read.",
        "Grant the privilege that `dockernet_collector_degraded` names.",
    ),
    "rootless_engine": Code(
        "The engine is rootless: one part of the path is in the host's network namespace, the other one in its user's.",
        "Run the command in both: docs/deployment.md, section Rootless engines.",
    ),
    # finding
    "critical_finding": Code(
        "A critical finding concerns the container or its network although every step is ok.",
        "Follow the runbook of the finding.",
    ),
    # route and link
    "route_lost": Code(
        "The host does not route the container's address to its bridge.",
        "Run `ip route get ADDRESS` and `ip rule`, and remove the route or rule that takes it elsewhere.",
        ("route_lost", "subnet_overlap"),
    ),
    "route_unknown": Code(
        "The host's routes, or the filters at its devices, could not be read.", "See the log of the exporter."
    ),
    "return_route_lost": Code(
        "The host has no route for the container's answers, or refuses their source (rp_filter).",
        "Run `ip route get CLIENT from CONTAINER iif BRIDGE`.",
        ("route_lost",),
    ),
    "bridge_down": Code(
        "The network's bridge is absent, down or without its gateway address.",
        "Set it up with `ip link set BRIDGE up`, restore the address with `ip address add`, or {rewrite}.",
        ("bridge_down",),
    ),
    "veth_detached": Code(
        "The host end of the container's veth is down, deleted, or not a port of the network's bridge.",
        "Run `{cli} network disconnect` and `{cli} network connect`.",
        ("detached_veth",),
    ),
    "namespace_orphaned": Code(
        "The container is in a network namespace whose owner is gone.",
        "Recreate or restart the container.",
        ("namespace_orphaned",),
    ),
    "forwarding_off": Code(
        "The kernel does not forward packets of this device.",
        "Set the named setting to 1 with `sysctl -w`, and in /etc/sysctl.d to keep it.",
        ("forwarding_off",),
    ),
    # dnat and forward
    "rules_unknown": Code(
        "The firewall rules of the host could not be read.",
        "Run the exporter with CAP_NET_ADMIN in the host's network namespace.",
    ),
    "rules_absent": Code(
        "No firewall rule of the Docker Engine is present.",
        "To write the rules anew, {rewrite}.",
        ("missing_chain",),
    ),
    "rule_not_understood": Code(
        "A rule, a tc filter or a BPF program may decide before the verdict, and it is not decoded.",
        "Read it: `iptables-save`, `nft list ruleset`, `tc filter show dev DEVICE ingress`, `bpftool net`, `bpftool "
        "cgroup tree`.",
    ),
    "dnat_missing": Code(
        "No DNAT rule forwards the published port to the container.",
        "To write the rules anew, {rewrite}. Find out which program removed the rule.",
        ("missing_dnat", "missing_chain", "missing_jump", "unreachable_jump"),
    ),
    "mesh_rule_missing": Code(
        "No DNAT rule forwards the port of a Swarm service to the ingress sandbox of this node.",
        "On this node, {rewrite}; if that does not help, see its log (IPVS needs the module ip_vs).",
    ),
    "mesh_task_missing": Code(
        "IPVS in the ingress sandbox of this node distributes to no task of any Swarm service.",
        "On this node, {rewrite}; if that does not help, run `{cli} service update --force {container}`.",
    ),
    "service_without_task": Code(
        "The Swarm service has no running task.", "Run `{cli} service ps {container}` and fix what ends its tasks."
    ),
    "dnat_wrong": Code(
        "A rule sends the packets to another address or port.",
        "Remove the named rule.",
        ("wrong_dnat", "shadowed_by_dnat"),
    ),
    "dnat_order_unknown": Code(
        "iptables-legacy and nf_tables forward the port to different targets; which one applies is unknown.",
        "Remove the named rule: `iptables-legacy -t nat -S`, `nft list ruleset`.",
        ("wrong_dnat",),
    ),
    "drop_rule": Code(
        "A rule or policy drops the packets.",
        "Remove the named rule, or {rewrite} if its own rules are missing.",
        ("forward_drop",),
    ),
    "operator_rule": Code(
        "A rule that an operator wrote (DOCKER-USER, a chain of its own, INPUT) drops the packets on purpose.",
        "Change the named rule if the port should be open.",
    ),
    "masquerade_missing": Code(
        "The container's packets leave the host with an address to which no answer returns.",
        "To write the rules anew, {rewrite}.",
        ("missing_masquerade",),
    ),
    "source_lacked": Code(
        "A rule gives the container's packets an address that the host does not have: answers come back only where "
        "the network outside routes that address to this host.",
        "Remove or correct the named rule, or add the address to the host.",
        ("missing_masquerade",),
    ),
    # listener
    "not_listening": Code(
        "No process in the container listens on the port.",
        "Let the program listen on that port, or use the one that it listens on: `nsenter -t {pid} -n ss -tuln`.",
        ("unserved",),
    ),
    "loopback_only": Code(
        "The program in the container listens on its loopback address only.",
        "Make it listen on 0.0.0.0 or ::.",
        ("loopback_only",),
    ),
    "wrong_address": Code(
        "The program in the container listens on another address or device than the port is forwarded to.",
        "Make it listen on 0.0.0.0 or ::.",
        ("unserved",),
    ),
    "wrong_protocol": Code(
        "The program in the container serves the other transport protocol.",
        "Publish PORT/udp or PORT/tcp as the program serves it.",
        ("wrong_protocol",),
    ),
    "target_unknown": Code(
        "A rule forwards the packets to an address outside Docker's networks.", "Connect to it to find out."
    ),
}  # fmt: skip

CODES = _PORT_CODES | REACH_CODES
