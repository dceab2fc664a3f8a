"""POST /v1/enrolments."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from hq_server.answers import answered
from hq_server.enrolment.service import EnrolmentRefused, enrol
from hq_server.errors import ApiProblem
from hq_server.office import Office, office_of
from hq_server.request_bodies import RequestBody
from sync.enrolment import EnrolmentRequest

router = APIRouter()


@router.post("/v1/enrolments")
def post_enrolment(body: RequestBody, office: Annotated[Office, Depends(office_of)]) -> Response:
    request = body.decode(EnrolmentRequest)
    try:
        with office.database.write() as session:
            answer = enrol(session, office.keys, request, now=office.clock())
    except EnrolmentRefused as refused:
        raise ApiProblem(refused.code, str(refused)) from refused
    return answered(answer)
