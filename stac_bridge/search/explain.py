"""What a search would request from M2M, for people to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stac_bridge.m2m.filters import SceneSearch
from stac_bridge.search.cql2.parser import properties_of
from stac_bridge.search.paging.fetch_size import MAX_CALLS, fetch_size, max_calls
from stac_bridge.search.paging.slices import Axis
from stac_bridge.search.params.search import Search
from stac_bridge.search.plan import Step


def explanation(search: Search, steps: Sequence[Step], axis: Axis | None) -> dict[str, Any]:
    """Return a plan's search and steps as JSON, each step with its first request to M2M.

    ``axis`` is what a sorted search is sliced along, if it can be sliced.
    """
    requested = [step for step in steps if not step.filter.is_empty]
    return {
        "filter": search.filter,
        "order": _order(search, axis),
        "steps": [_step(step, search) for step in steps],
        "calls": {
            "first_page_least": min(1, len(requested)),
            "first_page_most": MAX_CALLS + 2 * len(requested) if search.sortby else max_calls(len(requested)),
        },
    }


def _order(search: Search, axis: Axis | None) -> str:
    if not search.sortby:
        return "M2M's own (newest first, as far as is known), collection after collection"
    if axis is None:
        return "the whole result is fetched and sorted, which must fit one bounded fetch"
    return f"slices of {axis.kind}s, each sorted, from {'the last' if axis.descending else 'the first'} on"


def _step(step: Step, search: Search) -> dict[str, Any]:
    document: dict[str, Any] = {"collection": step.entry.id, "dataset": step.entry.dataset.alias}
    if step.filter.is_empty:
        return {**document, "asked": False, "because": "no Item of this collection can match"}
    if step.is_lookup:
        return {**document, "asked": True, "exact": step.exact, "ids": [*step.ids, *step.entity_ids]}
    size = search.limit if step.exact else fetch_size(search.limit + 1, 0, 0)
    first = SceneSearch(dataset=step.entry.dataset.alias, max_results=size, filter=step.filter)
    checked = "nothing: M2M's hits are the Items" if step.exact else _checked(step, search)
    return {**document, "asked": True, "exact": step.exact, "tried_again": checked, "scene_search": first.payload()}


def _checked(step: Step, search: Search) -> str:
    """What is tested on Items: the filter, without conditions that M2M alone can compare."""
    left = step.residual.names if step.residual else frozenset()
    answered = sorted(properties_of(search.filter) - left) if search.filter else []
    without = f" without {', '.join(answered)}, which M2M alone compares" if answered else ""
    return f"the whole filter{without}, on every Item"
