"""Typical searches: a name, and the parameters of a GET request."""

from __future__ import annotations

import json

__all__ = ["LONG_WALK", "THOUSAND", "TYPICAL"]

OLI, ETM, TM = "landsat_ot_c2_l2", "landsat_etm_c2_l2", "landsat_tm_c2_l2"
CITY = "12.2,41.6,12.8,42.2"
YEAR = "2023-01-01T00:00:00Z/2023-12-31T23:59:59Z"
MONTH = "2023-07-01T00:00:00Z/2023-07-31T23:59:59Z"
DECADE = "2014-01-01T00:00:00Z/2023-12-31T23:59:59Z"
RING = [[8, 44], [14, 44], [14, 48], [8, 48], [8, 44]]
HOLE = [[10, 45], [10, 47], [12, 47], [12, 45], [10, 45]]
HOLED = json.dumps({"type": "Polygon", "coordinates": [RING, HOLE]})
ID = "LC09_L2SP_190031_20231231_20240104_02_T1"


def _in_city(collections: str = OLI, when: str = YEAR, **more: str) -> dict[str, str]:
    return {"collections": collections, "bbox": CITY, "datetime": when, **more}


TYPICAL: dict[str, dict[str, str]] = {
    "a city, a year": _in_city(),
    "cloud < 10, a city, a year": _in_city(filter='"eo:cloud_cover" < 10'),
    "cloud <= 10 by query": _in_city(query='{"eo:cloud_cover": {"lte": 10}}'),
    "path and row, a decade": {
        "collections": OLI,
        "datetime": DECADE,
        "filter": "\"landsat:wrs_path\" = '191' AND \"landsat:wrs_row\" = '031'",
    },
    "tier 1 only": _in_city(filter="\"landsat:collection_category\" = 'T1'"),
    "one platform": _in_city(filter="platform = 'landsat-9'"),
    "sun elevation > 30": _in_city(filter='"view:sun_elevation" > 30'),
    "not cloudy": _in_city(filter='NOT "eo:cloud_cover" > 20'),
    "or across slots": _in_city(filter='"eo:cloud_cover" < 5 OR "landsat:collection_category" = \'T2\''),
    "summers of a decade": _in_city(when=DECADE, filter='"m2m:month" IN (6,7,8)'),
    "three sensors": _in_city(f"{OLI},{ETM},{TM}"),
    "three sensors, cloud < 10": _in_city(f"{OLI},{ETM},{TM}", filter='"eo:cloud_cover" < 10'),
    "an id": {"collections": OLI, "ids": ID},
    "an id, its collection unnamed": {"ids": ID},
    "newest first": _in_city(sortby="-datetime"),
    "oldest first": _in_city(sortby="datetime"),
    "least cloud first": _in_city(sortby="eo:cloud_cover"),
    "a box across 180": {"collections": OLI, "bbox": "178,-20,-178,-15", "datetime": MONTH},
    "a polygon with a hole": {"collections": OLI, "intersects": HOLED, "datetime": MONTH},
    "ids like a pattern, a month": {"collections": OLI, "datetime": MONTH, "filter": "id LIKE 'LC08_L2SP_191%'"},
    "from noon to noon": {
        "collections": OLI,
        "bbox": "0,35,30,60",
        "datetime": "2023-07-01T12:00:00Z/2023-07-03T12:00:00Z",
    },
    "within a box": _in_city(filter="S_WITHIN(geometry, BBOX(9,39,16,45))"),
    "no collection named": {"bbox": CITY, "datetime": MONTH},
    "a few fields": _in_city(fields="id,geometry,properties.datetime"),
    "aerial frames of a place": {"collections": "naip", "bbox": "-125,24,-66,50"},
}

THOUSAND = {"collections": OLI, "datetime": YEAR, "limit": "1000"}
LONG_WALK = {"collections": OLI, "datetime": YEAR, "limit": "200"}
