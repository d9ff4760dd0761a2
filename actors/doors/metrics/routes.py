"""What monitoring asks over HTTP: ``/metrics`` and ``/healthz``."""

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from actors.doors.metrics.health import health_of
from actors.doors.metrics.vitals import Run, vitals_of
from actors.system import System


def metrics(system: System) -> Route:
    """Return the route of a run's metrics.

    Raises:
        ImportError: ``prometheus_client`` is not installed.
    """
    from actors.doors.metrics.collector import Exposition

    exposition = Exposition(lambda: vitals_of(system))

    async def answer(request: Request) -> Response:
        text, media_type = await run_in_threadpool(exposition.text, request.headers.get("accept", ""))
        return Response(text, headers={"content-type": media_type})

    return Route("/metrics", answer)


def health(system: Run) -> Route:
    """Return the route that says whether a run is well: 200, or 503 with the reasons."""

    async def answer(_: Request) -> Response:
        told = await run_in_threadpool(health_of, system)
        return Response(msgspec.json.encode(told), 200 if told.is_healthy else 503, media_type="application/json")

    return Route("/healthz", answer)
