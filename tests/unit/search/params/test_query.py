"""Conditions of the ``query`` parameter, parsed by the types of the properties."""

from __future__ import annotations

from typing import Any

import pytest

from stac_bridge.errors import BadRequest
from stac_bridge.mapping.queryables import Queryable
from stac_bridge.search import parse
from stac_bridge.search.cql2.residual import Residual
from stac_bridge.search.params.query import OPERATORS, query_filter, read_query
from stac_bridge.search.plan import resolve_filter
from tests.support import entry_of

KINDS = {"text": "string", "share": "number", "count": "integer", "flag": "boolean", "datetime": "datetime"}
KNOWN = {name: Queryable(name, kind, name) for name, kind in {**KINDS, "many": "array", "geometry": "geometry"}.items()}  # type: ignore[arg-type]
ITEM = {
    "type": "Feature",
    "id": "a",
    "geometry": {"type": "Point", "coordinates": [0, 0]},
    "properties": {
        "text": "50%_off\\all",
        "share": 7.5,
        "count": 7,
        "flag": True,
        "datetime": "2020-06-01T00:00:00Z",
        "many": ["oli", "tirs"],
    },
}


def holds(query: Any) -> bool:
    return Residual(query_filter(read_query(query), KNOWN)).matches(ITEM)


@pytest.mark.parametrize(
    ("name", "operator", "value", "expected"),
    [
        ("share", "eq", 7.5, True),
        ("share", "eq", "7.5", True),
        ("share", "neq", 7.5, False),
        ("share", "lt", "20", True),
        ("share", "lt", "7.5", False),
        ("share", "lte", "7.5", True),
        ("share", "gt", "7", True),
        ("share", "gte", "8", False),
        ("share", "in", ["1", 7.5], True),
        ("share", "in", [1, 2], False),
        ("count", "eq", "7", True),
        ("count", "eq", 7.0, True),
        ("flag", "eq", "true", True),
        ("flag", "eq", False, False),
        ("datetime", "gte", "2020-06-01T02:00:00+02:00", True),
        ("datetime", "lt", "2020-06-01T00:00:00Z", False),
        ("text", "eq", "50%_off\\all", True),
        ("text", "startsWith", "50%_", True),
        ("text", "startsWith", "5_", False),
        ("text", "startsWith", "off", False),
        ("text", "endsWith", "off\\all", True),
        ("text", "endsWith", "%", False),
        ("text", "contains", "_o", True),
        ("text", "contains", "%off", False),
        ("text", "in", ["x", "50%_off\\all"], True),
        ("many", "contains", "oli", True),
        ("many", "contains", "msi", False),
        ("many", "eq", ["oli", "tirs"], True),
        ("many", "eq", ["oli"], False),
        ("many", "in", ["msi", "tirs"], True),
    ],
)
def test_an_operator_compares_as_its_name_says(name: str, operator: str, value: Any, *, expected: bool) -> None:
    assert holds({name: {operator: value}}) is expected
    assert holds({f"properties.{name}": {operator: value}}) is expected


def test_all_conditions_must_hold() -> None:
    assert holds({"share": {"gt": 7, "lt": 8}, "count": {"eq": 7}})
    assert not holds({"share": {"gt": 7, "lt": 8}, "count": {"eq": 8}})


def test_every_operator_is_tested_above() -> None:
    mark = next(mark for mark in test_an_operator_compares_as_its_name_says.pytestmark if mark.name == "parametrize")
    assert {case[1] for case in mark.args[1]} == set(OPERATORS)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ([], "query is an object such as"),
        ("{", "this is no JSON"),
        ({"share": 3}, "needs an operator"),
        ({"share": {}}, "needs an operator"),
        ({"share": {"ltt": 3}}, "did you mean 'lt'?"),
        ({"shore": {"lt": 3}}, "did you mean 'share'?"),
        ({"zzz": {"lt": 3}}, "/queryables lists"),
        ({"share": {"lt": "few"}}, "write a number"),
        ({"share": {"lt": True}}, "write a number"),
        ({"share": {"lt": "nan"}}, "write a number"),
        ({"share": {"lt": None}}, "write a number"),
        ({"share": {"contains": "1"}}, "only texts have it"),
        ({"share": {"in": []}}, "takes a list with values"),
        ({"share": {"in": 3}}, "takes a list with values"),
        ({"text": {"eq": 28}}, "write text in quotes"),
        ({"text": {"contains": 28}}, "only texts have it"),
        ({"flag": {"eq": "yes"}}, "write true or false"),
        ({"datetime": {"eq": "yesterday"}}, "RFC 3339"),
        ({"many": {"lt": "oli"}}, "which is a list; use eq, contains, in"),
        ({"many": {"contains": 3}}, "write texts"),
        ({"geometry": {"eq": "x"}}, "use intersects or bbox"),
    ],
)
def test_each_error_says_what_to_change(query: Any, message: str) -> None:
    with pytest.raises(BadRequest) as error:
        query_filter(read_query(query), KNOWN)
    assert message in str(error.value)


def test_a_query_becomes_part_of_the_filter_once_its_properties_are_known() -> None:
    entry = entry_of("landsat_ot_c2_l2")
    search = parse({"collections": "x", "bbox": "0,0,1,1", "query": '{"eo:cloud_cover": {"lt": "20"}}'})
    resolved = resolve_filter(search, [entry])
    assert resolved.query == ()
    assert resolved.filter == {
        "op": "and",
        "args": [search.filter, {"op": "<", "args": [{"property": "eo:cloud_cover"}, 20]}],
    }
    assert resolve_filter(resolved, [entry]) == resolved


def test_path_and_row_may_be_numbers_though_items_have_three_digits() -> None:
    entry = entry_of("landsat_ot_c2_l2")
    for value in (28, "28", "028"):
        search = parse({"query": {"landsat:wrs_path": {"eq": value}}})
        assert resolve_filter(search, [entry]).filter == {"op": "=", "args": [{"property": "landsat:wrs_path"}, "028"]}


def test_two_queries_have_different_digests() -> None:
    first, second = (parse({"query": {"eo:cloud_cover": {"lt": cloud}}}).digest for cloud in (1, 2))
    assert first != second


def test_fields_do_not_change_the_digest() -> None:
    assert parse({"fields": "id"}).digest == parse({}).digest
