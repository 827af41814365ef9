"""Vegetation from two scenes, from search to picture: pystac-client → odc-stac with dask → NDVI as a PNG.

Needs no account: where no server is named, it starts one on the embedded sandbox.

    python examples/ndvi.py                                # starts a server by itself
    python examples/ndvi.py --api http://127.0.0.1:8000    # a server that runs already
"""

from __future__ import annotations

import argparse
import warnings

import matplotlib as mpl
import odc.stac
import pystac_client
import rasterio.errors
from dask.diagnostics import ProgressBar
from serving import server

from stac_bridge import compat

mpl.use("agg")
import matplotlib.pyplot as plt

PLACE = (5.9, 45.45, 6.5, 45.8)


def main() -> None:
    """Search, load, draw."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--api", help="address of a running stac-bridge")
    options.add_argument("--out", default="ndvi.png", help="where to write the picture (default: %(default)s)")
    given = options.parse_args()

    # Where a scene has no pixel of the place, the empty raster in its stead has no georeference.
    warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
    with server(given.api) as address:
        client = pystac_client.Client.open(address)
        search = client.search(
            collections=["landsat_ot_c2_l2"],
            bbox=PLACE,
            datetime="2024-06-01/2024-08-31",
            max_items=40,
        )
        items = sorted(search.items(), key=lambda item: item.properties.get("eo:cloud_cover", 100))[:2]
        for item in items:
            print(f"{item.id}  cloud {item.properties.get('eo:cloud_cover', '?')} %")

        # So that GDAL retries while USGS prepares a file, and forgets that the file once was not ready.
        odc.stac.configure_rio(cloud_defaults=True, **compat.gdal_options(address))
        bands = odc.stac.load(
            items,
            bands=["red", "nir08", "qa_pixel"],
            bbox=PLACE,
            resolution=60,
            groupby="solar_day",
            chunks={"x": 512, "y": 512},
        )
        cloudy = (bands.qa_pixel & 0b11110) > 0  # dilated cloud, cirrus, cloud, cloud shadow
        red, nir = (bands[name].where((bands[name] > 0) & ~cloudy) * 2.75e-5 - 0.2 for name in ("red", "nir08"))
        ndvi = ((nir - red) / (nir + red)).clip(-1, 1)
        with ProgressBar():
            best = ndvi.max("time").compute()

    figure, axes = plt.subplots(figsize=(9, 7), layout="constrained")
    colours = mpl.colormaps["YlGn"].with_extremes(under="steelblue", bad="lightgrey")
    drawn = axes.imshow(best, cmap=colours, vmin=0, vmax=0.9, extent=extent_of(best))
    figure.colorbar(drawn, ax=axes, shrink=0.8, extend="min", label="NDVI (blue: below 0, water; grey: cloud)")
    axes.set(
        title="Highest NDVI of " + " and ".join(str(item.datetime.date()) for item in items),
        xlabel=f"Easting (m), EPSG:{best.odc.crs.epsg}",
        ylabel="Northing (m)",
    )
    figure.savefig(given.out, dpi=120)
    print(f"{given.out}: {best.sizes['x']} × {best.sizes['y']} pixels, median NDVI {float(best.median()):.2f}")


def extent_of(picture: odc.stac.ParsedItem) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of a raster, as matplotlib wants them."""
    left, bottom, right, top = picture.odc.geobox.extent.boundingbox
    return left, right, bottom, top


if __name__ == "__main__":
    main()
