"""The declared conformance classes, each with the test that proves it. A class without a test is not declared."""

from __future__ import annotations

_STAC = "https://api.stacspec.org/v1.0.0"
_STAC_RC1 = "https://api.stacspec.org/v1.0.0-rc.1"
_SORT = "https://api.stacspec.org/v1.1.0"
_FEATURES = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
_FILTERING = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf"
_SORTABLES = "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf"

_VALID = "tests/conformance/test_validators.py::test_the_validator_finds_no_error"
_COLLECTIONS = "tests/api/test_collection_search.py"
_FILTER = "tests/api/test_filter.py"
_SORTED = "tests/api/test_sort.py"
_FIELDS = "tests/api/test_fields.py"
_QUERY = "tests/api/test_query.py"
_HTTP = "tests/api/test_http.py"

PROOFS: dict[str, str | None] = {
    f"{_STAC}/core": _VALID,
    f"{_STAC}/collections": _VALID,
    f"{_STAC}/ogcapi-features": _VALID,
    f"{_STAC}/item-search": "tests/api/test_search.py::test_paging_gives_every_item_once",
    f"{_FEATURES}/core": _VALID,
    f"{_FEATURES}/geojson": f"{_HTTP}::test_items_leave_as_geojson_and_nothing_else_does",
    f"{_FEATURES}/oas30": f"{_HTTP}::test_the_openapi_document_is_served_as_the_version_it_is_and_lists_errors",
    f"{_STAC}/item-search#fields": _VALID,
    f"{_STAC}/ogcapi-features#fields": f"{_FIELDS}::test_fields_hold_wherever_items_are_given",
    f"{_STAC}/item-search#query": _VALID,
    f"{_STAC}/ogcapi-features#query": f"{_QUERY}::test_every_operator_keeps_exactly_what_it_says",
    f"{_STAC_RC1}/collection-search": f"{_COLLECTIONS}::test_a_place_finds_the_collections_that_cover_it",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/simple-query": (
        f"{_COLLECTIONS}::test_a_time_finds_the_collections_of_that_time"
    ),
    f"{_STAC_RC1}/collection-search#free-text": f"{_COLLECTIONS}::test_any_of_the_words_asked_for_is_enough",
    f"{_STAC_RC1}/collection-search#filter": f"{_COLLECTIONS}::test_a_filter_is_tried_on_collections",
    f"{_STAC_RC1}/collection-search#fields": f"{_COLLECTIONS}::test_fields_choose_the_parts_of_collections",
    f"{_SORT}/collection-search#sort": f"{_COLLECTIONS}::test_an_order_is_that_of_the_values_with_the_unknown_last",
    f"{_SORT}/collection-search#sortables": f"{_COLLECTIONS}::test_every_sortable_of_collections_sorts_them",
    f"{_STAC}-rc.3/item-search#filter": f"{_FILTER}::test_basic_cql2_keeps_what_it_says_in_either_language",
    f"{_FILTERING}/filter": f"{_FILTER}::test_a_filter_in_another_crs_is_refused",
    f"{_FILTERING}/features-filter": f"{_FILTER}::test_basic_cql2_keeps_what_it_says_in_either_language",
    f"{_CQL2}/cql2-text": f"{_FILTER}::test_basic_cql2_keeps_what_it_says_in_either_language",
    f"{_CQL2}/cql2-json": f"{_FILTER}::test_basic_cql2_keeps_what_it_says_in_either_language",
    f"{_CQL2}/basic-cql2": f"{_FILTER}::test_basic_cql2_keeps_what_it_says_in_either_language",
    f"{_CQL2}/advanced-comparison-operators": f"{_FILTER}::test_like_between_and_in_keep_what_they_say",
    f"{_CQL2}/case-insensitive-comparison": f"{_FILTER}::test_case_can_be_left_aside",
    f"{_CQL2}/accent-insensitive-comparison": f"{_FILTER}::test_accents_can_be_left_aside",
    f"{_CQL2}/basic-spatial-functions": f"{_FILTER}::test_intersection_with_points_and_boxes",
    f"{_CQL2}/basic-spatial-functions-plus": f"{_FILTER}::test_intersection_with_every_type_of_geometry",
    f"{_CQL2}/spatial-functions": f"{_FILTER}::test_spatial_functions_are_those_of_shapely",
    f"{_CQL2}/temporal-functions": f"{_FILTER}::test_temporal_functions_compare_instants_and_intervals",
    f"{_CQL2}/array-functions": f"{_FILTER}::test_array_functions_compare_lists",
    f"{_CQL2}/property-property": f"{_FILTER}::test_two_properties_can_be_compared",
    f"{_CQL2}/arithmetic": f"{_FILTER}::test_arithmetic_is_computed",
    # pystac-client knows only the older URI of sorting, other clients the newer one.
    f"{_STAC}/item-search#sort": f"{_SORTED}::test_an_order_is_exact_on_every_page_in_both_directions",
    f"{_SORT}/item-search#sort": f"{_SORTED}::test_an_order_is_exact_on_every_page_in_both_directions",
    f"{_SORT}/ogcapi-features#sort": f"{_SORTED}::test_an_order_is_exact_on_every_page_in_both_directions",
    f"{_SORT}/item-search#sortables": f"{_SORTED}::test_every_sortable_sorts_a_result_of_one_page",
    f"{_SORTABLES}/sortables": f"{_SORTED}::test_every_sortable_sorts_a_result_of_one_page",
}
"""Conformance class → the test that proves it."""

CONFORMANCE = [uri for uri, proof in PROOFS.items() if proof]
"""The declared classes."""
