"""``stac-bridge explain``: the M2M requests of a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.json import JSON
from rich.padding import Padding
from rich.text import Text

from stac_bridge.cli.exit_codes import DONE, exits
from stac_bridge.cli.local_server import api_address
from stac_bridge.cli.options import Api, JsonFlag, with_search_options
from stac_bridge.cli.output.printing import grid, plain, print_answer, print_json
from stac_bridge.client.download import SearchParams, build_search, fetch_json
from stac_bridge.errors import BadRequest, BridgeError, NotFound

if TYPE_CHECKING:
    from rich.console import RenderableType

MAX_SHOWN = 5
"""Steps shown with their request; of further ones, only the collections are listed."""


@exits
@with_search_options(limit=20)
def explain(wanted: SearchParams, api: Api = None, as_json: JsonFlag = False) -> int:
    """Explain a search: which requests M2M would get, and which conditions would be checked on the Items.

    The search is not run. The options are those of `search`.
    """
    with api_address(api) as address:
        explanation = _explanation(address, wanted)
    if as_json:
        print_json(explanation)
    else:
        print_answer(*_render(explanation))
    return DONE


def _explanation(api: str, wanted: SearchParams) -> dict[str, Any]:
    """The API's /explain for the same parameters as the search. Raises BridgeError."""
    search = build_search(api, wanted)
    parameters = search.get_parameters()
    try:
        if search.method == "POST":
            return fetch_json(api, "explain", body=parameters)
        return fetch_json(api, "explain", **{name: str(value) for name, value in parameters.items()})
    except NotFound as error:
        # A 404 for an unknown collection is about the options; any other means there is no /explain.
        if "ollection" in str(error):
            raise BadRequest(str(error)) from error
        raise BridgeError(f"{api} has no /explain: it is not a stac-bridge.") from error


def _render(explanation: dict[str, Any]) -> list[RenderableType]:
    requested = [step for step in explanation["steps"] if step["asked"]]
    skipped = [step for step in explanation["steps"] if not step["asked"]]
    parts: list[RenderableType] = [grid(_overview(explanation))]
    parts += [part for step in requested[:MAX_SHOWN] for part in _render_step(step)]
    if not_known := explanation.get("not_known"):
        parts += ["", Text("not known yet", "bold"), *(plain(sentence) for sentence in not_known)]
    others = [("also requested", _collections(requested[MAX_SHOWN:])), ("cannot match", _collections(skipped))]
    if any(collections for _, collections in others):
        parts += ["", grid(others)]
    return parts if explanation["steps"] else [*parts, "", "No collection can contain a matching Item."]


def _collections(steps: list[dict[str, Any]]) -> str:
    return ", ".join(step["collection"] for step in steps)


def _overview(explanation: dict[str, Any]) -> list[tuple[str, Any]]:
    calls = explanation["calls"]
    return [
        ("filter", _cql2_text(explanation["filter"])),
        ("order", explanation["order"]),
        *(("warning", warning) for warning in explanation.get("warnings", ())),
        ("M2M calls", f"{calls['first_page_least']} to {calls['first_page_most']} for the first page"),
    ]


def _cql2_text(cql2: dict[str, Any] | None) -> str:
    """A CQL2 JSON filter as CQL2 text."""
    from cql2 import Expr

    return Expr(cql2).to_text() if cql2 else ""


def _render_step(step: dict[str, Any]) -> list[RenderableType]:
    heading = Text.assemble("\n", (plain(step["collection"]).plain, "bold"))
    if "ids" in step:
        return [heading, grid([("looks up", ", ".join(step["ids"]))])]
    payload = Padding(JSON.from_data(step["scene_search"]), (0, 0, 0, 2))
    return [heading, grid([("checked on Items", step["tried_again"])]), "scene-search", payload]
