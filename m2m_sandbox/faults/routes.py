"""``/__sandbox/faults``: add faults, list them with how often they were triggered, remove them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m2m_sandbox.faults.model import InvalidFault

if TYPE_CHECKING:
    from starlette.requests import Request

    from m2m_sandbox.faults.active import Faults


def fault_routes(faults: Faults) -> list[Route]:
    """Return the routes: POST adds a fault, GET lists all, DELETE removes all or one."""

    async def add(request: Request) -> Response:
        try:
            active = faults.add(orjson.loads(await request.body()))
        except orjson.JSONDecodeError:
            return JSONResponse({"error": "The request is not valid JSON"}, 400)
        except InvalidFault as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(active.as_json(), 201)

    async def list_active(_request: Request) -> Response:
        return JSONResponse([active.as_json() for active in faults.active()])

    async def clear(request: Request) -> Response:
        return Response(status_code=204 if faults.clear(request.path_params.get("fault_id")) else 404)

    return [
        Route("/__sandbox/faults", add, methods=["POST"]),
        Route("/__sandbox/faults", list_active, methods=["GET"]),
        Route("/__sandbox/faults", clear, methods=["DELETE"]),
        Route("/__sandbox/faults/{fault_id:int}", clear, methods=["DELETE"]),
    ]
