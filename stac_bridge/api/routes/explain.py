"""``/explain``, which tells what a search would ask M2M, and the page that a problem's type leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import PlainTextResponse, Response

from stac_bridge.api.json_body import JsonRoute
from stac_bridge.api.models import SearchGet, SearchPost

if TYPE_CHECKING:
    from stac_bridge.api.routes.stac import Client

__all__ = ["explain_routes"]

TOO_WIDE = """A search met no match within the M2M calls that one answer may spend.

M2M cannot say most of a filter, so its scenes are fetched and tried one by one; where few of them match, many
calls pass before the first does. Narrow the place, the time or the filter, name collections, or follow the
problem's next link, which goes on where the search stopped.
"""


def explain_routes(client: Client) -> APIRouter:
    """Routes of their own, beside those of the framework."""
    router = APIRouter(tags=["Explain"], route_class=JsonRoute)

    @router.get("/explain", summary="What a search would ask M2M")
    async def explained(request: Request, _said: Annotated[SearchGet, Depends(SearchGet)]) -> Response:
        return await client.explain(request=request)

    @router.post("/explain", summary="What a search would ask M2M")
    async def explained_post(request: Request, body: SearchPost) -> Response:
        return await client.explain(request=request, said=body.root)

    @router.get("/problems/search-too-wide", include_in_schema=False)
    async def too_wide() -> Response:
        return PlainTextResponse(TOO_WIDE)

    return router
