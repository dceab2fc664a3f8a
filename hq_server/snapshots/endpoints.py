"""GET /v1/snapshots/{scope}/latest, for the scope's tills; GET /v1/snapshots/{scope}/{sha256}, encrypted, for anyone and any cache."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response
from fastapi.responses import FileResponse

from hq_server.answers import answered
from hq_server.errors import ApiProblem
from hq_server.office import Office, office_of
from hq_server.sessions.endpoints import CallingTill, refuse_foreign_scope
from sync.messages import GLOBAL_SCOPE, PROTOCOL_HEADER, PROTOCOL_VERSION

router = APIRouter()
FIRST_WAIT_S: Final = 5.0
_FOR_EVER: Final = "public, max-age=31536000, immutable"


@router.get("/v1/snapshots/{scope}/latest")
def get_manifest(scope: str, till: CallingTill, office: Annotated[Office, Depends(office_of)]) -> Response:
    refuse_foreign_scope(till, scope)
    if scope == GLOBAL_SCOPE:
        raise ApiProblem("snapshot_unknown", "the global scope is part of every store's snapshot")
    manifest = office.snapshots.latest(scope, wait_s=FIRST_WAIT_S)
    if manifest is None:
        raise ApiProblem("busy", "the snapshot is being made; ask again", retry_after_s=2)
    return answered(manifest)


@router.get("/v1/snapshots/{scope}/{sha256}")
def get_file(scope: str, sha256: str, office: Annotated[Office, Depends(office_of)]) -> Response:
    path = office.snapshots.shelf.path(scope, sha256)
    if path is None:
        raise ApiProblem("snapshot_unknown", "no such snapshot any more; ask for the latest")
    headers = {PROTOCOL_HEADER: PROTOCOL_VERSION, "Cache-Control": _FOR_EVER, "ETag": f'"{sha256}"'}
    return FileResponse(path, media_type="application/octet-stream", headers=headers)
