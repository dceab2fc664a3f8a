"""Imported by the fork server alone, after everything else: lives a simulated hour in that process, and leaves no thread, file or connection behind.

Its children find statements compiled, mappings made, certificates and printer profiles read: each of some hundred lives would do that anew. Must not be imported elsewhere.
"""

import gc
import threading

from tongchu.simulation.running import Simulator
from tongchu.simulation.scenario import Scenario

with Simulator() as _simulator:
    _simulator.run(Scenario(seed=1, tills=1, members=2, days=1))
assert threading.active_count() == 1, "a fork takes one thread along"
gc.collect()
gc.freeze()
