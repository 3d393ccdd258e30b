"""A Prometheus beside the exporter of a host, with the rules as they are shipped."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.private_host.engines import tool
from tests.support.private_host.host import PrivateHost
from tests.support.rule_files import PROMETHEUS

ALERTS = "http://127.0.0.1:9090/api/v1/alerts"
END_SECONDS = 60


@contextmanager
def watching(host: PrivateHost) -> Iterator[None]:
    """Run Prometheus for the length of a with block."""
    with TemporaryDirectory() as folder:
        for path in PROMETHEUS.glob("*.yml"):
            shutil.copy(path, folder)
        process = host.popen(
            str(tool("prometheus")),
            f"--config.file={Path(folder) / 'prometheus.yml'}",
            f"--storage.tsdb.path={Path(folder) / 'data'}",
            "--web.listen-address=127.0.0.1:9090",
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(END_SECONDS)


def firing(host: PrivateHost) -> list[dict[str, Any]]:
    """Return the labels of the alerts that fire with severity warning or critical, or without one."""
    answer = host.run(str(tool("busybox")), "wget", "-q", "-O", "-", ALERTS, check=False)
    alerts = json.loads(answer.stdout)["data"]["alerts"] if answer.returncode == 0 else []
    labels = [dict(alert["labels"]) for alert in alerts if alert["state"] == "firing"]
    return [one for one in labels if one.get("severity") != "info"]
