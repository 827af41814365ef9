"""A STAC API, asked for what is no file: its Collections, an Item, what it explains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from stac_bridge.client.download.names import one_line
from stac_bridge.client.errors import refusal, refusal_of
from stac_bridge.errors import BadRequest, NotFound

if TYPE_CHECKING:
    from pystac_client import Client

__all__ = ["TIMEOUT", "document", "find_collections", "opened"]

TIMEOUT = httpx.Timeout(30, read=200)
"""Seconds; a bridge may take three times what an answer of M2M may, before it begins to answer."""


def opened(api: str) -> Client:
    """A client of the API. Raises BadRequest, UpstreamUnreachable."""
    import pystac_client
    from pystac_client.exceptions import APIError

    if not api.startswith(("http://", "https://")):
        raise BadRequest(f"{one_line(api)} is no address of an API; write http://127.0.0.1:8000.")
    try:
        return pystac_client.Client.open(api, timeout=TIMEOUT.read)
    except APIError as refused:
        raise refusal_of(api, refused) from refused
    # What is no landing page of a STAC API fails in as many ways as there are pages.
    except Exception as strange:
        raise refusal(api, None, "") from strange


def document(api: str, path: str, *, body: Any = None, **query: str) -> dict[str, Any]:
    """The JSON object below an API's address; posted for where there is a ``body``. Raises BridgeError."""
    address = f"{api.rstrip('/')}/{path}"
    headers = {"Accept": "application/json, application/geo+json"}
    method = "GET" if body is None else "POST"
    try:
        answer = httpx.request(method, address, params=query or None, json=body, headers=headers, timeout=TIMEOUT)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as fault:
        raise refusal(api, None, "") from fault
    if not answer.is_success:
        refused = refusal(api, answer.status_code, answer.text)
        raise NotFound(str(refused)) if answer.status_code == 404 else refused
    try:
        said = answer.json()
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise refusal(api, None, "")
    return said


def find_collections(
    api: str, text: str | None, bbox: tuple[float, ...] | None, datetime: str | None
) -> list[dict[str, Any]]:
    """The Collections that answer to all three; None asks for any. Raises BridgeError."""
    from pystac_client.exceptions import APIError

    client = opened(api)
    try:
        search = client.collection_search(q=text, bbox=bbox, datetime=datetime)
    # As with Items: nothing narrower is raised for a datetime that cannot be read.
    except Exception as unreadable:
        raise BadRequest(f"The search cannot be asked. {one_line(str(unreadable))}.") from unreadable
    try:
        return list(search.collections_as_dicts())
    except APIError as refused:
        raise refusal_of(api, refused) from refused
