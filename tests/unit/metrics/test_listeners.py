"""Who listens on the host, and what docker-proxies cost."""

from msgspec.structs import replace

from exporter.config import COLLECTORS
from exporter.core.model.sockets import HostSockets, Listener, ListeningSocket, Owner, ProxyUse
from tests.support.builders import observed, shop
from tests.support.families import exposed, section

WEB, NGINX = Owner("docker-proxy", "web", "web-id"), Owner("process", "nginx")
SOCKETS = HostSockets(
    (
        Listener(ListeningSocket("tcp", "127.0.0.1", 80, inode=1), NGINX),
        Listener(ListeningSocket("tcp", "0.0.0.0", 8080, inode=2), WEB),
        Listener(ListeningSocket("tcp", "0.0.0.0", 9000, inode=3), NGINX),
        Listener(ListeningSocket("tcp", "0.0.0.0", 9000, inode=4), NGINX),
        Listener(ListeningSocket("udp", "10.0.0.1", 53, inode=5), Owner()),
        Listener(ListeningSocket("udp", "::", 4789, inode=6, v6only=True), Owner("engine")),
    )
)
FAMILIES = (
    "dockernet_host_listener_info",
    "dockernet_docker_proxy_processes",
    "dockernet_docker_proxy_resident_memory_bytes",
)


def test_each_place_and_owner_is_a_series_workers_together() -> None:
    observation = replace(observed(shop()), sockets=SOCKETS)
    assert (
        section(exposed(observation), FAMILIES[0])
        == """\
# TYPE dockernet_host_listener_info gauge
dockernet_host_listener_info{address="127.0.0.1",owner="nginx",owner_kind="process",port="80",protocol="tcp",scope="loopback"} 1.0
dockernet_host_listener_info{address="0.0.0.0",owner="web",owner_kind="docker-proxy",port="8080",protocol="tcp",scope="all"} 1.0
dockernet_host_listener_info{address="0.0.0.0",owner="nginx",owner_kind="process",port="9000",protocol="tcp",scope="all"} 1.0
dockernet_host_listener_info{address="10.0.0.1",owner="",owner_kind="process",port="53",protocol="udp",scope="private"} 1.0
dockernet_host_listener_info{address="::",owner="",owner_kind="engine",port="4789",protocol="udp",scope="all"} 1.0
"""  # noqa: E501  one series to a line
    )


def test_a_container_costs_its_proxies_and_their_memory_once_that_was_read() -> None:
    proxies = {"db": ProxyUse(1), "web": ProxyUse(2, 7_340_032)}
    observation = replace(observed(shop()), sockets=SOCKETS, proxies=proxies)
    assert (
        section(exposed(observation), *FAMILIES[1:])
        == """\
# TYPE dockernet_docker_proxy_processes gauge
dockernet_docker_proxy_processes{container="db"} 1.0
dockernet_docker_proxy_processes{container="web"} 2.0
# TYPE dockernet_docker_proxy_resident_memory_bytes gauge
dockernet_docker_proxy_resident_memory_bytes{container="web"} 7.340032e+06
"""
    )


def test_listeners_that_could_not_be_read_are_absent_and_not_none() -> None:
    assert section(exposed(observed(shop())), *FAMILIES) == "\n"
    empty = replace(observed(shop()), sockets=HostSockets())
    assert section(exposed(empty), FAMILIES[0]) == "# TYPE dockernet_host_listener_info gauge\n"


def test_the_collector_can_be_switched_off() -> None:
    observation = replace(observed(shop()), sockets=SOCKETS, proxies={"web": ProxyUse(2, 1)})
    assert section(exposed(observation, collectors=set(COLLECTORS) - {"port"}), *FAMILIES) == "\n"
