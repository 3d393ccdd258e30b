"""State.Error of starts that failed for a networking reason, as Docker 20.10.24 and 28.5.2 wrote it."""

import pytest

from exporter.core.network import start_failure
from exporter.core.network.start_failure import parse_start_failure

ID = "454c924fe894e80b84293d05b77169a83bec8acf71f2b285fcfaa7e1a7eaaa75"
SETUP = "failed to set up container networking: "
IPTABLES = (
    "(iptables failed: iptables --wait -t nat -A DOCKER -p tcp -d 0/0 --dport 8080 -j DNAT --to-destination "
    "172.17.0.2:80 ! -i docker0: iptables: No chain/target/match by that name.\n (exit status 1))"
)
PROGRAMMING = f"driver failed programming external connectivity on endpoint xp ({ID}): "


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("network gone not found", "network_gone"),
        (f"{SETUP}network gone not found", "network_gone"),
        (f"cannot join network of a non running container: {ID}", "owner_down"),
        ("cannot join network namespace of a non running container: container xo is exited", "owner_down"),
        (f"joining network namespace of container: No such container: {ID}", "owner_down"),
        ("the requested parent interface dumm0 was not found on the Docker host", "parent_gone"),
        (f"{SETUP}the requested parent interface dumm0 was not found on the Docker host", "parent_gone"),
        (f"no available IPv4 addresses on this network's address pools: small ({ID})", "no_address_left"),
        (f"{SETUP}no available IPv4 addresses on this network's address pools: small ({ID})", "no_address_left"),
        ("Address already in use", "address_taken"),
        (f"{SETUP}Address already in use", "address_taken"),
        (
            (
                "failed to create endpoint xg on network br: adding interface veth37f2bc9 to bridge brgone failed: "
                "could not find bridge brgone: route ip+net: no such network interface"
            ),
            "bridge_gone",
        ),
        (
            (
                f"{SETUP}failed to create endpoint xg on network br: adding interface vethd514bd6 to bridge brgone "
                "failed: Device does not exist"
            ),
            "bridge_gone",
        ),
        (f"{PROGRAMMING} {IPTABLES}", "firewall_failed"),
        (f"{SETUP}{PROGRAMMING}Unable to enable DNAT rule:  {IPTABLES}", "firewall_failed"),
        (f"{SETUP}something that no engine has said yet", "other"),
    ],
)
def test_a_networking_reason_is_classified(text: str, reason: str) -> None:
    found = parse_start_failure(text)
    assert found is not None
    assert found.reason == reason
    assert not found.text.startswith(SETUP)


@pytest.mark.parametrize(
    "text",
    [
        "",
        'OCI runtime create failed: exec: "nginxx": executable file not found in $PATH: unknown',
        "OCI runtime create failed: the network script was not found",
        f"No such container: {ID}",
        "error while creating mount source path '/data': mkdir /data: read-only file system",
    ],
)
def test_other_reasons_are_none(text: str) -> None:
    assert parse_start_failure(text) is None


def test_a_missing_owner_is_a_reason_only_for_who_joins_one() -> None:
    found = parse_start_failure(f"No such container: {ID}", joins_container=True)
    assert found is not None
    assert found.reason == start_failure.OWNER_DOWN
