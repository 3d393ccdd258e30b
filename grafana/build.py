"""Write the dashboards: `python -m grafana.build`, or `make dashboards`."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard

from grafana.boards import connections, container, exporter, host, network, overview, ports, topology

FOLDER = Path(__file__).parent / "dashboards"
BOARDS: Mapping[str, Callable[[], dashboard.Dashboard]] = {
    "overview": overview.build,
    "host": host.build,
    "network": network.build,
    "container": container.build,
    "ports": ports.build,
    "topology": topology.build,
    "connections": connections.build,
    "exporter": exporter.build,
}


def rendered(name: str) -> str:
    """The file of a dashboard: classic JSON, in one order, for any Grafana from 10 to 13."""
    return json.dumps(BOARDS[name](), cls=JSONEncoder, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> None:
    """Write them all."""
    for name in BOARDS:
        (FOLDER / f"{name}.json").write_text(rendered(name))


if __name__ == "__main__":
    main()
