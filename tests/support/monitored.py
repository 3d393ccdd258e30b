"""A host on which a container web is connected to a network front, and what its scrapes show."""

from exporter.config import COLLECTORS
from exporter.core.model.docker import Container, Inventory
from exporter.core.model.kernel_sample import Devices, StatsRow
from exporter.core.observation import Observation
from exporter.metrics.exposition import Exposition
from tests.support.builders import bridge, devices, inventory, network, row, veth
from tests.support.families import values

MAC = "02:42:ac:12:00:02"
FRONT = bridge("br-front", 3)


def web(ifindex: int, nsid: int = 1) -> Devices:
    """A host on which web has this veth."""
    return devices(FRONT, veth(f"veth{ifindex}", ifindex, master=3, nsid=nsid), sandboxes={"web": nsid})


def listed(*containers: Container) -> Inventory:
    return inventory(*containers, network("front"))


def received(observation: Observation) -> dict[str, float]:
    """What each endpoint received, as exposed."""
    shown = values(Exposition(COLLECTORS, own_metrics=False).render(observation).decode())
    return {
        dict(labels)["container"]: value
        for (name, labels), value in shown.items()
        if name == "dockernet_endpoint_receive_bytes_total"
    }


def to_web(ifindex: int, count: int) -> StatsRow:
    """So many bytes were received by web: its host end sent them."""
    return row(ifindex, tx=(count, 1))
