"""IPsec policies of the calling thread's network namespace (linux/xfrm.h), without those of single sockets.

What passes without a transformation is left out. Needs CAP_NET_ADMIN.
"""

import errno
import socket
import struct
from collections.abc import Iterator
from ipaddress import ip_network

from exporter.core.model.ipsec import IpsecPolicy
from exporter.kernel.netlink.client import ask_again, open_socket
from exporter.kernel.netlink.messages import Data, attributes, head, message
from exporter.kernel.netlink.numbers import NLM_F_DUMP

NETLINK_XFRM = 6
XFRM_MSG_NEWPOLICY, XFRM_MSG_GETPOLICY = 19, 21
# struct xfrm_userpolicy_info: of the selector both addresses, family and prefix lengths; direction and action.
POLICY = struct.Struct("=16s16s8xHBB116xBB6x")
XFRMA_TMPL = 5
DIRECTIONS = {0: "in", 1: "out", 2: "fwd"}  # XFRM_POLICY_IN, _OUT, _FWD
BLOCK = 1  # XFRM_POLICY_BLOCK
ADDRESS_BYTES = {socket.AF_INET: 4, socket.AF_INET6: 16}


def read_ipsec_policies() -> tuple[IpsecPolicy, ...]:
    """Read all; none where the kernel has no IPsec. Raises OSError."""
    try:
        sock = open_socket(NETLINK_XFRM)
    except OSError as error:
        if error.errno != errno.EPROTONOSUPPORT:
            raise
        return ()
    with sock:
        answers = ask_again(sock, message(XFRM_MSG_GETPOLICY, NLM_F_DUMP, b""))
    return tuple(
        policy
        for kind, data, start, end in answers
        if kind == XFRM_MSG_NEWPOLICY
        for policy in parse_policy(data, start, end)
    )


def parse_policy(data: Data, start: int, end: int) -> Iterator[IpsecPolicy]:
    """Parse the body of XFRM_MSG_NEWPOLICY; MalformedError for one that is cut off."""
    to_raw, source, family, to_bits, source_bits, direction, action = head(POLICY, data, start, end, "an IPsec policy")
    transforms = XFRMA_TMPL in attributes(data, start + POLICY.size, end)
    if direction not in DIRECTIONS or family not in ADDRESS_BYTES or not (action == BLOCK or transforms):
        return
    size = ADDRESS_BYTES[family]
    of, to = (
        str(ip_network((raw[:size], bits), strict=False)) for raw, bits in ((source, source_bits), (to_raw, to_bits))
    )
    yield IpsecPolicy(DIRECTIONS[direction], of, to, "block" if action == BLOCK else "transform")
