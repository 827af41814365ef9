"""Examples of each command, for its help and docs/cli.md. A test runs them in this order."""

from __future__ import annotations

EXAMPLES: dict[str, str] = {
    "serve": """
# On another port
stac-bridge serve --port 8080
""",
    "sandbox": """
# A simulated M2M that needs ten seconds to prepare a file
stac-bridge sandbox --staging-seconds 10
""",
    "doctor": """
stac-bridge doctor
""",
    "search": """
# The least cloudy scenes of a place in one summer
stac-bridge search -c landsat_ot_c2_l2 --bbox 5.9,45.4,6.5,45.8 --datetime 2024-06/2024-08 --sort eo:cloud_cover
# Up to 10 % of cloud, only from Landsat 9
stac-bridge search -c landsat_ot_c2_l2 --bbox 5.9,45.4,6.5,45.8 --cloud 10 --filter "platform = 'landsat-9'" --limit 5
# Saved as GeoJSON, for example for QGIS, or as a Parquet table
stac-bridge search -c landsat_ot_c2_l2 --bbox 5.9,45.4,6.5,45.8 --datetime 2024 --limit 30 --output items.geojson
stac-bridge search -c landsat_ot_c2_l2 --bbox 5.9,45.4,6.5,45.8 --datetime 2024 --limit 30 --output items.parquet
# For programs: an ItemCollection, or one Item per line
stac-bridge search -c naip --limit 2 --json
stac-bridge search -c naip --limit 2 --output -
""",
    "collections search": """
# Collections about film
stac-bridge collections search film
# Collections of a place before 1980
stac-bridge collections search --bbox 5.9,45.4,6.5,45.8 --datetime 1950/1979
""",
    "collections show": """
stac-bridge collections show landsat_ot_c2_l2
""",
    "item": """
stac-bridge item landsat_ot_c2_l2 LC08_L2SP_196028_20240728_20240807_02_T1
""",
    "explain": """
# M2M's cloud filter is coarser, so it gets a wider limit, and the Items are checked against the exact one
stac-bridge explain -c landsat_ot_c2_l2 --datetime 2024-07 --cloud 10
""",
    "download": """
# Two files of each scene of one day
stac-bridge download -c landsat_ot_c2_l2 --bbox 5.9,45.4,6.5,45.8 --datetime 2024-07-28 --assets mtl.txt,thumbnail
# The Items of an earlier search
stac-bridge search -c landsat_ot_c2_l2 --datetime 2024-07-28 --limit 2 --output items.json
stac-bridge download items.json --assets thumbnail --output pictures
""",
    "mappings list": """
stac-bridge mappings list
""",
    "mappings show": """
stac-bridge mappings show landsat_ot_c2_l2
""",
    "mappings check": """
stac-bridge mappings check
""",
    "mappings new": """
# A draft from M2M's description of the dataset
stac-bridge mappings new eo1_hyp_pub > eo1_hyp_pub.yaml
""",
}
"""Shell commands by command name; a line that starts with # describes the next one."""


def epilog(command: str) -> str:
    """The examples of a command, in Markdown."""
    return f"**Examples**\n\n```sh\n{EXAMPLES[command].strip()}\n```"
