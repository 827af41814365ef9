"""The text files of a Landsat product. Its metadata file (MTL) has the groups and keywords of USGS's own."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

from m2m_sandbox.archive.fact_sheets import sheet
from m2m_sandbox.archive.landsat.grid import Albers
from m2m_sandbox.archive.landsat.metadata_fields import metadata
from m2m_sandbox.archive.overpasses.sun import earth_sun_distance
from m2m_sandbox.files.landsat_radiometry import level_1_bands, level_1_groups, level_2_groups
from m2m_sandbox.pixels.bands import raster_kinds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from m2m_sandbox.archive.landsat.grid import Grid
    from m2m_sandbox.archive.landsat.scene_facts import SceneFacts

Values = dict[str, str]
Groups = dict[str, Values]
"""Group name → keyword → value, as it is in an MTL file."""

_ORIGIN = "Computed by the sandbox of stac-bridge"
_REQUEST = "L2"

_UNQUOTED = re.compile(r"-?\d+(\.\d+)?([eE][-+]\d+)?|\d{4}-\d\d-\d\d(T[\d:]+Z)?")
"""Numbers and dates; in the text form, all other values are in quotation marks."""

_PANCHROMATIC = "8"

_KEYWORDS = {
    "ST_TRAD": "THERMAL_RADIANCE",
    "ST_URAD": "UPWELL_RADIANCE",
    "ST_DRAD": "DOWNWELL_RADIANCE",
    "ST_ATRAN": "ATMOSPHERIC_TRANSMITTANCE",
    "ST_EMIS": "EMISSIVITY",
    "ST_EMSD": "EMISSIVITY_STDEV",
    "ST_CDIST": "CLOUD_DISTANCE",
    "SR_ATMOS_OPACITY": "ATMOSPHERIC_OPACITY",
    "SR_CLOUD_QA": "QUALITY_L2_SURFACE_REFLECTANCE_CLOUD",
    "SR_QA_AEROSOL": "QUALITY_L2_AEROSOL",
    "ST_QA": "QUALITY_L2_SURFACE_TEMPERATURE",
    "QA_PIXEL": "QUALITY_L1_PIXEL",
    "QA_RADSAT": "QUALITY_L1_RADIOMETRIC_SATURATION",
    "QA_LINEAGE": "QUALITY_LINEAGE",
    "VAA": "ANGLE_SENSOR_AZIMUTH_BAND_4",
    "VZA": "ANGLE_SENSOR_ZENITH_BAND_4",
    "SAA": "ANGLE_SOLAR_AZIMUTH_BAND_4",
    "SZA": "ANGLE_SOLAR_ZENITH_BAND_4",
}
"""Name of a raster that is not a band → the end of its keywords."""

_ANCILLARY = {
    "OLI_TIRS": ("LaSRC_1.5.0", "MODIS", "Calculated"),
    "ETM": ("LEDAPS_3.4.0", "TOMS", "NCEP"),
    "TM": ("LEDAPS_3.4.0", "TOMS", "NCEP"),
}
"""Sensor → algorithm of surface reflectance, and the sources of ozone and pressure."""

_RAW_FORMATS = {"TM": "TMR_L0RP", "MSS": "MSSR_L0RP"}

_MAX_WRS_1 = 3
"""Landsat 1 to 3 used the first grid of paths and rows."""


def angle_file(sensor: str) -> tuple[str, ...]:
    """Return the ending of the angle coefficient file; products of MSS have none."""
    return () if sensor == "MSS" else ("ANG.txt",)


@lru_cache(maxsize=256)
def mtl_groups(facts: SceneFacts) -> Groups:
    """Return the groups of the MTL file. They are cached, because a list of downloads has the sizes of three forms."""
    if facts.family.tiled:
        return {
            "PRODUCT_CONTENTS": _contents(facts),
            "IMAGE_ATTRIBUTES": _image(facts, {}),
            "PROJECTION_ATTRIBUTES": _projection(facts),
            **level_2_groups(facts),
        }
    # What M2M lists of a scene comes from its MTL file, so both have the same values.
    fields = {str(row["fieldName"]): str(row["value"]) for row in metadata(facts)}
    is_level_2 = facts.family.level == 2
    return {
        "PRODUCT_CONTENTS": _contents(facts),
        "IMAGE_ATTRIBUTES": _image(facts, fields),
        "PROJECTION_ATTRIBUTES": _projection(facts),
        **({"LEVEL2_PROCESSING_RECORD": _level_2_record(facts, fields), **level_2_groups(facts)} if is_level_2 else {}),
        "LEVEL1_PROCESSING_RECORD": _level_1_record(facts, fields),
        **level_1_groups(facts),
        "LEVEL1_PROJECTION_PARAMETERS": _level_1_projection(facts),
        **({} if facts.sensor.startswith("OLI") else {"PRODUCT_PARAMETERS": dict(_parameters(facts, fields))}),
    }


# -- what the product contains -------------------------------------------------------------------------------


def _contents(facts: SceneFacts) -> Values:
    kinds = raster_kinds(facts.sensor, facts.level, facts.satellite)
    rasters = _in_order(kinds)
    values = {
        "ORIGIN": _ORIGIN,
        "DIGITAL_OBJECT_IDENTIFIER": _doi(facts.dataset),
        "LANDSAT_PRODUCT_ID": facts.display_id,
        "PROCESSING_LEVEL": facts.level,
        "COLLECTION_NUMBER": "02",
        "COLLECTION_CATEGORY": facts.tier,
        "OUTPUT_FORMAT": "GEOTIFF",
        **_file_names(facts.display_id, facts, rasters),
        **{f"DATA_TYPE_{_keyword(name)}": kinds[name].data_type for name in rasters},
    }
    if facts.sensor == "MSS":
        values |= {f"PRESENT_BAND_{band}": "Y" for band in level_1_bands(facts)}
    return values


def _in_order(names: Iterable[str]) -> list[str]:
    """Sort rasters as an MTL file lists them: bands by number, then the rest."""
    rest = list(_KEYWORDS)
    return sorted(names, key=lambda name: (1, rest.index(name), "") if name in _KEYWORDS else (0, *_number(name)))


def _number(name: str) -> tuple[int, str]:
    """Return the number of a band, and what follows it: ``B6_VCID_1`` is 6."""
    match = re.search(r"B(\d+)(.*)", name)
    return (int(match[1]), match[2]) if match else (0, name)


def _keyword(name: str) -> str:
    """Return the end of a raster's keywords.

    >>> _keyword("SR_B4"), _keyword("ST_B10"), _keyword("B6_VCID_1"), _keyword("ST_TRAD")
    ('BAND_4', 'BAND_ST_B10', 'BAND_6_VCID_1', 'THERMAL_RADIANCE')
    """
    if name in _KEYWORDS:
        return _KEYWORDS[name]
    return f"BAND_{re.sub('^(SR_)?B', '', name)}"


def _file_names(product_id: str, facts: SceneFacts, rasters: Iterable[str], ground_control: str = "") -> Values:
    """Return the keywords of a product's files; ``ground_control`` is the ending of a file that only Level 1 lists."""
    names = {f"FILE_NAME_{_keyword(name)}": f"{name}.TIF" for name in rasters}
    angles = {name: value for name, value in names.items() if "_ANGLE_" in name}
    odl = ("JSON", "json") if facts.family.tiled else ("ODL", "txt")
    coefficients = "" if facts.family.tiled else "".join(angle_file(facts.sensor))
    ordered = {
        **{name: value for name, value in names.items() if name not in angles},
        "FILE_NAME_GROUND_CONTROL_POINT": ground_control,
        "FILE_NAME_ANGLE_COEFFICIENT": coefficients,
        **angles,
        f"FILE_NAME_METADATA_{odl[0]}": f"MTL.{odl[1]}",
        "FILE_NAME_METADATA_XML": "MTL.xml",
    }
    return {name: f"{product_id}_{ending}" for name, ending in ordered.items() if ending}


def _doi(dataset: str) -> str:
    return str(sheet(dataset)["dataset"]["doiNumber"]).strip()


# -- the image and its grid ----------------------------------------------------------------------------------


def _image(facts: SceneFacts, fields: Values) -> Values:
    """Return when and how the image was taken; ``fields`` are those of the scene, empty for a tile."""
    (elevation, azimuth), is_oli = facts.sun, facts.sensor.startswith("OLI")
    cloud = "-1.00" if facts.cloud is None else f"{facts.cloud / 100:.2f}"
    path, row = (str(facts.path), str(facts.row)) if is_oli else (f"{facts.path:03}", f"{facts.row:03}")
    values = {
        "SPACECRAFT_ID": f"LANDSAT_{facts.satellite}",
        "SENSOR_ID": facts.sensor,
        "WRS_TYPE": "1" if facts.satellite <= _MAX_WRS_1 else "2",
        "WRS_PATH": path,
        "WRS_ROW": row,
    }
    if is_oli:
        values |= {"NADIR_OFFNADIR": "NADIR", "TARGET_WRS_PATH": path, "TARGET_WRS_ROW": row}
    values |= {
        "DATE_ACQUIRED": f"{facts.day}",
        "SCENE_CENTER_TIME": f"{facts.middle:%H:%M:%S.%f}0Z",
        "STATION_ID": facts.station[:3],
        "CLOUD_COVER": cloud,
        "CLOUD_COVER_LAND": cloud,
        **_quality(facts),
        **{f"SATURATION_BAND_{band}": mark for band, mark in _saturations(facts)},
        **({"ROLL_ANGLE": fields.get("Roll Angle", "0.000")} if is_oli else {}),
        "SUN_AZIMUTH": f"{azimuth:.8f}",
        "SUN_ELEVATION": f"{elevation:.8f}",
        "EARTH_SUN_DISTANCE": f"{earth_sun_distance(facts.middle):.7f}",
    }
    if is_oli:
        model = fields.get("TIRS SSM Model", "N/A")
        return values | {
            "TRUNCATION_OLI": "UPPER",
            "TIRS_SSM_MODEL": model,
            "TIRS_SSM_POSITION_STATUS": "N/A" if model == "N/A" else "ESTIMATED",
        }
    return values | _sensor_mode(facts)


def _quality(facts: SceneFacts) -> Values:
    """Return the quality, from 0 to 9, of each of the instruments; one that took no image has −1."""
    if not facts.sensor.startswith("OLI"):
        return {"IMAGE_QUALITY": "9"}
    return {"IMAGE_QUALITY_OLI": "9", "IMAGE_QUALITY_TIRS": "9" if facts.sensor == "OLI_TIRS" else "-1"}


def _saturations(facts: SceneFacts) -> Iterator[tuple[str, str]]:
    """Yield whether each band has saturated pixels: clouds are brighter than the eight bits of the older sensors.

    The bands of TIRS have no mark.
    """
    is_oli = facts.sensor.startswith("OLI")
    for band, kind in level_1_bands(facts).items():
        if not (is_oli and kind.thermal):
            yield band, "Y" if facts.cloud and kind.data_type == "UINT8" and not kind.thermal else "N"


def _sensor_mode(facts: SceneFacts) -> Values:
    """Return the mode of the scanning mirror of ETM+ and TM."""
    if facts.sensor == "MSS":
        return {}
    failed = facts.sensor == "ETM" and not facts.corrected
    return {"SENSOR_MODE": "SAM", "SENSOR_MODE_SLC": "OFF" if failed else "ON", "SENSOR_ANOMALIES": "NONE"}


def _projection(facts: SceneFacts) -> Values:
    grid = facts.grid
    names, corners = ("UL", "UR", "LL", "LR"), grid.corners
    by_name = {"UL": corners[0], "UR": corners[1], "LL": corners[3], "LR": corners[2]}
    return {
        **_system(grid),
        **_cell_sizes(facts, with_panchromatic=facts.family.level == 1),
        **_sizes(facts),
        "ORIENTATION": "NORTH_UP",
        **{
            f"CORNER_{name}_{word}_PRODUCT": f"{by_name[name][axis]:.5f}"
            for name in names
            for axis, word in ((1, "LAT"), (0, "LON"))
        },
        **{
            f"CORNER_{name}_PROJECTION_{axis}_PRODUCT": f"{value:.3f}"
            for name in names
            for axis, value in (
                ("X", grid.west if name[1] == "L" else grid.east),
                ("Y", grid.north if name[0] == "U" else grid.south),
            )
        },
    }


def _system(grid: Grid) -> Values:
    """Return the coordinate system. The parameters of other projections than UTM are those of the control books."""
    datum = {"DATUM": "WGS84", "ELLIPSOID": "WGS84"}
    if isinstance(grid.crs, Albers):
        first, second = grid.crs.parallels
        parameters = {
            "STANDARD_PARALLEL_1_LAT": first,
            "STANDARD_PARALLEL_2_LAT": second,
            "CENTRAL_MERIDIAN_LON": grid.crs.longitude,
            "ORIGIN_LAT": grid.crs.latitude,
        }
        values = {name: f"{value:.5f}" for name, value in parameters.items()}
        return {"MAP_PROJECTION": "AEA", **datum, **values, "FALSE_EASTING": "0.000", "FALSE_NORTHING": "0.000"}
    if grid.zone is None:
        pole = {"VERTICAL_LON_FROM_POLE": "0.00000", "TRUE_SCALE_LAT": "-71.00000"}
        return {"MAP_PROJECTION": "PS", **datum, **pole, "FALSE_EASTING": "0.000", "FALSE_NORTHING": "0.000"}
    return {"MAP_PROJECTION": "UTM", **datum, "UTM_ZONE": str(grid.zone)}


def _cell_sizes(facts: SceneFacts, *, with_panchromatic: bool) -> Values:
    size, bands = facts.grid.pixel, level_1_bands(facts)
    values = {"GRID_CELL_SIZE_PANCHROMATIC": f"{size / 2:.2f}"} if with_panchromatic and _PANCHROMATIC in bands else {}
    values |= {"GRID_CELL_SIZE_REFLECTIVE": f"{size:.2f}"}
    return values | ({"GRID_CELL_SIZE_THERMAL": f"{size:.2f}"} if _has_thermal(facts) else {})


def _has_thermal(facts: SceneFacts) -> bool:
    return any(kind.thermal for kind in level_1_bands(facts).values())


def _sizes(facts: SceneFacts) -> Values:
    """Return lines and samples; the corner pixels of the panchromatic band have the same centers as all others."""
    grid = facts.grid
    words = {"REFLECTIVE": (grid.height, grid.width)}
    if facts.family.level == 1 and _PANCHROMATIC in level_1_bands(facts):
        words = {"PANCHROMATIC": (2 * grid.height - 1, 2 * grid.width - 1), **words}
    if _has_thermal(facts):
        words["THERMAL"] = (grid.height, grid.width)
    return {
        f"{word}_{axis}": str(count)
        for word, counts in words.items()
        for axis, count in zip(("LINES", "SAMPLES"), counts, strict=True)
    }


# -- how it was processed ------------------------------------------------------------------------------------


def _level_2_record(facts: SceneFacts, fields: Values) -> Values:
    algorithm, ozone, pressure = _ANCILLARY["OLI_TIRS" if facts.sensor == "OLI" else facts.sensor]
    other = ozone if facts.sensor.startswith("OLI") else pressure
    values = {
        "ORIGIN": _ORIGIN,
        "DIGITAL_OBJECT_IDENTIFIER": _doi(facts.dataset),
        "REQUEST_ID": _REQUEST,
        "LANDSAT_PRODUCT_ID": facts.display_id,
        "PROCESSING_LEVEL": facts.level,
        "OUTPUT_FORMAT": "GEOTIFF",
        "DATE_PRODUCT_GENERATED": _generated(facts, minutes=30),
        "PROCESSING_SOFTWARE_VERSION": fields["Processing Software Version"],
        "ALGORITHM_SOURCE_SURFACE_REFLECTANCE": algorithm,
        "DATA_SOURCE_OZONE": ozone,
        "DATA_SOURCE_PRESSURE": pressure,
        "DATA_SOURCE_WATER_VAPOR": other,
        "DATA_SOURCE_AIR_TEMPERATURE": other,
    }
    if facts.level == "L2SR":
        return values
    reanalysis = "GEOS-5 FP-IT" if facts.day.year >= 2000 else "MERRA-2"
    return values | {"ALGORITHM_SOURCE_SURFACE_TEMPERATURE": "st_1.3.0", "DATA_SOURCE_REANALYSIS": reanalysis}


def _level_1_record(facts: SceneFacts, fields: Values) -> Values:
    level = facts.level1_id.split("_")[1]
    rasters = _in_order(raster_kinds(facts.sensor, level, facts.satellite))
    is_precise, is_oli = level == "L1TP", facts.sensor.startswith("OLI")
    dataset = facts.dataset.replace("_l2", "_l1")
    values = {
        "ORIGIN": _ORIGIN,
        "DIGITAL_OBJECT_IDENTIFIER": _doi(dataset),
        "REQUEST_ID": _REQUEST,
        "LANDSAT_SCENE_ID": facts.entity_id,
        "LANDSAT_PRODUCT_ID": facts.level1_id,
        "PROCESSING_LEVEL": level,
        "COLLECTION_CATEGORY": facts.tier,
        "OUTPUT_FORMAT": "GEOTIFF",
        "DATE_PRODUCT_GENERATED": _generated(facts, minutes=0),
        "PROCESSING_SOFTWARE_VERSION": fields["Processing Software Version"],
        **_file_names(facts.level1_id, facts, rasters, "GCP.txt" if is_precise and not is_oli else ""),
        "FILE_NAME_CPF": f"{facts.level1_id[:4]}CPF_{_quarter(facts.day)}_02.01",
        **(_oli_sources(facts) if is_oli else {}),
    }
    if level != "L1GS":  # the only level that is not corrected for terrain
        values["DATA_SOURCE_ELEVATION"] = "GLS2000"
    if is_precise:
        control = [f"Ground Control Points {word}" for word in ("Version", "Model")]
        errors = [f"Geometric RMSE Model{axis}" for axis in ("", " Y", " X")]
        values |= {label.upper().replace(" ", "_"): fields[label] for label in (*control, *errors)}
        if is_oli:
            values |= {"GROUND_CONTROL_POINTS_VERIFY": "120", "GEOMETRIC_RMSE_VERIFY": "5.000"}
    if is_oli:
        return values
    return values | {"EPHEMERIS_TYPE": "DEFINITIVE" if facts.sensor == "ETM" else "PREDICTIVE"}


def _oli_sources(facts: SceneFacts) -> Values:
    """Return the parameter files of OLI and TIRS."""
    satellite, orbit = facts.satellite, (facts.middle - timedelta(minutes=4), facts.middle + timedelta(minutes=31))
    times = "_".join(f"{moment:%Y%m%d%H%M%S}" for moment in orbit)
    has_tirs = facts.sensor == "OLI_TIRS"
    return {
        "FILE_NAME_BPF_OLI": f"LO{satellite}BPF{times}.01",
        **({"FILE_NAME_BPF_TIRS": f"LT{satellite}BPF{times}.01"} if has_tirs else {}),
        "FILE_NAME_RLUT": f"LC{satellite:02}RLUT_20150303_20431231_02_01.h5",
        **({"DATA_SOURCE_TIRS_STRAY_LIGHT_CORRECTION": "TIRS"} if has_tirs else {}),
    }


def _quarter(day: date) -> str:
    """Return the first and last day of the calendar quarter, for which calibration parameters are published.

    >>> _quarter(date(1986, 4, 24))
    '19860401_19860630'
    """
    month = 3 * ((day.month - 1) // 3) + 1
    following = date(day.year + month // 12, (month + 2) % 12 + 1, 1)
    return f"{date(day.year, month, 1):%Y%m%d}_{following - timedelta(days=1):%Y%m%d}"


def _generated(facts: SceneFacts, minutes: int) -> str:
    noon = datetime.combine(facts.processed, time(12), UTC)
    return f"{noon + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


def _level_1_projection(facts: SceneFacts) -> Values:
    values = {
        **_system(facts.grid),
        **_cell_sizes(facts, with_panchromatic=True),
        "ORIENTATION": "NORTH_UP",
        "RESAMPLING_OPTION": "CUBIC_CONVOLUTION",
    }
    if facts.sensor == "ETM":
        return values | {"SCAN_GAP_INTERPOLATION": "2.0"}
    return values | ({} if facts.sensor.startswith("OLI") else {"MAP_PROJECTION_L0RA": "NA"})


def _parameters(facts: SceneFacts, fields: Values) -> Iterator[tuple[str, str]]:
    """Yield how each band of the older sensors was calibrated, and the gains of ETM+, which M2M lists, too."""
    bands = level_1_bands(facts)
    if facts.sensor in _RAW_FORMATS:
        yield "DATA_TYPE_L0RP", _RAW_FORMATS[facts.sensor]
    for band, kind in bands.items():
        yield f"CORRECTION_GAIN_BAND_{band}", "INTERNAL_CALIBRATION" if facts.sensor == "TM" and kind.thermal else "CPF"
    if facts.sensor != "MSS":
        for band in bands:
            yield f"CORRECTION_BIAS_BAND_{band}", "INTERNAL_CALIBRATION" if facts.sensor == "ETM" else "CPF"
    if facts.sensor == "TM":
        return
    for band in bands:
        yield f"GAIN_BAND_{band}", _gain(band, fields)
    if facts.sensor == "ETM":
        for band in bands:
            yield f"GAIN_CHANGE_BAND_{band}", 2 * _gain(band, fields)
        for band in bands:
            yield f"GAIN_CHANGE_SCAN_BAND_{band}", "0"


def _gain(band: str, fields: Values) -> str:
    """Return a band's gain; M2M names the two of band 6 after theirs."""
    return fields.get(f"Gain Band {band.replace('_VCID_1', 'L').replace('_VCID_2', 'H')}", "L")


# -- the three forms -----------------------------------------------------------------------------------------


def mtl_text(facts: SceneFacts) -> str:
    """Return the MTL file as text: keywords and values, in groups."""
    lines = ["GROUP = LANDSAT_METADATA_FILE"]
    for group, values in mtl_groups(facts).items():
        lines.append(f"  GROUP = {group}")
        lines += [f"    {name} = {_quoted(value)}" for name, value in values.items()]
        lines.append(f"  END_GROUP = {group}")
    return "\n".join([*lines, "END_GROUP = LANDSAT_METADATA_FILE", "END", ""])


def _quoted(value: str) -> str:
    return value if _UNQUOTED.fullmatch(value) else f'"{value}"'


def mtl_xml(facts: SceneFacts) -> str:
    """Return the MTL file as XML."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<LANDSAT_METADATA_FILE>"]
    for group, values in mtl_groups(facts).items():
        lines.append(f"  <{group}>")
        lines += [f"    <{name}>{value}</{name}>" for name, value in values.items()]
        lines.append(f"  </{group}>")
    return "\n".join([*lines, "</LANDSAT_METADATA_FILE>", ""])


def mtl_json(facts: SceneFacts) -> str:
    """Return the MTL file as JSON, in which all values are text."""
    return orjson.dumps({"LANDSAT_METADATA_FILE": mtl_groups(facts)}, option=orjson.OPT_INDENT_2).decode()


def angle_header(facts: SceneFacts) -> str:
    """Return the header of an angle coefficient file, without any coefficients."""
    return "\n".join(
        [
            "GROUP = FILE_HEADER",
            f'  LANDSAT_SCENE_ID = "{facts.entity_id}"',
            f'  SPACECRAFT_ID = "LANDSAT_{facts.satellite}"',
            f"  NUMBER_OF_BANDS = {len(level_1_bands(facts))}",
            "END_GROUP = FILE_HEADER",
            "END",
            "",
        ]
    )
