"""A scene filter passes every scene whose Item matches the CQL2 filter; an exact one passes no other.

Scenes and their search are the sandbox's, Items are made by the mapping, and each Item is checked by brute force.
Mutants of the compiler, each with one rule changed, show that the test would notice a loss.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
import shapely.geometry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from m2m_sandbox.archive.landsat.archive import landsat
from stac_bridge.catalog import Entry
from stac_bridge.m2m.filters import SceneFilter, shape_of
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.search import pushdown
from stac_bridge.search.cql2.literals import type_literals
from stac_bridge.search.cql2.parser import read_filter
from stac_bridge.search.pushdown.compiler import compile_filter
from stac_bridge.translate import Translator
from tests import brute, questions
from tests.support import LONG, entry_of

pytestmark = pytest.mark.slow

LANDSAT = "landsat_ot_c2_l2"

EXAMPLES = 5000 if LONG else 150
WORLD = {
    "acquisitionFilter": {"start": "2023-07-01", "end": "2023-07-04"},
    "spatialFilter": {
        "filterType": "mbr",
        "lowerLeft": {"latitude": -48, "longitude": 120},
        "upperRight": {"latitude": 72, "longitude": 210},
    },
}
"""Four days on both sides of the antimeridian."""

WIDE = {"start": "2023-06-28", "end": "2023-07-07"}
SPARSE = 4
"""One of so many scenes is used."""


class World:
    """Scenes by their number, with their Items."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self._archive = landsat()
        self.items: dict[int, brute.Item] = {}
        self._rings: dict[int, shapely.Geometry] = {}
        translator = Translator(self.entry)
        for index, number in enumerate(self._archive.search(WORLD)):
            raw = self._archive.scene(int(number), full=True)
            item = translator.core(read_scene(raw))
            if index % SPARSE == 0 or _is_rare(item):
                self.items[int(number)] = item
                self._rings[int(number)] = shapely.geometry.shape(raw["spatialCoverage"])
        self._numbers = np.array(sorted(self.items))

    def search(self, payload: dict[str, Any]) -> set[int]:
        """The scenes that M2M returns for a scene filter if it treats geometries as planar.

        Days far from those of the world are not searched.
        """
        days = payload.get("acquisitionFilter", WIDE)
        near = {"start": max(days["start"], WIDE["start"]), "end": min(days["end"], WIDE["end"])}
        hits = self._archive.search({**payload, "acquisitionFilter": near})
        numbers = {int(number) for number in np.intersect1d(hits, self._numbers)}
        if "spatialFilter" not in payload:
            return numbers
        place = shape_of(SceneFilter.model_validate(payload).spatial)
        return {number for number in numbers if self._rings[number].intersects(place)}


def _is_rare(item: brute.Item) -> bool:
    """Across midnight, or with unknown cloud cover: rare, and edge cases of the rules."""
    properties = item["properties"]
    return properties["start_datetime"][:10] != properties["end_datetime"][:10] or "eo:cloud_cover" not in properties


@pytest.fixture(scope="module")
def world() -> World:
    return World(entry_of(LANDSAT))


@pytest.fixture(scope="module")
def world_of_spans() -> World:
    """The same scenes, as Items that have no datetime but a span, as those of film and elevation have."""
    entry = entry_of(LANDSAT)
    item = entry.mapping.item.model_copy(update={"datetime": None})
    return World(replace(entry, mapping=entry.mapping.model_copy(update={"item": item})))


Compile = Callable[[Any, Any], Any]


def differences(world: World, cql2: dict[str, Any], compiler: Compile) -> tuple[set[int], set[int]]:
    """The scenes that are lost, and those that an exact filter should not have passed."""
    typed = type_literals(read_filter(cql2, "cql2-json"), world.entry.queryables)
    compiled = compiler(typed, world.entry)
    matches = {number for number, item in world.items.items() if brute.matches(cql2, item)}
    hits = set() if compiled.filter.is_empty else world.search(compiled.filter.payload())
    return matches - hits, (hits - matches) if compiled.exact else set()


@given(cql2=questions.filters)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_scene_is_lost_and_exact_is_exact(world: World, cql2: dict[str, Any]) -> None:
    assert differences(world, cql2, compile_filter) == (set(), set())


@given(leaves=st.tuples(questions.leaves, questions.leaves))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_negated_conditions_lose_nothing(world: World, leaves: tuple[dict[str, Any], ...]) -> None:
    negated = questions.said("not", questions.said("and", *leaves))
    assert differences(world, negated, compile_filter) == (set(), set())


@given(cql2=questions.filters)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_scene_is_lost_if_items_have_spans(world_of_spans: World, cql2: dict[str, Any]) -> None:
    assert differences(world_of_spans, cql2, compile_filter) == (set(), set())


def test_no_scene_is_lost_at_the_ends_of_a_span(world_of_spans: World) -> None:
    for cql2 in _span_cases(world_of_spans):
        assert differences(world_of_spans, cql2, compile_filter) == (set(), set()), cql2


def test_payloads_have_only_keys_that_m2m_knows(world: World) -> None:
    known = {"acquisitionFilter", "cloudCoverFilter", "seasonalFilter", "spatialFilter", "metadataFilter"}

    @given(cql2=questions.filters)
    @settings(max_examples=EXAMPLES // 4, deadline=None)
    def check(cql2: dict[str, Any]) -> None:
        typed = type_literals(read_filter(cql2, "cql2-json"), world.entry.queryables)
        assert set(compile_filter(typed, world.entry).filter.payload()) <= known

    check()


PARTS = {
    "time": "acquisitionFilter",
    "place": "spatialFilter",
    "cloud": "cloudCoverFilter",
    "months": "seasonalFilter",
}


@given(cql2=questions.filters, slots=st.sets(st.sampled_from(sorted(PARTS))))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_condition_sends_a_part_that_the_slots_of_a_mapping_do_not_list(
    world: World, cql2: dict[str, Any], slots: set[str]
) -> None:
    entry = with_slots(world.entry, slots)
    typed = type_literals(read_filter(cql2, "cql2-json"), entry.queryables)
    compiled = compile_filter(typed, entry)
    whole = compile_filter(typed, world.entry)
    if compiled.filter.is_empty:  # it is never sent
        assert whole.filter.is_empty
    else:
        assert set(compiled.filter.payload()) <= {"metadataFilter", *(PARTS[slot] for slot in slots)}
    assert not compiled.exact or whole.exact or compiled.filter == SceneFilter.nothing()
    assert not compiled.filter.is_empty or not any(brute.matches(cql2, item) for item in world.items.values())


def with_slots(entry: Entry, slots: set[str]) -> Entry:
    return replace(entry, mapping=entry.mapping.model_copy(update={"slots": tuple(sorted(slots))}))


# -- mutants -------------------------------------------------------------------------------------------------

MODULES = ("domains", "conditions", "times", "spatial", "compiler")
MUTANTS: dict[str, tuple[str, str, str]] = {
    "cloud is not widened below": ("conditions", "math.floor(value) - 1) if op in", "math.ceil(value) + 1) if op in"),
    "cloud is not widened above": ("conditions", "math.ceil(value) + 1) if op in", "math.floor(value) - 1) if op in"),
    "whole numbers end one early": ("conditions", '"<=": (low, down)', '"<=": (low, down - 1)'),
    "whole numbers begin one late": ("conditions", '">=": (up, high)', '">=": (up + 1, high)'),
    "unequal is taken for equal": ("domains", '"<>": operator.ne', '"<>": operator.eq'),
    "months are one early": ("conditions", "COMPARISONS[op](month, value)", "COMPARISONS[op](month + 1, value)"),
    "ranges end one early": ("domains", 'compare("<" if op == "<" else "<=", self.low, value)', "self.low is None"),
    "forms are those of ids": ("domains", "any(fnmatchcase(value, pattern)", "any(fnmatchcase(pattern, value)"),
    "cloud is called exact": (
        "conditions",
        "include_unknown=False)), exact=is_any_value)",
        "include_unknown=False)), exact=True)",
    ),
    "patterns keep their underscores": ("conditions", 'r"\\\\.|_", "%"', 'r"_", "X"'),
    "or is called exact": ("conditions", "_is_union(filters) and ", ""),
    "or forgets one side": ("conditions", "SceneFilter.any_of(filters)", "filters[0]"),
    "after means after the next day": (
        "times",
        "first, last = last, None",
        "first, last = last and last + _MARGIN, None",
    ),
    "starts stay within their day": (
        "times",
        'margin = timedelta() if name == "datetime" else _MARGIN',
        "margin = timedelta()",
    ),
    "temporal operators do not swap": ("times", "_SWAPPED.get(op, op)", "op"),
    "any intersection is called exact": ("times", " and interval.is_whole_days", ""),
    "disjoint meets": ("times", 'op == "t_disjoint"', 'op == "t_never"'),
    "places have no image": ("spatial", "if west < -180 + MAX_OVERHANG", "if west < -360"),
    "disjoint places meet": ("compiler", 'SPATIAL - {"s_disjoint"}', "SPATIAL"),
    "not keeps its and": ("compiler", '"or" if op == "and" else "and"', "op"),
    "less is not inverted": ("compiler", '"<": ">="', '"<": ">"'),
    "nothing is everything": (
        "compiler",
        "return NOTHING if expression is False else EVERYTHING",
        "return EVERYTHING",
    ),
}
"""Module, text, replacement."""


@pytest.fixture
def mutate() -> Iterator[Callable[[str, str, str], Compile]]:
    """Returns a function that builds a compiler from changed sources, beside the real one."""
    modules: list[str] = []

    def build(module: str, text: str, replacement: str) -> Compile:
        for name in MODULES:
            source = (Path(pushdown.__file__).parent / f"{name}.py").read_text(encoding="utf-8")
            if name == module:
                assert source.count(text) >= 1, text
                source = source.replace(text, replacement)
            for other in MODULES:
                source = source.replace(f"stac_bridge.search.pushdown.{other} ", f"mutant_{other} ")
            mutant = types.ModuleType(f"mutant_{name}")
            sys.modules[mutant.__name__] = mutant
            modules.append(mutant.__name__)
            exec(compile(source, mutant.__name__, "exec"), mutant.__dict__)
        compiler: Compile = sys.modules["mutant_compiler"].compile_filter
        return compiler

    yield build
    for name in modules:
        sys.modules.pop(name, None)


MUTANTS_OF_SPANS: dict[str, tuple[str, str, str]] = {
    "a null datetime is compared as null": (
        "compiler",
        'if name == "datetime" and not is_compared:',
        'if name == "datetime":',
    ),
    "after a span is after its last day": (
        "times",
        'margin = timedelta() if name == "datetime" else _MARGIN',
        "margin = -_MARGIN",
    ),
}
"""Mutants that Items with a datetime do not reveal."""


@pytest.mark.parametrize("name", MUTANTS_OF_SPANS)
def test_a_mutant_that_forgets_spans_is_caught(
    world_of_spans: World, mutate: Callable[[str, str, str], Compile], name: str
) -> None:
    compiler = mutate(*MUTANTS_OF_SPANS[name])
    assert any(differences(world_of_spans, cql2, compiler) != (set(), set()) for cql2 in _span_cases(world_of_spans))


def _span_cases(world: World) -> list[dict[str, Any]]:
    """Filters on datetime at the ends of the spans of some Items."""
    op_of, p = questions.said, questions.p
    filters = []
    for item in list(world.items.values())[:: max(1, len(world.items) // 8)]:
        start, end = (item["properties"][name] for name in ("start_datetime", "end_datetime"))
        for edge in (start, end):
            stamp = {"timestamp": edge}
            filters += [op_of(op, p("datetime"), stamp) for op in questions.COMPARISONS]
            filters += [op_of("not", one) for one in filters[-6:]]
            filters += [op_of(op, p("datetime"), stamp) for op in ("t_intersects", "t_after", "t_before")]
        filters += [
            op_of("t_intersects", p("datetime"), {"interval": [start, end]}),
            op_of("t_equals", p("datetime"), {"interval": [start, end]}),
            op_of("t_intersects", p("datetime"), {"interval": [start[:10], end[:10]]}),
            op_of("isNull", p("datetime")),
            op_of(
                "and", op_of(">=", p("datetime"), {"timestamp": end}), op_of("<=", p("datetime"), {"timestamp": start})
            ),
        ]
    return filters


STEALTHY = {
    "disjoint places meet",
    "not keeps its and",
    "or forgets one side",
    "or is called exact",
    "places have no image",
    "starts stay within their day",
    "temporal operators do not swap",
}
"""Mutants that only a few filters reveal: finding one takes twenty seconds."""


def _mutant(name: str) -> Any:
    rare = pytest.mark.skipif(not LONG, reason="takes long; runs with STAC_BRIDGE_TESTS_LONG=1")
    return pytest.param(name, marks=rare if name in STEALTHY else ())


@pytest.mark.parametrize("name", [_mutant(name) for name in MUTANTS])
def test_a_mutant_is_caught(world: World, mutate: Callable[[str, str, str], Compile], name: str) -> None:
    compiler = mutate(*MUTANTS[name])
    assert any(differences(world, cql2, compiler) != (set(), set()) for cql2 in _edge_cases(world))


def _edge_cases(world: World) -> list[dict[str, Any]]:
    """Filters at the edges of the rules, with values of the Items of the world."""
    op_of, p = questions.said, questions.p
    all_items = list(world.items.values())
    items = [*all_items[:: max(1, len(all_items) // 12)], *filter(_is_rare, all_items)]
    filters: list[dict[str, Any]] = [op_of("=", p("gsd"), 15)]
    for item in items:
        properties = item["properties"]
        filters += [
            op_of(op, p(name), properties[name])
            for name in ("eo:cloud_cover", "landsat:wrs_path", "platform", "m2m:month")
            if name in properties
            for op in ("=", "<>", "<=", ">=", "<", ">")
        ]
        filters += [op_of("not", one) for one in filters[-6:]]
        for name in ("datetime", "start_datetime", "end_datetime"):
            stamp = {"timestamp": properties[name]}
            filters += [op_of(op, p(name), stamp) for op in ("=", ">=", "<=", "t_equals")]
            filters += [op_of("t_after", p(name), {"date": properties[name][:10]}), op_of("t_after", p(name), stamp)]
            filters.append(
                op_of("t_intersects", p(name), {"interval": [f"{properties[name][:10]}T00:00:00Z", properties[name]]})
            )
            filters += [
                op_of("t_before", stamp, p("end_datetime")),
                op_of("t_disjoint", p(name), {"date": "2023-07-02"}),
            ]
        filters.append(op_of("like", p("id"), item["id"].replace("_", "\\_")))
        filters.append(op_of("like", p("id"), item["id"][:5] + "%"))
        filters.append(op_of("and", False, op_of("=", p("platform"), properties["platform"])))
    filters += [
        op_of("not", op_of("and", *[op_of(">", p("eo:cloud_cover"), 50), op_of("=", p("platform"), "landsat-8")])),
        op_of("not", op_of("or", *[op_of(">", p("eo:cloud_cover"), 50), op_of("=", p("platform"), "landsat-8")])),
        op_of("or", op_of("=", p("platform"), "landsat-8"), op_of("<", p("eo:cloud_cover"), 20)),
        op_of("or", op_of("=", p("platform"), "landsat-8"), op_of("=", p("landsat:collection_category"), "T2")),
        op_of("or", op_of("=", p("platform"), "landsat-8"), op_of("<=", p("eo:cloud_cover"), 100)),
        op_of("s_disjoint", p("geometry"), {"bbox": [150, -48, 170, 72]}),
        *[op_of("s_intersects", p("geometry"), {"bbox": [-180, low, -179, low + 3]}) for low in range(-48, 72, 3)],
    ]
    return filters
