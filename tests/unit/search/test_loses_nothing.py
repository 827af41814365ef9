"""Whatever is asked, M2M is asked for every scene whose Item matches; where that is called exact, for no other.

The scenes and what finds them are the sandbox's, the Items are made by the mapping, and each is looked at by hand.
Mutants of the compiler, each with one rule changed, show that the test would see a loss.
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
"""One in so many of the world's scenes is looked at."""


class World:
    """Scenes by their number, with the Items that they become."""

    def __init__(self) -> None:
        self.entry = entry_of(LANDSAT)
        self._archive = landsat()
        self.items: dict[int, brute.Item] = {}
        self._rings: dict[int, shapely.Geometry] = {}
        translator = Translator(self.entry)
        for place, number in enumerate(self._archive.search(WORLD)):
            raw = self._archive.scene(int(number), full=True)
            item = translator.core(read_scene(raw))
            if place % SPARSE == 0 or _is_odd(item):
                self.items[int(number)] = item
                self._rings[int(number)] = shapely.geometry.shape(raw["spatialCoverage"])
        self._numbers = np.array(sorted(self.items))

    def found(self, payload: dict[str, Any]) -> set[int]:
        """What M2M finds of the world for a scene filter, should it take places flat, as they are written.

        Days far from the world need not be looked at.
        """
        days = payload.get("acquisitionFilter", WIDE)
        near = {"start": max(days["start"], WIDE["start"]), "end": min(days["end"], WIDE["end"])}
        hits = self._archive.search({**payload, "acquisitionFilter": near})
        found = {int(one) for one in np.intersect1d(hits, self._numbers)}
        if "spatialFilter" not in payload:
            return found
        place = shape_of(SceneFilter.model_validate(payload).spatial)
        return {number for number in found if self._rings[number].intersects(place)}


def _is_odd(item: brute.Item) -> bool:
    """Across midnight, or of unknown cloud: rare, and where rules have edges."""
    properties = item["properties"]
    return properties["start_datetime"][:10] != properties["end_datetime"][:10] or "eo:cloud_cover" not in properties


@pytest.fixture(scope="module")
def world() -> World:
    return World()


Compile = Callable[[Any, Any], Any]


def differences(world: World, said: dict[str, Any], compiler: Compile) -> tuple[set[int], set[int]]:
    """Scenes that are lost, and scenes that are too many where there should be none."""
    plain = type_literals(read_filter(said, "cql2-json"), world.entry.queryables)
    compiled = compiler(plain, world.entry)
    matching = {number for number, item in world.items.items() if brute.matches(said, item)}
    found = set() if compiled.filter.is_empty else world.found(compiled.filter.payload())
    return matching - found, (found - matching) if compiled.exact else set()


@given(said=questions.filters)
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_scene_is_lost_and_exact_is_exact(world: World, said: dict[str, Any]) -> None:
    assert differences(world, said, compile_filter) == (set(), set())


@given(said=st.tuples(questions.leaves, questions.leaves))
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_a_condition_and_its_opposite_lose_nothing(world: World, said: tuple[dict[str, Any], ...]) -> None:
    opposite = questions.said("not", questions.said("and", *said))
    assert differences(world, opposite, compile_filter) == (set(), set())


def test_what_m2m_is_asked_has_only_keys_that_it_knows(world: World) -> None:
    known = {"acquisitionFilter", "cloudCoverFilter", "seasonalFilter", "spatialFilter", "metadataFilter"}

    @given(said=questions.filters)
    @settings(max_examples=EXAMPLES // 4, deadline=None, derandomize=True)
    def check(said: dict[str, Any]) -> None:
        plain = type_literals(read_filter(said, "cql2-json"), world.entry.queryables)
        assert set(compile_filter(plain, world.entry).filter.payload()) <= known

    check()


PARTS = {
    "time": "acquisitionFilter",
    "place": "spatialFilter",
    "cloud": "cloudCoverFilter",
    "months": "seasonalFilter",
}


@given(said=questions.filters, slots=st.sets(st.sampled_from(sorted(PARTS))))
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_condition_sends_a_part_that_the_slots_of_a_mapping_do_not_list(
    world: World, said: dict[str, Any], slots: set[str]
) -> None:
    entry = with_slots(world.entry, slots)
    plain = type_literals(read_filter(said, "cql2-json"), entry.queryables)
    compiled = compile_filter(plain, entry)
    whole = compile_filter(plain, world.entry)
    if compiled.filter.is_empty:  # it is never sent
        assert whole.filter.is_empty
    else:
        assert set(compiled.filter.payload()) <= {"metadataFilter", *(PARTS[slot] for slot in slots)}
    assert not compiled.exact or whole.exact or compiled.filter == SceneFilter.nothing()
    matching = {number for number, item in world.items.items() if brute.matches(said, item)}
    assert not compiled.filter.is_empty or not matching


def with_slots(entry: Entry, slots: set[str]) -> Entry:
    return replace(entry, mapping=entry.mapping.model_copy(update={"slots": tuple(sorted(slots))}))


# -- mutants -------------------------------------------------------------------------------------------------

MODULES = ("conditions", "times", "places", "compiler")
MUTANTS: dict[str, tuple[str, str, str]] = {
    "cloud is not widened below": ("conditions", "math.floor(value) - 1) if op in", "math.ceil(value) + 1) if op in"),
    "cloud is not widened above": ("conditions", "math.ceil(value) + 1) if op in", "math.floor(value) - 1) if op in"),
    "whole numbers end one early": ("conditions", '"<=": (low, down)', '"<=": (low, down - 1)'),
    "whole numbers begin one late": ("conditions", '">=": (up, high)', '">=": (up + 1, high)'),
    "unequal is taken for equal": ("conditions", '"<>": operator.ne', '"<>": operator.eq'),
    "months are one early": ("conditions", "_COMPARISONS[op](month, value)", "_COMPARISONS[op](month + 1, value)"),
    "cloud is called exact": (
        "conditions",
        "include_unknown=False)), exact=is_any_value)",
        "include_unknown=False)), exact=True)",
    ),
    "patterns keep their underscores": ("conditions", 'r"\\\\.|_", "%"', 'r"_", "X"'),
    "or is called exact": ("conditions", "and _is_union(self.filter, other.filter)", ""),
    "or forgets one side": ("conditions", "joined = self.filter | other.filter", "joined = self.filter"),
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
    "disjoint meets": ("times", 'op == "t_disjoint"', 'op == "t_never"'),
    "places have no image": ("places", "if west < -180 + MAX_OVERHANG", "if west < -360"),
    "disjoint places meet": ("compiler", 'SPATIAL - {"s_disjoint"}', "SPATIAL"),
    "not keeps its joint": ("compiler", '"or" if op == "and" else "and"', "op"),
    "less is not turned round": ("compiler", '"<": ">="', '"<": ">"'),
    "what is absent is everything": (
        "compiler",
        "return NOTHING if expression is False else EVERYTHING",
        "return EVERYTHING",
    ),
}
"""Module, text, text in its place."""


@pytest.fixture
def mutate() -> Iterator[Callable[[str, str, str], Compile]]:
    """Makes a compiler out of changed sources, beside the real one."""
    made: list[str] = []

    def make(module: str, text: str, instead: str) -> Compile:
        for name in MODULES:
            source = (Path(pushdown.__file__).parent / f"{name}.py").read_text(encoding="utf-8")
            if name == module:
                assert source.count(text) >= 1, text
                source = source.replace(text, instead)
            for other in MODULES:
                source = source.replace(f"stac_bridge.search.pushdown.{other} ", f"mutant_{other} ")
            mutant = types.ModuleType(f"mutant_{name}")
            sys.modules[mutant.__name__] = mutant
            made.append(mutant.__name__)
            exec(compile(source, mutant.__name__, "exec"), mutant.__dict__)
        found: Compile = sys.modules["mutant_compiler"].compile_filter
        return found

    yield make
    for name in made:
        sys.modules.pop(name, None)


STEALTHY = {
    "disjoint places meet",
    "not keeps its joint",
    "or forgets one side",
    "or is called exact",
    "places have no image",
    "starts stay within their day",
    "temporal operators do not swap",
}
"""Those that a few questions alone tell, so that it takes twenty seconds to meet one."""


def _mutant(name: str) -> Any:
    rare = pytest.mark.skipif(not LONG, reason="the long mode alone looks so long: STAC_BRIDGE_TESTS_LONG=1")
    return pytest.param(name, marks=rare if name in STEALTHY else ())


@pytest.mark.parametrize("name", [_mutant(name) for name in MUTANTS])
def test_a_mutant_is_caught(world: World, mutate: Callable[[str, str, str], Compile], name: str) -> None:
    compiler = mutate(*MUTANTS[name])
    assert any(differences(world, said, compiler) != (set(), set()) for said in _telling(world))


def _telling(world: World) -> list[dict[str, Any]]:
    """Questions at the edges that rules have, about the very Items that there are."""
    said, p = questions.said, questions.p
    every = list(world.items.values())
    items = [*every[:: max(1, len(every) // 12)], *filter(_is_odd, every)]
    asked: list[dict[str, Any]] = [said("=", p("gsd"), 15)]
    for item in items:
        properties = item["properties"]
        asked += [
            said(op, p(name), properties[name])
            for name in ("eo:cloud_cover", "landsat:wrs_path", "platform", "m2m:month")
            if name in properties
            for op in ("=", "<>", "<=", ">=", "<", ">")
        ]
        asked += [said("not", one) for one in asked[-6:]]
        for name in ("datetime", "start_datetime", "end_datetime"):
            stamp = {"timestamp": properties[name]}
            asked += [said(op, p(name), stamp) for op in ("=", ">=", "<=", "t_equals")]
            asked += [said("t_after", p(name), {"date": properties[name][:10]}), said("t_after", p(name), stamp)]
            asked += [said("t_before", stamp, p("end_datetime")), said("t_disjoint", p(name), {"date": "2023-07-02"})]
        asked.append(said("like", p("id"), item["id"].replace("_", "\\_")))
        asked.append(said("like", p("id"), item["id"][:5] + "%"))
        asked.append(said("and", False, said("=", p("platform"), properties["platform"])))
    asked += [
        said("not", said("and", *[said(">", p("eo:cloud_cover"), 50), said("=", p("platform"), "landsat-8")])),
        said("not", said("or", *[said(">", p("eo:cloud_cover"), 50), said("=", p("platform"), "landsat-8")])),
        said("or", said("=", p("platform"), "landsat-8"), said("<", p("eo:cloud_cover"), 20)),
        said("or", said("=", p("platform"), "landsat-8"), said("=", p("landsat:collection_category"), "T2")),
        said("or", said("=", p("platform"), "landsat-8"), said("<=", p("eo:cloud_cover"), 100)),
        said("s_disjoint", p("geometry"), {"bbox": [150, -48, 170, 72]}),
        *[said("s_intersects", p("geometry"), {"bbox": [-180, low, -179, low + 3]}) for low in range(-48, 72, 3)],
    ]
    return asked
