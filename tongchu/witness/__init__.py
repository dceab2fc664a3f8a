"""The independent witness: what an outsider sees of a franchise. Paper, journal files and head office's tables, by arithmetic of its own.

Nothing here imports the rules of money or the protocol (`stored_value`, `sync`): a mistake there must show here, not be repeated. Used by the demo, the
simulation, and the crash and scenario tests.
"""
