"""POST /v1/enrolments."""

from starlette.responses import Response

from hq_server.answers import answered
from hq_server.calls import Call, Calls
from hq_server.enrolment.service import EnrolmentRefused, enrol
from hq_server.errors import ApiProblem
from sync.enrolment import EnrolmentRequest

calls = Calls()


@calls.post("/v1/enrolments")
def post_enrolment(call: Call) -> Response:
    office, request = call.office, call.decode(EnrolmentRequest)
    try:
        with office.database.write() as session:
            answer = enrol(session, office.keys, request, now=office.clock(), protocol=call.protocol)
    except EnrolmentRefused as refused:
        raise ApiProblem(refused.code, str(refused)) from refused
    return answered(answer)
