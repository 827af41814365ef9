"""Requests to a STAC API that are not file downloads: its Collections, an Item, an explanation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx

from stac_bridge.client.errors import api_error, one_line, pystac_client_error
from stac_bridge.errors import BadRequest, NotFound

if TYPE_CHECKING:
    from pystac_client import Client

API_TIMEOUT = httpx.Timeout(30, read=200)
"""Seconds. A bridge may need three M2M calls before the first byte of its response, hence the long read timeout."""


def open_api(api: str, warnings: list[str] | None = None) -> Client:
    """Return a pystac-client for the API at this URL; it adds a bridge's warnings about its requests to ``warnings``.

    Raises BadRequest, UpstreamUnreachable.
    """
    # Imported late, because it is slow to import and not every command searches.
    import pystac_client
    from pystac_client.exceptions import APIError
    from pystac_client.stac_api_io import StacApiIO

    if not api.startswith(("http://", "https://")):
        raise BadRequest(f"{one_line(api)} is no address of an API; write http://127.0.0.1:8000.")
    try:
        api_io = StacApiIO()
        if warnings is not None:  # pystac-client returns the bodies of responses only
            api_io.session.hooks["response"].append(
                lambda response, *_, **__: warnings.extend(read_warnings(response.headers.get("Warning")))
            )
        return pystac_client.Client.open(api, stac_io=api_io, timeout=API_TIMEOUT.read)
    except APIError as error:
        raise pystac_client_error(api, error) from error
    # A page that is not a STAC landing page fails in pystac with almost any exception.
    except Exception as error:
        raise api_error(api, None, "") from error


_WARNING = re.compile(r'299 stac-bridge "((?:[^"\\]|\\.)*)"')


def read_warnings(header: str | None) -> list[str]:
    r"""Return the sentences of a bridge's own Warning headers; those of other servers are left out.

    >>> read_warnings('110 - "Response is Stale", 299 stac-bridge "No Item has platform = \'x\'.", 299 - "Deprecated"')
    ["No Item has platform = 'x'."]
    """
    return [re.sub(r"\\(.)", r"\1", text) for text in _WARNING.findall(header or "")]


def fetch_json(api: str, path: str, *, body: Any = None, **query: str) -> dict[str, Any]:
    """Return the JSON object at ``path`` below the API's URL; POSTs if there is a ``body``.

    Raises NotFound, BadRequest, UpstreamUnreachable.
    """
    url = f"{api.rstrip('/')}/{path}"
    headers = {"Accept": "application/json, application/geo+json"}
    method = "GET" if body is None else "POST"
    try:
        response = httpx.request(method, url, params=query or None, json=body, headers=headers, timeout=API_TIMEOUT)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise api_error(api, None, "") from error
    if not response.is_success:
        failure = api_error(api, response.status_code, response.text)
        raise NotFound(str(failure)) if response.status_code == 404 else failure
    try:
        payload = response.json()
    except ValueError:
        payload = None
    if not isinstance(payload, dict):
        raise api_error(api, None, "")
    return payload


def find_collections(
    api: str, text: str | None, bbox: tuple[float, ...] | None, datetime: str | None
) -> list[dict[str, Any]]:
    """Return the Collections that match all three conditions; None means no condition. Raises BridgeError.

    ``bbox`` is in degrees (west, south, east, north), ``datetime`` an RFC 3339 time or interval.
    """
    from pystac_client.exceptions import APIError

    client = open_api(api)
    try:
        search = client.collection_search(q=text, bbox=bbox, datetime=datetime)
    # pystac-client raises nothing narrower for a datetime that it cannot parse.
    except Exception as error:
        raise BadRequest(f"The search is not valid. {one_line(str(error))}.") from error
    try:
        return list(search.collections_as_dicts())
    except APIError as error:
        raise pystac_client_error(api, error) from error
