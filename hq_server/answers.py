"""Owns how a message of the protocol leaves an endpoint: JSON with the protocol's date, kept by no cache."""

import msgspec
from fastapi import Response

from sync.messages import PROTOCOL_HEADER, PROTOCOL_VERSION, Message

_encode = msgspec.json.Encoder(order="sorted").encode


def answered(message: Message) -> Response:
    headers = {PROTOCOL_HEADER: PROTOCOL_VERSION, "Cache-Control": "no-store"}
    return Response(_encode(message), headers=headers, media_type="application/json")
