"""``/sign``, which renews hrefs: one by one, many at once, or all those of an Item or an ItemCollection.

Nothing is asked of M2M: what an href says was signed here, and that it has expired changes none of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response  # noqa: TC002 -- FastAPI reads it

from stac_bridge.api.links import base_of
from stac_bridge.api.respond import GEOJSON, respond
from stac_bridge.assets.href import looks_signed
from stac_bridge.errors import BadRequest, Refused

if TYPE_CHECKING:
    from stac_bridge.assets import Signer

__all__ = ["MOST", "sign_routes"]

MOST = 1000
"""Hrefs, or Items, that one question may bring: as many Items as a page has by default."""

Said = dict[str, Any]

_HINT = 'a JSON object: {"href": …}, {"hrefs": […]}, an Item or an ItemCollection'
_HREF = "An href of an Item's asset, percent-encoded; expired ones are renewed, too."
_ANSWER: Said = {
    "type": "object",
    "required": ["href", "expires", "msft:expiry"],
    "properties": {
        "href": {"type": "string", "format": "uri"},
        "expires": {"type": "string", "format": "date-time"},
        "msft:expiry": {"type": "string", "format": "date-time"},
    },
}
_BODY: Said = {
    "type": "object",
    "properties": {
        "href": {"type": "string", "description": "An href of an Item's asset."},
        "hrefs": {"type": "array", "items": {"type": "string"}, "maxItems": MOST},
        "type": {"type": "string", "enum": ["Feature", "FeatureCollection"], "description": "An Item, or several."},
    },
}
_POSTED: Said = {"requestBody": {"required": True, "content": {"application/json": {"schema": _BODY}}}}
_GIVEN: dict[int | str, Said] = {
    200: {"description": "The renewed href.", "content": {"application/json": {"schema": _ANSWER}}},
    403: {"description": "It was not signed here, or was changed; the text names which."},
}
_GIVEN_BACK: dict[int | str, Said] = {
    200: {"description": "What was posted, with every href of this server's renewed."},
    403: {"description": "It was not signed here, or was changed; the text names which."},
}


def sign_routes(signer: Signer, public_url: str | None) -> APIRouter:
    """The routes. Their handlers raise BadRequest, Refused."""
    router = APIRouter(tags=["Sign"])

    @router.get("/sign", summary="Renew an href", responses=_GIVEN)
    async def sign(request: Request, href: Annotated[str, Query(description=_HREF)]) -> Response:
        if len(request.query_params.multi_items()) > 1:
            raise BadRequest("/sign takes href alone; an href within an address is percent-encoded.")
        return respond(_one(signer, href, base_of(request, public_url)), request)

    @router.post("/sign", summary="Renew many hrefs", responses=_GIVEN_BACK, openapi_extra=_POSTED)
    async def sign_posted(request: Request) -> Response:
        said, base = _read(await request.body()), base_of(request, public_url)
        # in a thread, because a page of Items takes tens of milliseconds that others would wait
        answer = await run_in_threadpool(_renewed, signer, said, base)
        try:
            return respond(answer, request, media_type=GEOJSON if "type" in answer else "application/json")
        except TypeError:  # orjson reads deeper than it writes
            raise BadRequest("The body is nested too deeply; send Items as they came, or their hrefs alone.") from None

    return router


def _read(body: bytes) -> Said:
    try:
        said = orjson.loads(body)
    except ValueError:
        raise BadRequest(f"The body is no JSON; /sign takes {_HINT}.") from None
    if not isinstance(said, dict):
        raise BadRequest(f"/sign takes {_HINT}.")
    return said


def _renewed(signer: Signer, said: Said, base: str) -> Said:
    """What was asked, as it goes back. Raises BadRequest, Refused."""
    if said.get("type") in ("Feature", "FeatureCollection"):
        return _items(signer, said, base)
    if isinstance(said.get("href"), str):
        return _one(signer, said["href"], base)
    hrefs = said.get("hrefs")
    if not isinstance(hrefs, list) or not all(isinstance(href, str) for href in hrefs):
        raise BadRequest(f"/sign takes {_HINT}.")
    return _list(signer, hrefs, base)


def _one(signer: Signer, href: str, base: str) -> Said:
    renewed, expires = signer.renew(href, base)
    return {"href": renewed, "expires": expires, "msft:expiry": expires}


def _list(signer: Signer, hrefs: list[str], base: str) -> Said:
    _check_number(len(hrefs), "hrefs")
    renewed = [_told(signer, href, base, f"hrefs[{place}]") for place, href in enumerate(hrefs)]
    said: Said = {"hrefs": [href for href, _expires in renewed]}
    expiries = [expires for _href, expires in renewed]
    return said | ({"expires": min(expiries), "msft:expiry": min(expiries)} if expiries else {})


def _items(signer: Signer, said: Said, base: str) -> Said:
    """An Item or an ItemCollection; what in it has not the form of an href of ours stays as it is."""
    items = said.get("features", []) if said["type"] == "FeatureCollection" else [said]
    if not isinstance(items, list):
        raise BadRequest("The features of an ItemCollection are a list of Items.")
    _check_number(len(items), "Items")
    for item in items:
        if isinstance(item, dict):
            _renew_item(signer, item, base)
    return said


def _renew_item(signer: Signer, item: Said, base: str) -> None:
    assets, expires = item.get("assets"), None
    for key, asset in assets.items() if isinstance(assets, dict) else ():
        href = asset.get("href") if isinstance(asset, dict) else None
        if isinstance(href, str) and looks_signed(href):
            asset["href"], expires = _told(signer, href, base, f"Item {item.get('id')!r}, asset {key!r}")
    if expires and isinstance(item.get("properties"), dict):
        item["properties"]["m2m:href_expires"] = expires


def _told(signer: Signer, href: str, base: str, where: str) -> tuple[str, str]:
    """The href renewed, or why not and which. Raises Refused."""
    try:
        return signer.renew(href, base)
    except Refused as refused:
        raise Refused(f"{where}: {refused}") from None


def _check_number(number: int, what: str) -> None:
    if number > MOST:
        raise BadRequest(f"/sign takes up to {MOST} {what} at once, not {number}; send them in parts.")
