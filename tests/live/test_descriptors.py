"""What the exporter holds open does not grow with what came and went."""

from pathlib import Path

import pytest

from tests.support.live.exposed import running
from tests.support.live.shop import IMAGE
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

ROOM = 6  # requests that are under way


@pytest.mark.parametrize("host", ["bookworm"], indirect=True)
def test_containers_that_came_and_went_leave_no_connection_to_the_engine(clean_host: PrivateHost) -> None:
    client = clean_host.client()
    with running(clean_host) as exporter:
        folder = Path(f"/proc/{exporter.process.pid}/fd")

        def one_comes_and_goes() -> None:
            client.containers.run(IMAGE, ["sleep", "1000"], detach=True).remove(force=True)
            exporter.metrics()

        one_comes_and_goes()  # and all is open that the exporter opens when it first needs it
        before = len(list(folder.iterdir()))
        for _ in range(12):
            one_comes_and_goes()
        until(lambda: len(list(folder.iterdir())) <= before + ROOM, 60, "as many descriptors as before")
