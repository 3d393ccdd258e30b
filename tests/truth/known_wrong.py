"""Cases that the product still answers wrongly, by name or NAME@SUITE: a fix deletes their line."""

from collections.abc import Mapping

KNOWN_WRONG: Mapping[str, str] = {
    "multiport": "multiport is not decoded",
    "nft map": "maps are not decoded",
    "raw prerouting": "raw is not walked for drops",
    "bridge output": "chains of family bridge are not read",
    "docker0 without its address": "no kind bridge_down",
    "blackhole rule": "the kernel's way to the container is not evaluated",
    "uplink does not forward": "forwarding of the uplink is not read",
    "two networks opened in DOCKER-USER": "isolation is evaluated between neighbours by name alone",
    "vendor's chain with Docker's DNAT jump": "missing_jump does not follow a vendor's chain",
    "DOCKER-USER drop": "forward_drop does not distinguish operators' chains",
}


def reason(name: str, suite: str, layout: str) -> str:
    """Why a case is answered wrongly; '' when it is answered rightly."""
    return KNOWN_WRONG.get(name) or KNOWN_WRONG.get(f"{name}@{suite}-{layout}", "")
