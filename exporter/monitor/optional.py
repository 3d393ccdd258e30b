"""What is observed beside traffic: rules, ports and refused binds, each evidence for the next."""

import time
from dataclasses import dataclass, replace

from exporter.core.model.docker import Inventory
from exporter.core.model.kernel_sample import KernelSample
from exporter.core.observation import Observation
from exporter.monitor.bind_failures import BindLook, BindMonitor
from exporter.monitor.nat import NatMonitor
from exporter.monitor.ports import PortMonitor


@dataclass(frozen=True, slots=True)
class Beside:
    """Used under the monitor's lock; None is what is switched off."""

    nat: NatMonitor | None = None
    ports: PortMonitor | None = None
    binds: BindMonitor | None = None

    def follow(self, inventory: Inventory) -> None:
        """Take an inventory: what it tells may be gone again at the next look."""
        if self.nat:
            self.nat.follow(inventory)
        if self.binds:
            self.binds.follow(inventory)

    def add_to(self, observation: Observation, sample: KernelSample) -> Observation:
        """Return the observation with all that these see."""
        now, clock = time.time(), time.monotonic()
        if self.nat:
            observation = self._with_nat(observation, self.nat)
        binds = self.binds.observe(observation.sockets, now) if self.binds else BindLook()
        observation = replace(
            observation,
            bind_failures=binds.report,
            sources=observation.sources + binds.sources,
            degraded=observation.degraded + binds.degraded,
        )
        if self.ports:
            redirects = observation.nat.redirects if observation.nat else None
            found = self.ports.observe(observation.topology, sample, now, clock, binds.evidence, redirects)
            observation = replace(
                observation,
                ports=found,
                degraded=observation.degraded + found.degraded,
            )
        return observation

    def _with_nat(self, observation: Observation, nat: NatMonitor) -> Observation:
        here = observation.topology.host_netns_visible
        view, states, degraded = nat.observe(observation.topology, observation.sockets, here=here)
        return replace(
            observation, nat=view, sources=observation.sources + states, degraded=observation.degraded + degraded
        )
