"""Prometheus and Alertmanager of the demo: the shipped rules and routes, with a second for each minute."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.support.http_server import Request, Response, serving
from tests.support.private_host.engines import tool

DEPLOY = Path(__file__).parents[1]
WEBHOOK_PORT, ALERTMANAGER_PORT = 9099, 9093
# Debian's Alertmanager has its templates at a fixed place, and its package is unpacked elsewhere.
WITH_TEMPLATES = 'mount -t tmpfs none /usr/share && cp -r "$1/usr/share/prometheus" /usr/share && shift && exec "$@"'
Notification = dict[str, Any]


def faster(text: str, scrape: str = "1s") -> str:
    """Shorten the times of rules and routes all in the same proportion, a minute to a second; scrape so often."""
    text = re.sub(r"(for|interval|group_interval): (\d+)m$", r"\1: \2s", text, flags=re.MULTILINE)
    text = re.sub(r"(scrape_interval|evaluation_interval): 10s", rf"\1: {scrape}", text)
    return text.replace("group_wait: 30s", "group_wait: 1s")


def write_prometheus(folder: Path, scrape: str) -> None:
    """Write the shipped configuration and rules to a folder, with an Alertmanager."""
    for path in (DEPLOY / "prometheus").glob("*.yml"):
        (folder / path.name).write_text(faster(path.read_text(), scrape))
    main = folder / "prometheus.yml"
    document = yaml.safe_load(main.read_text())
    targets = [f"localhost:{ALERTMANAGER_PORT}"]
    document["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": targets}]}]}
    main.write_text(yaml.safe_dump(document))


def alertmanager_command(folder: Path) -> list[str]:
    """Write the configuration to a folder and return the command."""
    binary = tool("prometheus-alertmanager")
    config = folder / "alertmanager.yml"
    config.write_text(faster((DEPLOY / "alertmanager/alertmanager.yml").read_text()))
    return [
        *("unshare", "--mount", "sh", "-c", WITH_TEMPLATES, "sh", str(binary.parents[2])),
        *(str(binary), f"--config.file={config}", "--cluster.listen-address="),
        *(f"--storage.path={folder}/alerts", f"--web.listen-address=127.0.0.1:{ALERTMANAGER_PORT}"),
    ]


@contextmanager
def webhook(receive: Callable[[Notification], None], port: int = WEBHOOK_PORT) -> Iterator[None]:
    """Serve the receiver of notifications in the network namespace of this thread."""

    def answer(request: Request) -> Response:
        receive(json.loads(request.body))
        return Response()

    with serving(answer, port):
        yield


def sentence(notification: Notification) -> str:
    """Write a notification as one line: its state and its alerts."""
    alerts = [f"{alert['labels']['alertname']}: {alert['annotations'].get('summary', '')}"
              for alert in notification["alerts"] if alert["status"] == notification["status"]]  # fmt: skip
    return f"{notification['status']}: " + "; ".join(dict.fromkeys(alerts))


def end(*processes: "subprocess.Popen[bytes]") -> None:
    """Terminate processes and wait for them."""
    for process in processes:
        process.terminate()
        process.wait(10)
