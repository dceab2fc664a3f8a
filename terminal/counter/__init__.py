"""What the counter can do: one use-case a module behind the facade `Counter`. Each reads open → load → decide → commit; a refusal is returned, never raised.

Screens call the facade from a worker thread. Nothing here knows a window, and nothing is printed before the journal has committed.
"""

from terminal.counter.facade import Counter

__all__ = ["Counter"]
