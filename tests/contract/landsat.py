"""The M2M scene of a Landsat product, built from the product's own metadata file (MTL)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from stac_bridge.catalog import Entry
from stac_bridge.m2m.models.datasets import Dataset
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import load_mappings
from stac_bridge.translate import Translator
from tests.support import SIGNED

DATASETS = {"LC08_L2": "landsat_ot_c2_l2", "LE07_L2": "landsat_etm_c2_l2", "LT05_L2": "landsat_tm_c2_l2"}
DATASETS |= {"LM01_L1": "landsat_mss_c2_l1"}
CORNERS = {"UL": "Upper Left", "UR": "Upper Right", "LL": "Lower Left", "LR": "Lower Right"}


def facts_of(path: Path) -> dict[str, str]:
    """The MTL's values by name; where a name stands twice, as the product contents have it."""
    found: dict[str, str] = {}
    for leaf in ElementTree.parse(path).iter():
        if len(leaf) == 0 and leaf.text:
            found.setdefault(leaf.tag, leaf.text)
    return found


def scene_of(mtl: dict[str, str]) -> dict[str, Any]:
    """The scene as M2M would give it: blanks before path and row, whole seconds, text and numbers mixed."""
    # The fraction has seven digits; Python reads six.
    centre = datetime.fromisoformat(f"{mtl['DATE_ACQUIRED']}T{mtl['SCENE_CENTER_TIME'][:15]}")
    start, stop = centre - timedelta(seconds=15.3), centre + timedelta(seconds=15.3)
    fields = {
        "Start Time": start.strftime("%Y-%m-%d %H:%M:%S"),
        "Stop Time": stop.strftime("%Y-%m-%d %H:%M:%S"),
        "Satellite": mtl["SPACECRAFT_ID"][-1],
        "Sensor Identifier": mtl["SENSOR_ID"],
        "Nadir/Off Nadir": mtl.get("NADIR_OFFNADIR"),
        "WRS Path": f" {mtl['WRS_PATH']}",
        "WRS Row": f" {mtl['WRS_ROW']}",
        "Collection Category": mtl["COLLECTION_CATEGORY"],
        "Collection Number": int(mtl["COLLECTION_NUMBER"]),
        "Scene Cloud Cover L1": mtl["CLOUD_COVER"],
        "Land Cloud Cover": mtl["CLOUD_COVER_LAND"],
        "Sun Elevation L0RA": mtl["SUN_ELEVATION"],
        "Sun Azimuth L0RA": mtl["SUN_AZIMUTH"],
        "Product Map Projection L1": mtl["MAP_PROJECTION"],
        "UTM Zone": int(mtl["UTM_ZONE"]),
    }
    for corner, words in CORNERS.items():
        fields[f"Corner {words} Latitude"] = mtl[f"CORNER_{corner}_LAT_PRODUCT"]
        fields[f"Corner {words} Longitude"] = mtl[f"CORNER_{corner}_LON_PRODUCT"]
    day = f"{mtl['DATE_ACQUIRED']} 00:00:00"
    browse = {"browsePath": "https://landsatlook.usgs.gov/b.jpg", "thumbnailPath": "https://landsatlook.usgs.gov/t.jpg"}
    return {
        "entityId": mtl["LANDSAT_SCENE_ID"],
        "displayId": mtl["LANDSAT_PRODUCT_ID"],
        "cloudCover": round(float(mtl["CLOUD_COVER"])),
        "spatialCoverage": {"type": "Polygon", "coordinates": [[[0, 1], [2, 1], [2, 3], [0, 3], [0, 1]]]},
        "temporalCoverage": {"startDate": day, "endDate": day},
        "options": {"download": True},
        "browse": [browse],
        "metadata": [{"fieldName": label, "value": value} for label, value in fields.items()],
    }


def item_of(mtl: dict[str, str]) -> dict[str, Any]:
    """The bridge's Item of the product that an MTL describes."""
    alias = DATASETS[mtl["LANDSAT_PRODUCT_ID"][:7]]
    dataset = Dataset.model_validate({"datasetAlias": alias, "datasetId": "5e83d14f2fc39685"})
    translator, scene = Translator(Entry(dataset, load_mappings().for_dataset(alias))), read_scene(scene_of(mtl))
    return translator.finish(translator.core(scene), scene, "http://here/", SIGNED)
