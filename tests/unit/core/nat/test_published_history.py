"""Who published which port at which address, also later."""

from msgspec.structs import replace

from exporter.core.nat.published_history import MAX_PORTS, PublishedHistory
from tests.support.builders import rename, run, stop
from tests.support.nat_hosts import NETWORKS, WEB, host, published


def test_a_port_is_known_at_each_address_of_its_container() -> None:
    history = PublishedHistory()
    history.update_inventory(host(*NETWORKS, WEB))
    assert history.name("tcp", "172.18.0.2", 8080) == "web"
    assert history.name("tcp", "fd00:18::2", 8080) == "web"
    assert history.name("udp", "172.18.0.2", 8080) == ""
    assert history.name("tcp", "172.18.0.3", 8080) == ""
    assert history.name("tcp", "172.18.0.2", 80) == ""


def test_it_is_known_after_the_container_has_stopped_or_is_gone() -> None:
    history = PublishedHistory()
    for later in (host(*NETWORKS, WEB), host(*NETWORKS, stop(WEB)), host(*NETWORKS)):
        history.update_inventory(later)
        assert history.name("tcp", "172.18.0.2", 8080) == "web"


def test_of_two_that_had_it_the_later_one_is_told() -> None:
    history = PublishedHistory()
    history.update_inventory(host(*NETWORKS, WEB))
    history.update_inventory(host(*NETWORKS, published(run("api", network="front", ip="172.18.0.2"), "8080:80")))
    assert history.name("tcp", "172.18.0.2", 8080) == "api"


def test_a_new_name_is_taken() -> None:
    history = PublishedHistory()
    history.update_inventory(host(*NETWORKS, WEB))
    history.update_inventory(host(*NETWORKS, rename(WEB, "shop")))
    assert history.name("tcp", "172.18.0.2", 8080) == "shop"


def test_what_is_not_inspected_publishes_nothing_yet() -> None:
    history = PublishedHistory()
    history.update_inventory(host(*NETWORKS, replace(WEB, details=None)))
    assert history.name("tcp", "172.18.0.2", 8080) == ""
    history.update_inventory(host(*NETWORKS, WEB))
    assert history.name("tcp", "172.18.0.2", 8080) == "web"


def test_of_the_gone_only_so_many_are_kept() -> None:
    history = PublishedHistory()
    history.update_inventory(host(*NETWORKS, published(run("old", ip="172.17.0.9"), "1:80")))
    history.update_inventory(
        host(*NETWORKS, published(run("many", ip="172.17.0.2"), *(f"{n}:80" for n in range(1, MAX_PORTS))))
    )
    assert history.name("tcp", "172.17.0.9", 1) == "old"
    history.update_inventory(host(*NETWORKS, published(run("more", ip="172.17.0.3"), "1:80", "2:80")))
    history.update_inventory(host(*NETWORKS))
    assert history.name("tcp", "172.17.0.9", 1) == ""
    assert (history.name("tcp", "172.17.0.2", 1), history.name("tcp", "172.17.0.2", 2)) == ("", "many")
    assert (history.name("tcp", "172.17.0.3", 1), history.name("tcp", "172.17.0.3", 2)) == ("more", "more")


def test_ports_of_the_living_are_never_forgotten() -> None:
    """However many others come and go."""
    history = PublishedHistory()
    living = published(run("living", ip="172.17.0.2"), "8080:80")
    for number in range(MAX_PORTS + 1):
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        passing = published(run("passing", ip=address, container_id=f"{number}"), "8081:80")
        history.update_inventory(host(living, passing))
    assert history.name("tcp", "172.17.0.2", 8080) == "living"
