"""GET /v1/snapshots/{scope}/latest, for the scope's tills; GET /v1/snapshots/{scope}/{sha256}, encrypted, for anyone and any cache."""

from typing import Final

from starlette.responses import FileResponse, Response

from hq_server.answers import answered
from hq_server.calls import Call, Calls
from hq_server.errors import ApiProblem
from hq_server.etags import is_held
from hq_server.sessions.endpoints import calling_till, refuse_foreign_scope
from sync.messages import GLOBAL_SCOPE, PROTOCOL_HEADER, PROTOCOL_VERSION

calls = Calls()
FIRST_WAIT_S: Final = 5.0
_FOR_EVER: Final = "public, max-age=31536000, immutable"


@calls.get("/v1/snapshots/{scope}/latest")
def get_manifest(call: Call) -> Response:
    till, scope = calling_till(call), call.part("scope")
    refuse_foreign_scope(till, scope)
    if scope == GLOBAL_SCOPE:
        raise ApiProblem("snapshot_unknown", "the global scope is part of every store's snapshot")
    manifest = call.office.snapshots.latest(scope, wait_s=FIRST_WAIT_S)
    if manifest is None:
        raise ApiProblem("busy", "the snapshot is being made; ask again", retry_after_s=2)
    return answered(manifest)


@calls.get("/v1/snapshots/{scope}/{sha256}")
def get_file(call: Call) -> Response:
    sha256 = call.part("sha256")
    path = call.office.snapshots.shelf.path(call.part("scope"), sha256)
    if path is None:
        raise ApiProblem("snapshot_unknown", "no such snapshot any more; ask for the latest")
    etag = f'"{sha256}"'
    headers = {PROTOCOL_HEADER: PROTOCOL_VERSION, "Cache-Control": _FOR_EVER, "ETag": etag}
    if is_held(call.request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return FileResponse(path, media_type="application/octet-stream", headers=headers)
