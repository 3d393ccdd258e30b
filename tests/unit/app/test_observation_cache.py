from exporter.app.observation_cache import FRESH_SECONDS, Recent
from exporter.core.observation import Observation
from tests.support.page_hosts import shop


def test_one_observation_serves_all_who_ask_within_a_second() -> None:
    made: list[Observation] = []
    now = [100.0]

    def observe() -> Observation:
        made.append(shop())
        return made[-1]

    recent = Recent(observe, lambda: now[0])
    first = recent.observation()
    now[0] += FRESH_SECONDS - 0.01
    assert recent.observation() is first
    now[0] += 0.01
    assert recent.observation() is made[1]
    assert len(made) == 2
