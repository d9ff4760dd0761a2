"""What monitoring asks over HTTP: ``/metrics`` and ``/healthz``."""

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from actors.doors.metrics.collector import Exposition
from actors.doors.metrics.health import health_of
from actors.doors.metrics.vitals import vitals_of
from actors.system import System


def routes(system: System) -> list[Route]:
    """Return the routes of a run, to be mounted in whichever application is served."""
    exposition = Exposition(lambda: vitals_of(system))

    async def metrics(request: Request) -> Response:
        text, media_type = await run_in_threadpool(exposition.text, request.headers.get("accept", ""))
        return Response(text, headers={"content-type": media_type})

    async def healthz(_: Request) -> Response:
        answer = await run_in_threadpool(health_of, system)
        return Response(msgspec.json.encode(answer), 200 if answer.is_healthy else 503, media_type="application/json")

    return [Route("/metrics", metrics), Route("/healthz", healthz)]
