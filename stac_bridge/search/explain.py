"""What a search would request from M2M, for people to read: from what is known, with what is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stac_bridge.m2m.filters import SceneSearch
from stac_bridge.search.cql2.parser import properties_of
from stac_bridge.search.paging.fetch_size import MAX_CALLS, MAX_TOTAL_CALLS, fetch_size, max_calls
from stac_bridge.search.paging.slices import Axis
from stac_bridge.search.params.search import Search
from stac_bridge.search.plan import Part, Step


@dataclass(frozen=True, slots=True)
class ExplainedStep:
    """A step of a plan, made without a call to M2M."""

    step: Step
    is_preliminary: bool = False
    """Whether the dataset's filters, not known yet, may change what M2M is sent."""

    @classmethod
    def of(cls, part: Part) -> ExplainedStep:
        """Explain a part of a plan, as far as the dataset's filters are known."""
        return cls(part.step(), part.needs_details)

    @property
    def learning_calls(self) -> int:
        """Calls for the dataset's filters and products before its first Item; 0 if they are known."""
        entry = self.step.entry
        return 0 if entry.details else 1 + (entry.mapping.products is not None)

    @property
    def read_calls(self) -> int:
        """Calls for one request for scenes: scenes that are looked up by several ids go by way of a list of M2M."""
        ids = len(self.step.ids) + len(self.step.entity_ids)
        return 1 if ids < 2 else 2 + bool(self.step.ids) + bool(self.step.entity_ids)


def explanation(
    search: Search, steps: Sequence[ExplainedStep], axis: Axis | None, unknown_datasets: int = 0
) -> dict[str, Any]:
    """Return a plan's search and steps as JSON, each step with its first request to M2M, and what is not known yet.

    ``axis`` is what a sorted search is sliced along, if it can be sliced; ``unknown_datasets`` the number of
    dataset-searches that would show which of the datasets have scenes at the place and time.
    """
    requested = [explained for explained in steps if not explained.step.filter.is_empty]
    return {
        "filter": search.filter,
        "order": _order(search, axis),
        "steps": [_step(explained, search) for explained in steps],
        "not_known": _not_known(requested, unknown_datasets),
        "calls": {
            "first_page_least": unknown_datasets or min(1, len(requested)),
            "first_page_most": unknown_datasets + _max_calls(search, requested),
        },
    }


def _max_calls(search: Search, requested: Sequence[ExplainedStep]) -> int:
    """The maximum number of calls for the first page, without those that show which datasets are searched."""
    count = len(requested)
    learning = sum(explained.learning_calls for explained in requested)
    per_read = max((explained.read_calls for explained in requested), default=1)
    if search.sortby:
        return (MAX_CALLS + 2 * count) * per_read + learning
    # the last dataset before the limit may be the first with a scene
    last = per_read - 1 + max((explained.learning_calls for explained in requested), default=0)
    return min(max_calls(count) * per_read + learning, MAX_TOTAL_CALLS + last)


def _not_known(requested: Sequence[ExplainedStep], unknown_datasets: int) -> list[str]:
    """Sentences on what the search would request first."""
    sentences = []
    if unknown_datasets:
        sentences.append(
            f"Which of these {len(requested)} datasets have scenes at this place and time. The search requests that "
            f"first ({_calls(unknown_datasets)}) and leaves out the others."
        )
    if preliminary := [explained for explained in requested if explained.is_preliminary]:
        sentences.append(
            f"Which conditions M2M can filter by in {_datasets(preliminary)}. The search requests that first, and may "
            "send M2M more of the filter than is shown. A request for the queryables of the dataset makes it known."
        )
    if unlearned := [step for step in requested if step.learning_calls and not step.is_preliminary]:
        sentences.append(
            f"The products of {_datasets(unlearned)}, which are requested together with the filters of a dataset when "
            f"it has its first scene (at most {_calls(max(step.learning_calls for step in unlearned))} each)."
        )
    return sentences


def _calls(count: int) -> str:
    return f"{count} call{'s' if count > 1 else ''}"


def _datasets(steps: Sequence[ExplainedStep]) -> str:
    names = list(dict.fromkeys(explained.step.entry.dataset.alias for explained in steps))
    return names[0] if len(names) == 1 else f"{len(names)} datasets"


def _order(search: Search, axis: Axis | None) -> str:
    if not search.sortby:
        return "M2M's own (newest first, as far as is known), collection after collection"
    if axis is None:
        return "the whole result is fetched and sorted, which must fit one bounded fetch"
    return f"slices of {axis.kind}s, each sorted, from {'the last' if axis.descending else 'the first'} on"


def _step(explained: ExplainedStep, search: Search) -> dict[str, Any]:
    step = explained.step
    document: dict[str, Any] = {"collection": step.entry.id, "dataset": step.entry.dataset.alias}
    if step.filter.is_empty:
        return {**document, "asked": False, "because": "no Item of this collection can match"}
    if explained.is_preliminary:
        document["preliminary"] = True
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
