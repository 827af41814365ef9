"""Operators of other languages are answered with those of CQL2."""

from __future__ import annotations

import re

import pytest

from stac_bridge.errors import BadRequest
from stac_bridge.search.cql2 import parser
from stac_bridge.search.cql2.parser import read_filter

CLOUD = {"property": "eo:cloud_cover"}


@pytest.mark.parametrize(
    ("operator", "meant"),
    [
        ("eq", "="),
        ("EQ", "="),
        ("==", "="),
        ("neq", "<>"),
        ("lt", "<"),
        ("lte", "<="),
        ("gt", ">"),
        ("ge", ">="),
        ("startsWith", "like"),
        ("&&", "and"),
        ("||", "or"),
        ("!", "not"),
        ("s_intersect", "s_intersects"),
    ],
)
def test_an_operator_of_another_language_is_answered_with_that_of_cql2(operator: str, meant: str) -> None:
    for value in (
        {"op": operator, "args": [CLOUD, 10]},
        {"op": "and", "args": [{"op": operator, "args": [CLOUD, 10]}]},
    ):
        with pytest.raises(BadRequest, match=f"{re.escape(repr(operator))}.*did you mean {re.escape(repr(meant))}"):
            read_filter(value, "cql2-json")


def test_each_suggestion_is_an_operator_of_cql2_and_no_name_of_one_is_replaced() -> None:
    assert {name.lower() for name in parser._OTHER_NAMES.values()} <= set(parser._ARITY)
    assert not set(parser._OTHER_NAMES) & set(parser._ARITY)


@pytest.mark.parametrize(
    "part",
    [
        {"op": "isNull", "args": {"property": "id"}},
        {"op": "not", "args": {"op": "=", "args": [1, 1]}},
        {"op": "="},
        {"op": None, "args": []},
        {"op": "=", "args": [{"property": 5}, "x"]},
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": "1,2,3,4"}]},
    ],
)
def test_a_part_of_another_type_than_it_has_is_shown(part: dict[str, object]) -> None:
    for value in (part, {"op": "and", "args": [part, part]}):
        with pytest.raises(BadRequest, match=r"with a list of arguments|is no value of CQL2"):
            read_filter(value, "cql2-json")
