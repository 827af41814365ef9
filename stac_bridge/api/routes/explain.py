"""``/explain``, which shows the M2M requests of a search, and the page that a problem's ``type`` links to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import PlainTextResponse, Response

from stac_bridge.api.json_body import JsonRoute
from stac_bridge.api.models import SearchGet, SearchPost
from stac_bridge.api.routes.stac import CoreClient

TOO_WIDE = """A search found no match within the M2M calls that one response may spend.

M2M cannot express most filters, so its scenes are fetched and checked one by one; if few of them match, many
calls pass before the first match. A search that names no collections goes through all datasets that may have
scenes there, and most of them can be empty. Narrow the place, the time or the filter, name collections, or follow
the problem's next link, which continues where the search stopped. A search that names no collections continues
there, too, if it is repeated within an hour.
"""


def explain_routes(client: CoreClient) -> APIRouter:
    """The routes of /explain and of the problem page."""
    router = APIRouter(tags=["Explain"], route_class=JsonRoute)

    @router.get("/explain", summary="The M2M requests of a search")
    async def explain(request: Request, _parameters: Annotated[SearchGet, Depends(SearchGet)]) -> Response:
        return await client.explain(request=request)

    @router.post("/explain", summary="The M2M requests of a search")
    async def explain_post(request: Request, body: SearchPost) -> Response:
        return await client.explain(request=request, body=body.root)

    @router.get("/problems/search-too-wide", include_in_schema=False)
    async def too_wide() -> Response:
        return PlainTextResponse(TOO_WIDE)

    return router
