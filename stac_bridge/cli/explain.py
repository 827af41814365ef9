"""``stac-bridge explain``: what a search would ask M2M."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.json import JSON
from rich.padding import Padding
from rich.text import Text

from stac_bridge.cli.exit_codes import DONE, leaves
from stac_bridge.cli.local_server import reached
from stac_bridge.cli.options import Api, AsJson, asks
from stac_bridge.cli.printing import facts, plain, print_json, put
from stac_bridge.client.download import SearchParams, build_search, fetch_json
from stac_bridge.errors import BadRequest, BridgeError, NotFound

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["explain"]

MOST = 5
"""Steps that are shown with all that is asked; of the others, their collections."""


@leaves
@asks(limit=20)
def explain(wanted: SearchParams, api: Api = None, as_json: AsJson = False) -> int:
    """Explain a search: what M2M would be asked, and what would be tried again on the Items.

    Nothing is asked. The options are those of `search`.
    """
    with reached(api) as address:
        said = _explained(address, wanted)
    if as_json:
        print_json(said)
    else:
        put(*_told(said))
    return DONE


def _explained(api: str, wanted: SearchParams) -> dict[str, Any]:
    """The API's answer to the parameters that the search itself would have. Raises BridgeError."""
    search = build_search(api, wanted)
    asked = search.get_parameters()
    try:
        if search.method == "POST":
            return fetch_json(api, "explain", body=asked)
        return fetch_json(api, "explain", **{name: str(value) for name, value in asked.items()})
    except NotFound as absent:
        if "ollection" in str(absent):
            raise BadRequest(str(absent)) from absent
        raise BridgeError(f"{api} explains nothing: it is no stac-bridge.") from absent


def _told(said: dict[str, Any]) -> list[RenderableType]:
    asked = [step for step in said["steps"] if step["asked"]]
    unasked = [step for step in said["steps"] if not step["asked"]]
    lines: list[RenderableType] = [facts(_whole(said))]
    lines += [line for step in asked[:MOST] for line in _step(step)]
    others = [("also asked", _ids(asked[MOST:])), ("no match can be in", _ids(unasked))]
    if any(ids for _, ids in others):
        lines += ["", facts(others)]
    return lines if said["steps"] else [*lines, "", "No collection can hold such an Item."]


def _ids(steps: list[dict[str, Any]]) -> str:
    return ", ".join(step["collection"] for step in steps)


def _whole(said: dict[str, Any]) -> list[tuple[str, Any]]:
    calls = f"{said['calls']['first_page_least']} to {said['calls']['first_page_most']} for the first page"
    return [("filter", _text(said["filter"])), ("order", said["order"]), ("M2M calls", calls)]


def _text(cql2: dict[str, Any] | None) -> str:
    """A filter as people write it."""
    from cql2 import Expr

    return Expr(cql2).to_text() if cql2 else ""


def _step(step: dict[str, Any]) -> list[RenderableType]:
    heading = Text.assemble("\n", (plain(step["collection"]).plain, "bold"))
    if "ids" in step:
        return [heading, facts([("looks up", ", ".join(step["ids"]))])]
    payload = Padding(JSON.from_data(step["scene_search"]), (0, 0, 0, 2))
    return [heading, facts([("tried again", step["tried_again"])]), "scene-search", payload]
