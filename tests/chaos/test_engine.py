"""The engine does much at once, or nothing for a long time."""

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from docker.errors import APIError

from tests.support.fake_engine import FakeEngine
from tests.support.live.exposed import Exporter
from tests.support.live.wellness import Patient, remove, run
from tests.support.private_host.host import PrivateHost
from tests.support.waiting import until

EVENTS = 10_000
CONTAINERS, BATCH = 200, 16
AWAY_SECONDS = 60


@pytest.mark.live
def test_ten_thousand_events_at_once_are_all_heard(new_host: Callable[..., PrivateHost]) -> None:
    """A recorded engine, so that they come as fast as a socket carries them; among them one goes and one comes."""
    with tempfile.TemporaryDirectory() as folder, FakeEngine(Path(folder)) as engine:
        engine.appear()
        names = {f"web-{number}" for number in range(20)}
        for name in names:
            engine.appear_silently(name)
        with Exporter(new_host(), "--docker.host", engine.url) as exporter:
            until(lambda: exporter.metrics().names("dockernet_container_info", "container") == names, 20, "all known")
            for number in range(EVENTS):
                engine.emit("container", "kill", f"web-{number % 20}")
                if number == EVENTS // 2:
                    engine.remove("web-0")
                    engine.run("late")
            heard = "dockernet_engine_events_total"
            until(lambda: exporter.metrics().value(heard, action="kill") == EVENTS, 30, "all heard")
            wanted = names - {"web-0"} | {"late"}
            until(lambda: exporter.metrics().names("dockernet_container_info", "container") == wanted, 20, "the truth")
            assert exporter.metrics().value("dockernet_engine_event_stream_reconnects_total") == 0
            assert exporter.stop() == 0


@pytest.mark.chaos
def test_two_hundred_containers_come_and_go_during_scrapes(patient: Patient) -> None:
    """Each with namespaces that may be gone between the list that names it and the look inside."""
    with ThreadPoolExecutor(BATCH) as pool:
        lives = [pool.submit(live, patient.host, f"life-{number}") for number in range(CONTAINERS)]
        while not all(life.done() for life in lives):
            patient.exporter.metrics()
        assert [life.exception() for life in lives] == [None] * CONTAINERS
    patient.is_well()


@pytest.mark.chaos
def test_an_engine_that_is_gone_for_a_minute_is_followed_again(patient: Patient) -> None:
    run(patient.host, "web")
    patient.settles()
    patient.host.kill()
    back = time.monotonic() + AWAY_SECONDS
    until(lambda: patient.exporter.metrics().value("dockernet_up") == 0, 10, "down")
    until(lambda: patient.exporter.get()[0] == 200 and time.monotonic() > back, AWAY_SECONDS + 5, "a minute")
    patient.host.start()
    until(lambda: patient.exporter.metrics().value("dockernet_up") == 1, 15, "up")
    run(patient.host, "db")
    patient.is_well()


def live(host: PrivateHost, name: str) -> None:
    """From run to rm; an engine may be at it already when it is asked to remove."""
    run(host, name)
    with suppress(APIError):
        remove(host, name)
    until(lambda: not host.api().containers(all=True, filters={"name": f"^/{name}$"}), 30, f"no {name}")
