"""Whether a socket takes a connection to an address."""

from typing import Any

import pytest
from msgspec.structs import replace

from exporter.core.model.sockets import ListeningSocket
from exporter.core.reach.path.listener_step import listener_step
from exporter.core.reach.view import LISTENERS, NamespaceView, Unread
from tests.support.port_hosts import socket

V4, V6 = "172.18.0.2", "fd00:18::2"
ETH0, ETH1 = 7, 8
V6ONLY = replace(socket("[::]:80"), v6only=True)


def on(device: int) -> ListeningSocket:
    return replace(socket("0.0.0.0:80"), ifindex=device)


CASES: dict[str, tuple[tuple[ListeningSocket, ...], str, str]] = {
    "every address": ((socket("0.0.0.0:80"),), V4, ""),
    "every address of both families": ((socket("[::]:80"),), V4, ""),
    "every address of IPv6": ((socket("[::]:80"),), V6, ""),
    "v6only": ((V6ONLY,), V4, "wrong_address"),
    "v6only for IPv6": ((V6ONLY,), V6, ""),
    "IPv4 only for IPv6": ((socket("0.0.0.0:80"),), V6, "wrong_address"),
    "its address": ((socket(f"{V4}:80"),), V4, ""),
    "another address": ((socket("172.19.0.2:80"),), V4, "wrong_address"),
    "its mapped address": ((socket(f"[::ffff:{V4}]:80"),), V4, ""),
    "another mapped address": ((socket("[::ffff:172.19.0.2]:80"),), V4, "wrong_address"),
    "its IPv6 address": ((socket(f"[{V6}]:80"),), V6, ""),
    "its device": ((on(ETH0),), V4, ""),
    "another device": ((on(ETH1),), V4, "wrong_address"),
    "loopback": ((socket("127.0.0.1:80"),), V4, "loopback_only"),
    "loopbacks": ((socket("127.0.0.1:80"), socket("[::1]:80")), V4, "loopback_only"),
    "mapped loopback": ((socket("[::ffff:127.0.0.1]:80"),), V4, "loopback_only"),
    "loopback and another": ((socket("127.0.0.1:80"), socket("172.19.0.2:80")), V4, "wrong_address"),
    "other protocol": ((socket("0.0.0.0:80/udp"),), V4, "wrong_protocol"),
    "other port": ((socket("0.0.0.0:81"), socket("127.0.0.1:82")), V4, "not_listening"),
    "nothing": ((), V4, "not_listening"),
    "the engine's DNS server": ((socket("127.0.0.11:41053"), socket("127.0.0.11:41053/udp")), V4, "not_listening"),
    "one of several": ((socket("127.0.0.1:80"), socket("0.0.0.0:80")), V4, ""),
}


@pytest.mark.parametrize(("listeners", "address", "code"), CASES.values(), ids=CASES)
def test_a_socket(listeners: tuple[ListeningSocket, ...], address: str, code: str, sentence: Any) -> None:
    step = listener_step(NamespaceView(listeners=listeners), "web", "tcp", 80, address, ETH0)
    assert (step.name, step.state, step.code) == ("listener", "failed" if code else "ok", code)
    assert (step.detail, step.remedy or sentence) == (sentence, sentence)


def test_a_full_accept_queue_is_failed_for_its_socket_only(sentence: Any) -> None:
    view = NamespaceView(
        listeners=(socket("0.0.0.0:80"), socket("0.0.0.0:80/udp")), full=frozenset({("tcp", "0.0.0.0", 80)})
    )
    step = listener_step(view, "web", "tcp", 80, V4)
    assert (step.state, step.code, step.detail) == ("failed", "backlog_full", sentence)
    assert listener_step(view, "web", "udp", 80, V4).state == "ok"
    assert listener_step(replace(view, full=frozenset({("tcp", "0.0.0.0", 81)})), "web", "tcp", 80, V4).state == "ok"


@pytest.mark.parametrize(("privilege", "code"), [("CAP_GRANTED", "privilege_missing"), ("", "not_readable")])
def test_sockets_that_could_not_be_read_are_unknown(privilege: str, code: str, sentence: Any) -> None:
    view = NamespaceView(unread=(Unread(LISTENERS, "they cannot be read", privilege),))
    step = listener_step(view, "web", "tcp", 80, V4)
    assert (step.state, step.code, step.detail) == ("unknown", code, sentence)
    assert privilege in step.detail
