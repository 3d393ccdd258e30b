"""What the exporter holds open does not grow with what came and went."""

from pathlib import Path

import pytest

from tests.live.exposed import running
from tests.live.shop import IMAGE
from tests.private_host.host import PrivateHost
from tests.waiting import until

ROOM = 6  # requests that are under way


@pytest.mark.parametrize("host", ["bookworm"], indirect=True)
def test_containers_that_came_and_went_leave_no_connection_to_the_engine(clean_host: PrivateHost) -> None:
    client = clean_host.client()
    with running(clean_host) as exporter:
        folder = Path(f"/proc/{exporter.process.pid}/fd")
        before = len(list(folder.iterdir()))
        for _ in range(12):
            client.containers.run(IMAGE, ["sleep", "1000"], detach=True).remove(force=True)
            exporter.metrics()
        until(lambda: len(list(folder.iterdir())) <= before + ROOM, 10, "as many descriptors as before")
