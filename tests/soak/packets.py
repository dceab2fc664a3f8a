"""Owns what the wire needs to know of an IPv4 packet: which TCP conversation it belongs to, and what it carries. Pure; called by `wire`."""

import struct
from dataclasses import dataclass
from typing import Final

_TCP: Final = 6
_SYN: Final = 0x02


@dataclass(frozen=True, slots=True)
class Segment:
    """`opens`: it asks for a new conversation."""

    source_port: int
    target_port: int
    opens: bool
    payload: bytes


def tcp_segment(packet: bytes) -> Segment | None:
    """None for whatever is no whole TCP over IPv4."""
    if len(packet) < 40 or packet[0] >> 4 != 4 or packet[9] != _TCP:
        return None
    begin = (packet[0] & 0x0F) * 4
    (length,) = struct.unpack_from("!H", packet, 2)
    if len(packet) < begin + 20:
        return None
    source, target = struct.unpack_from("!HH", packet, begin)
    payload = packet[begin + (packet[begin + 12] >> 4) * 4 : length]
    return Segment(source, target, bool(packet[begin + 13] & _SYN), payload)
