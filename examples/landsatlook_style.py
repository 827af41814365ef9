"""Greenness of one place over a summer, as scripts for LandsatLook do it: search, read windows of files, combine.

Only the address differs from such a script. Where no server is named, it starts one on
the embedded sandbox.

    python examples/landsatlook_style.py
"""

from __future__ import annotations

import argparse
import warnings

import matplotlib as mpl
import numpy as np
import rasterio
import rasterio.windows
from pystac_client import Client
from rasterio.warp import transform_bounds
from serving import server

from stac_bridge import compat

mpl.use("agg")
import matplotlib.pyplot as plt

PLACE = (5.95, 45.7, 6.05, 45.78)
CLEAR = 1 << 6
"""The bit of the pixel quality band that says: neither cloud nor its rim."""


def window_of(href: str, place: tuple[float, float, float, float]) -> np.ndarray:
    """The part of a file that covers a place (degrees), in the file's own grid; outside the scene it is 0."""
    with rasterio.open(href) as file:
        bounds = transform_bounds("EPSG:4326", file.crs, *place)
        window = rasterio.windows.from_bounds(*bounds, file.transform).round_offsets().round_lengths()
        return file.read(1, window=window, boundless=True, fill_value=0)


def greenness(item: object) -> np.ndarray:
    """NDVI of one scene, without a number where it is cloudy."""
    red, nir = (window_of(item.assets[key].href, PLACE) * 0.0000275 - 0.2 for key in ("red", "nir08"))
    clear = window_of(item.assets["qa_pixel"].href, PLACE) & CLEAR > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(clear, np.clip((nir - red) / (nir + red), -1, 1), np.nan)


def main() -> None:
    """Search, read, draw."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--api", help="address of a running stac-bridge")
    options.add_argument("--out", default="landsatlook_style.png", help="where to write the picture")
    given = options.parse_args()

    with server(given.api) as address:
        search = Client.open(address).search(
            collections=["landsat-c2l2-sr"], bbox=PLACE, datetime="2024-06-01/2024-08-31", max_items=60
        )
        items = [item for item in search.items() if item.properties.get("eo:cloud_cover", 100) < 60]
        # Scenes of one path and row lie on one grid, up to whole pixels.
        one = items[0].properties
        same = [item for item in items if item.properties["proj:code"] == one["proj:code"]][:4]
        with rasterio.Env(**compat.gdal_options(address)):
            layers = [greenness(item) for item in same]

    height, width = (min(layer.shape[axis] for layer in layers) for axis in (0, 1))
    stack = np.stack([layer[:height, :width] for layer in layers])
    warnings.simplefilter("ignore", RuntimeWarning)  # where it was cloudy always, there is no number
    median = np.nanmedian(stack, axis=0)
    plt.imsave(given.out, np.nan_to_num(median, nan=-1), cmap="YlGn", vmin=0, vmax=0.9)
    print(f"{given.out}: {width} × {height} pixels of {len(same)} scenes, median NDVI {np.nanmedian(median):.2f}")


if __name__ == "__main__":
    main()
