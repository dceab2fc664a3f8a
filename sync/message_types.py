"""Owns making a module's messages ready for use by many threads. Called at the end of every module that has some; what makes types of its own (bodies of events, sparse records)
readies them where it makes them, at import.

msgspec gathers what it knows of a type when it is first decoded, and lets another thread see it half done: the process may die. While a module is imported there is one thread.
"""

from collections.abc import Mapping

import msgspec


def prepare(names: Mapping[str, object]) -> None:
    """`names` are the module's `globals()`."""
    for each in names.values():
        if isinstance(each, type) and issubclass(each, msgspec.Struct) and each is not msgspec.Struct:
            msgspec.json.Decoder(each)
