"""GET /v1/line: asks nothing. A till keeps the line open with it on which it asks before a payment, so that a payment need not wait for a new one."""

from starlette.responses import Response

from hq_server.calls import Call, Calls

calls = Calls()
_NOTHING = 204


@calls.get("/v1/line")
async def get_line(_: Call) -> Response:
    return Response(status_code=_NOTHING)
