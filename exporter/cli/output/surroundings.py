"""The part of `explain CONTAINER` about its networks."""

from rich.console import Console

from exporter.cli.output.table import cell, print_table
from exporter.core.reach.surroundings import Surroundings

NO_SERVERS, UNREAD = "none", "could not be read"


def print_surroundings(found: Surroundings, console: Console) -> None:
    """Print a row for each network, the name servers, and whether the container reaches the internet."""
    console.print("\nNetworks:")
    rows = [
        (one.network, ", ".join(one.addresses), ", ".join(one.gateways), ", ".join(one.names)) for one in found.networks
    ]
    print_table(console, ("network", "address", "gateway", "names"), rows)
    servers = UNREAD if found.servers is None else ", ".join(found.servers) or NO_SERVERS
    console.print(cell(f"Name servers: {servers}"))
    fault = found.fault or "as far as the host's uplink"
    console.print(cell(f"Internet: {found.outside} ({fault})"))
