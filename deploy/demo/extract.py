"""A readable extract, queried from Prometheus over HTTP like a dashboard."""

import json
import urllib.parse
import urllib.request
from typing import Any

WINDOW = "15s"
COLUMNS = "{:<16} {:<12} {:<10} {:<8} {:<16} {:>14} {:>14}"


def query(prometheus: str, expression: str) -> list[Any]:
    """Run an instant query; [] while Prometheus is not ready."""
    url = f"{prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return list(json.load(answer)["data"]["result"])
    except OSError:
        return []


def has_rates(prometheus: str) -> bool:
    """Whether Prometheus has scraped often enough for rates."""
    return bool(query(prometheus, f"rate(dockernet_endpoint_receive_bytes_total[{WINDOW}])"))


def table(prometheus: str) -> str:
    """Return who moves how much on which network, and where each veth is."""
    rates = {
        direction: {
            _key(row): float(row["value"][1])
            for row in query(prometheus, f"rate(dockernet_endpoint_{direction}_bytes_total[{WINDOW}])")
        }
        for direction in ("receive", "transmit")
    }
    lines = [COLUMNS.format("container", "network", "veth", "inside", "address", "receives B/s", "sends B/s")]
    for row in sorted(query(prometheus, "dockernet_endpoint_info"), key=_key):
        metric, key = row["metric"], _key(row)
        amounts = [_amount(rates[direction].get(key)) for direction in ("receive", "transmit")]
        place = (metric.get("veth", ""), metric.get("interface", ""), metric.get("ip_address", ""))
        lines.append(COLUMNS.format(*key, *place, *amounts))
    owners = query(prometheus, 'dockernet_container_info{network_mode=~"host|none|container"}')
    lines += [f"{row['metric']['container']:<16} {_without_traffic(row['metric'])}" for row in sorted(owners, key=_key)]
    return "\n".join(lines)


def _key(row: Any) -> tuple[str, str]:
    return row["metric"].get("container", ""), row["metric"].get("network", "")


def _amount(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:,.0f}"


def _without_traffic(metric: dict[str, str]) -> str:
    reasons = {
        "host": "host network mode: its traffic is indistinguishable from the host's",
        "none": "no network",
        "container": f"shares the namespace of {metric.get('network_owner', '')}, counted there",
    }
    return reasons[metric["network_mode"]]
