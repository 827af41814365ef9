"""Median greenness of a summer, as tutorials for the Planetary Computer do it: search, load, scale, combine.

Only the address differs; nothing has to be signed, because hrefs are signed already.
Where no server is named, it starts one on the embedded sandbox.

    python examples/planetary_computer_style.py
"""

from __future__ import annotations

import argparse
import warnings

import matplotlib as mpl
import odc.stac
import pystac_client
import rasterio.errors
from serving import server

from stac_bridge import compat

mpl.use("agg")
import matplotlib.pyplot as plt

PLACE = (5.95, 45.7, 6.05, 45.78)


def main() -> None:
    """Search, load, draw."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--api", help="address of a running stac-bridge")
    options.add_argument("--out", default="planetary_computer_style.png", help="where to write the picture")
    given = options.parse_args()

    # Where a scene has no pixel of the place, the empty raster in its stead has no georeference.
    warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
    with server(given.api) as address:
        catalog = pystac_client.Client.open(address)
        search = catalog.search(
            collections=["landsat-c2-l2"], bbox=PLACE, datetime="2024-06-01/2024-08-31", max_items=60
        )
        items = sorted(search.item_collection(), key=lambda item: item.properties.get("eo:cloud_cover", 100))[:3]

        odc.stac.configure_rio(cloud_defaults=True, **compat.gdal_options(address))
        data = odc.stac.load(items, bands=["red", "nir08", "qa_pixel"], bbox=PLACE, groupby="id", chunks={})
        clear = (data["qa_pixel"] & 0b11111) == 0  # no fill, dilated cloud, cirrus, cloud, cloud shadow
        red, nir = (data[name].where(clear) * 0.0000275 - 0.2 for name in ("red", "nir08"))
        ndvi = ((nir - red) / (nir + red)).clip(-1, 1)
        median = ndvi.median("time").compute()

    plt.imsave(given.out, median.fillna(-1), cmap="YlGn", vmin=0, vmax=0.9)
    size = f"{median.sizes['x']} × {median.sizes['y']}"
    print(f"{given.out}: {size} pixels of {len(items)} scenes, median NDVI {float(median.median()):.2f}")


if __name__ == "__main__":
    main()
