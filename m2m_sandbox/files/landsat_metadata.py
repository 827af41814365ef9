"""The text files of a Landsat product, with the values that common readers need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from m2m_sandbox.archive.landsat.grid import Albers

if TYPE_CHECKING:
    from m2m_sandbox.archive.landsat.grid import Grid
    from m2m_sandbox.archive.landsat.scene_facts import SceneFacts

Groups = dict[str, dict[str, str]]
"""Group name → keyword → value, as it is in an MTL file."""


def _groups(facts: SceneFacts) -> Groups:
    grid, (elevation, azimuth) = facts.grid, facts.sun
    cloud = "-1.00" if facts.cloud is None else f"{facts.cloud / 100:.2f}"
    return {
        "PRODUCT_CONTENTS": {
            "ORIGIN": '"Computed by the sandbox of stac-bridge"',
            "LANDSAT_PRODUCT_ID": f'"{facts.display_id}"',
            "PROCESSING_LEVEL": f'"{facts.level}"',
            "COLLECTION_NUMBER": "02",
            "COLLECTION_CATEGORY": f'"{facts.tier}"',
        },
        "IMAGE_ATTRIBUTES": {
            "SPACECRAFT_ID": f'"LANDSAT_{facts.satellite}"',
            "SENSOR_ID": f'"{facts.sensor}"',
            "WRS_PATH": str(facts.path),
            "WRS_ROW": str(facts.row),
            "DATE_ACQUIRED": f"{facts.day}",
            "SCENE_CENTER_TIME": f'"{facts.middle:%H:%M:%S.%f}0Z"',
            "CLOUD_COVER": cloud,
            "SUN_AZIMUTH": f"{azimuth:.8f}",
            "SUN_ELEVATION": f"{elevation:.8f}",
        },
        "PROJECTION_ATTRIBUTES": {
            "MAP_PROJECTION": f'"{_projection(grid)}"',
            **({} if grid.zone is None else {"UTM_ZONE": str(grid.zone)}),
            "GRID_CELL_SIZE_REFLECTIVE": f"{grid.pixel:.2f}",
            "REFLECTIVE_LINES": str(grid.height),
            "REFLECTIVE_SAMPLES": str(grid.width),
            "CORNER_UL_PROJECTION_X_PRODUCT": f"{grid.west:.3f}",
            "CORNER_UL_PROJECTION_Y_PRODUCT": f"{grid.north:.3f}",
        },
        **(_surface_reflectance() if facts.family.level == 2 else {}),
    }


def _projection(grid: Grid) -> str:
    if isinstance(grid.crs, Albers):
        return "AEA"
    return "PS" if grid.zone is None else "UTM"


def _surface_reflectance() -> Groups:
    return {
        "LEVEL2_SURFACE_REFLECTANCE_PARAMETERS": {
            **{f"REFLECTANCE_MULT_BAND_{band}": "2.75e-05" for band in range(1, 8)},
            **{f"REFLECTANCE_ADD_BAND_{band}": "-0.2" for band in range(1, 8)},
        }
    }


def mtl_text(facts: SceneFacts) -> str:
    """Return the MTL file as text: keywords and values, in groups."""
    lines = ["GROUP = LANDSAT_METADATA_FILE"]
    for group, values in _groups(facts).items():
        lines.append(f"  GROUP = {group}")
        lines += [f"    {name} = {value}" for name, value in values.items()]
        lines.append(f"  END_GROUP = {group}")
    return "\n".join([*lines, "END_GROUP = LANDSAT_METADATA_FILE", "END", ""])


def mtl_xml(facts: SceneFacts) -> str:
    """Return the MTL file as XML."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<LANDSAT_METADATA_FILE>"]
    for group, values in _groups(facts).items():
        lines.append(f"  <{group}>")
        lines += [f"    <{name}>{value.strip(chr(34))}</{name}>" for name, value in values.items()]
        lines.append(f"  </{group}>")
    return "\n".join([*lines, "</LANDSAT_METADATA_FILE>", ""])


def mtl_json(facts: SceneFacts) -> str:
    """Return the MTL file as JSON, in which all values are text."""
    groups = {
        name: {keyword: value.strip('"') for keyword, value in values.items()}
        for name, values in _groups(facts).items()
    }
    return orjson.dumps({"LANDSAT_METADATA_FILE": groups}, option=orjson.OPT_INDENT_2).decode()


def angle_header(facts: SceneFacts) -> str:
    """Return the header of an angle coefficient file, without any coefficients."""
    return "\n".join(
        [
            "GROUP = FILE_HEADER",
            f'  LANDSAT_SCENE_ID = "{facts.entity_id}"',
            f'  SPACECRAFT_ID = "LANDSAT_{facts.satellite}"',
            "  NUMBER_OF_BANDS = 11",
            "END_GROUP = FILE_HEADER",
            "END",
            "",
        ]
    )
