"""``/__sandbox/faults``: ask for faults, see how often they struck, end them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m2m_sandbox.faults.kinds import NotAFault

if TYPE_CHECKING:
    from starlette.requests import Request

    from m2m_sandbox.faults.active import Faults

__all__ = ["fault_routes"]


def fault_routes(faults: Faults) -> list[Route]:
    """POST a fault, GET them all, DELETE all or one."""

    async def add(request: Request) -> Response:
        try:
            standing = faults.add(orjson.loads(await request.body()))
        except orjson.JSONDecodeError:
            return JSONResponse({"error": "The request is not valid JSON"}, 400)
        except NotAFault as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(standing.described(), 201)

    async def every(_request: Request) -> Response:
        return JSONResponse([one.described() for one in faults.every()])

    async def clear(request: Request) -> Response:
        return Response(status_code=204 if faults.clear(request.path_params.get("ident")) else 404)

    return [
        Route("/__sandbox/faults", add, methods=["POST"]),
        Route("/__sandbox/faults", every, methods=["GET"]),
        Route("/__sandbox/faults", clear, methods=["DELETE"]),
        Route("/__sandbox/faults/{ident:int}", clear, methods=["DELETE"]),
    ]
