"""Examples of each command: at the end of its help, in docs/cli.md, and run by a test, each in the order given."""

from __future__ import annotations

__all__ = ["EXAMPLES", "epilog"]

EXAMPLES: dict[str, str] = {
    "serve": """
# On this machine, at another port
stac-bridge serve --port 8080
""",
    "sandbox": """
# A pretend M2M that prepares files for ten seconds
stac-bridge sandbox --staging-seconds 10
""",
    "doctor": """
stac-bridge doctor
""",
    "search": """
# The clearest scenes of a place in a summer
stac-bridge search -c landsat_ot_c2_l2 --bbox 5.9,45.4,6.5,45.8 --datetime 2024-06/2024-08 --sort eo:cloud_cover
# With little cloud, from Landsat 9 alone
stac-bridge search -c landsat_ot_c2_l2 --bbox 5.9,45.4,6.5,45.8 --cloud 10 --filter "platform = 'landsat-9'" --limit 5
# Saved, to be opened in QGIS, or as a table of columns
stac-bridge search -c landsat_ot_c2_l2 --bbox 5.9,45.4,6.5,45.8 --datetime 2024 --limit 30 --output found.geojson
stac-bridge search -c landsat_ot_c2_l2 --bbox 5.9,45.4,6.5,45.8 --datetime 2024 --limit 30 --output found.parquet
# For programs: an ItemCollection, or an Item a line
stac-bridge search -c naip --limit 2 --json
stac-bridge search -c naip --limit 2 --output -
""",
    "collections search": """
# What there is of film
stac-bridge collections search film
# What there is of a place before 1980
stac-bridge collections search --bbox 5.9,45.4,6.5,45.8 --datetime 1950/1979
""",
    "collections show": """
stac-bridge collections show landsat_ot_c2_l2
""",
    "item": """
stac-bridge item landsat_ot_c2_l2 LC08_L2SP_196028_20240728_20240807_02_T1
""",
    "explain": """
# Cloud is asked of M2M a percent wider, and tried again on the Items
stac-bridge explain -c landsat_ot_c2_l2 --datetime 2024-07 --cloud 10
""",
    "download": """
# Two files of the scenes of a day
stac-bridge download -c landsat_ot_c2_l2 --bbox 5.9,45.4,6.5,45.8 --datetime 2024-07-28 --assets mtl.txt,thumbnail
# Of what was searched for before
stac-bridge search -c landsat_ot_c2_l2 --datetime 2024-07-28 --limit 2 --output found.json
stac-bridge download found.json --assets thumbnail --output pictures
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
# A first mapping, of what M2M says of a dataset
stac-bridge mappings new eo1_hyp_pub > eo1_hyp_pub.yaml
""",
}
"""By command, lines for a shell; a line that begins with # says what the next one is for."""


def epilog(command: str) -> str:
    """The examples of a command as Markdown."""
    return f"**Examples**\n\n```sh\n{EXAMPLES[command].strip()}\n```"
