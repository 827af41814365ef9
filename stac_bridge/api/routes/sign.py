"""``/sign`` renews hrefs: one, many, or all those of an Item or an ItemCollection.

It never calls M2M: an href contains all it needs, and its signature proves that this server wrote it, even expired.
"""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from stac_bridge.api.json_body import check_values
from stac_bridge.api.links import base_of
from stac_bridge.api.respond import GEOJSON, JSON, respond, respond_json
from stac_bridge.assets import Signer
from stac_bridge.assets.href import looks_signed
from stac_bridge.errors import BadRequest, Refused
from stac_bridge.fair_work import in_thread

MAX_HREFS = 1000
"""Maximum number of hrefs, or of Items, in one request: the maximum page size by default."""

MAX_SIGN_VALUES = 2_000_000
"""Maximum number of values in a body: twice those of a thousand Landsat Items."""

Json = dict[str, Any]

_HINT = 'a JSON object: {"href": …}, {"hrefs": […]}, an Item or an ItemCollection'
_HREF = "An href of an Item's asset, percent-encoded; expired ones are renewed, too."
_HREF_RESPONSE: Json = {
    "type": "object",
    "required": ["href", "expires", "msft:expiry"],
    "properties": {
        "href": {"type": "string", "format": "uri"},
        "expires": {"type": "string", "format": "date-time"},
        "msft:expiry": {"type": "string", "format": "date-time"},
    },
}
_BODY: Json = {
    "type": "object",
    "properties": {
        "href": {"type": "string", "description": "An href of an Item's asset."},
        "hrefs": {"type": "array", "items": {"type": "string"}, "maxItems": MAX_HREFS},
        "type": {"type": "string", "enum": ["Feature", "FeatureCollection"], "description": "An Item, or several."},
    },
}
_REQUEST_BODY: Json = {"requestBody": {"required": True, "content": {"application/json": {"schema": _BODY}}}}
_NOT_SIGNED = {"description": "The href was not signed by this server, or was changed; the detail says which one."}
_GET_RESPONSES: dict[int | str, Json] = {
    200: {"description": "The renewed href.", "content": {"application/json": {"schema": _HREF_RESPONSE}}},
    403: _NOT_SIGNED,
}
_POST_RESPONSES: dict[int | str, Json] = {
    200: {"description": "The posted document with every href of this server renewed."},
    403: _NOT_SIGNED,
}


def sign_routes(signer: Signer) -> APIRouter:
    """The routes. Their handlers raise BadRequest, Refused."""
    router = APIRouter(tags=["Sign"])

    @router.get("/sign", summary="Renew an href", responses=_GET_RESPONSES)
    async def sign(request: Request, href: Annotated[str, Query(description=_HREF)]) -> Response:
        # An href that is not percent-encoded splits at its own "&" into several parameters.
        if len(request.query_params.multi_items()) > 1:
            raise BadRequest("/sign takes only the parameter href; an href inside a URL must be percent-encoded.")
        return respond(_renew_one(signer, href, base_of(request)), request)

    @router.post("/sign", summary="Renew many hrefs", responses=_POST_RESPONSES, openapi_extra=_REQUEST_BODY)
    async def sign_many(request: Request) -> Response:
        body, base = await request.body(), base_of(request)
        # In a thread, because a page of Items takes tens of milliseconds, which would delay other requests.
        renewed, media_type = await in_thread(_renew_body, signer, body, base)
        return respond_json(renewed, request, media_type=media_type)

    return router


def _renew_body(signer: Signer, body: bytes, base: str) -> tuple[bytes, str]:
    """The body to return, with its media type. Raises BadRequest, Refused, TooLarge."""
    document = _renew(signer, _parse(body), base)
    try:
        return orjson.dumps(document), GEOJSON if "type" in document else JSON
    except TypeError:  # orjson parses deeper nesting than it serializes
        raise BadRequest("The body is nested too deeply; send unchanged Items, or only their hrefs.") from None


def _parse(body: bytes) -> Json:
    check_values(body, MAX_SIGN_VALUES)
    try:
        document = orjson.loads(body)
    except ValueError:
        raise BadRequest(f"The body is not JSON; /sign takes {_HINT}.") from None
    if not isinstance(document, dict):
        raise BadRequest(f"/sign takes {_HINT}.")
    return document


def _renew(signer: Signer, body: Json, base: str) -> Json:
    """The document to return. Raises BadRequest, Refused."""
    if body.get("type") in ("Feature", "FeatureCollection"):
        return _renew_items(signer, body, base)
    if isinstance(body.get("href"), str):
        return _renew_one(signer, body["href"], base)
    hrefs = body.get("hrefs")
    if not isinstance(hrefs, list) or not all(isinstance(href, str) for href in hrefs):
        raise BadRequest(f"/sign takes {_HINT}.")
    return _renew_list(signer, hrefs, base)


def _renew_one(signer: Signer, href: str, base: str) -> Json:
    renewed, expires = signer.renew(href, base)
    return {"href": renewed, "expires": expires, "msft:expiry": expires}


def _renew_list(signer: Signer, hrefs: list[str], base: str) -> Json:
    _check_count(len(hrefs), "hrefs")
    renewed = [_renew_href(signer, href, base, f"hrefs[{index}]") for index, href in enumerate(hrefs)]
    document: Json = {"hrefs": [href for href, _expires in renewed]}
    expiries = [expires for _href, expires in renewed]
    return document | ({"expires": min(expiries), "msft:expiry": min(expiries)} if expiries else {})


def _renew_items(signer: Signer, body: Json, base: str) -> Json:
    """An Item or an ItemCollection, changed in place; hrefs of other servers stay as they are."""
    items = body.get("features", []) if body["type"] == "FeatureCollection" else [body]
    if not isinstance(items, list):
        raise BadRequest("The features of an ItemCollection must be a list of Items.")
    _check_count(len(items), "Items")
    for item in items:
        if isinstance(item, dict):
            _renew_item(signer, item, base)
    return body


def _renew_item(signer: Signer, item: Json, base: str) -> None:
    assets, expires = item.get("assets"), None
    for key, asset in assets.items() if isinstance(assets, dict) else ():
        href = asset.get("href") if isinstance(asset, dict) else None
        if isinstance(href, str) and looks_signed(href):
            location = f"Item {item.get('id')!r}, asset {key!r}"
            asset["href"], expires = _renew_href(signer, href, base, location)
    if expires and isinstance(item.get("properties"), dict):
        item["properties"]["m2m:href_expires"] = expires


def _renew_href(signer: Signer, href: str, base: str, location: str) -> tuple[str, str]:
    """The renewed href and its expiry. Raises Refused with the href's location in the body."""
    try:
        return signer.renew(href, base)
    except Refused as error:
        raise Refused(f"{location}: {error}") from None


def _check_count(count: int, unit: str) -> None:
    if count > MAX_HREFS:
        raise BadRequest(f"/sign takes up to {MAX_HREFS} {unit} per request, not {count}; split them.")
