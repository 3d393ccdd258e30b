"""The image of the test containers: one static busybox, with a link for each of its applets."""

import functools
import hashlib
import io
import json
import platform
import subprocess
import tarfile
from collections.abc import Mapping

from tests.support.private_host.engines import tool

NAME = "busybox:local"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@functools.cache
def archive() -> bytes:
    """What `docker load` takes; an import could not set the stop signal."""
    layer = _layer()
    config = {
        "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()),
        "os": "linux",
        # PID 1 ignores SIGTERM, so that every stop would take ten seconds
        "config": {"StopSignal": "SIGKILL"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [NAME], "Layers": ["layer.tar"]}]
    documents = {"config.json": json.dumps(config).encode(), "manifest.json": json.dumps(manifest).encode()}
    return _tar({**documents, "layer.tar": layer}, {})


def _layer() -> bytes:
    busybox = tool("busybox")
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    links = {f"bin/{applet}": "busybox" for applet in applets if applet != "busybox"}
    return _tar({"bin/busybox": busybox.read_bytes()}, links)


def _tar(files: Mapping[str, bytes], links: Mapping[str, str]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, content in files.items():
            file = tarfile.TarInfo(name)
            file.size, file.mode = len(content), 0o755
            tar.addfile(file, io.BytesIO(content))
        for name, target in links.items():
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
    return data.getvalue()
