"""The simulation: a franchise lives through days of faults in one process, on virtual time, and is judged afterwards by the independent witness.

Everything under test is the product's own: the counter's use-cases, the sync cycle, the print spool, head office's application, SQLite files. What is simulated
is the world around them: time, chance, network, disks, customers. The same seed gives the same run. Begin reading at `world.py`; `docs/SIMULATION.md` explains.
"""
