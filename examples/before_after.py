# %% [markdown]
"""
# Before and after: the snow of a winter

The same hills in March and in July, as the eye sees them, and how warm the ground is.

    python examples/before_after.py
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import odc.stac
import pystac_client
from pictures import begin, save
from shapely.geometry import box

BOX = (-121.73, 46.41, -121.48, 46.54)
BEFORE, AFTER = "2024-02-15/2024-03-31", "2024-07-01/2024-08-31"

api, out = begin(__doc__, "before_after.png")

# %% [markdown]
"""
## The clearest scene of each time

It has to cover the whole box (`S_CONTAINS`) and to have a temperature, which some scenes lack (`L2SR` in their names).
"""

# %%
catalog = pystac_client.Client.open(api)


def clearest(datetime):
    """One search, sorted by cloud, of which the first Item is enough."""
    whole = f"S_CONTAINS(geometry, {box(*BOX).wkt}) AND id LIKE '%L2SP%'"
    return next(
        catalog.search(
            collections=["landsat_ot_c2_l2"],
            datetime=datetime,
            filter=whole,
            sortby="properties.eo:cloud_cover",
            max_items=1,
        ).items()
    )


items = [clearest(BEFORE), clearest(AFTER)]

# %% [markdown]
"""
## Colour, temperature, snow

Reflectance and temperature each have their own scale and offset.
Snow is bright in green and dark in short-wave infrared: where their normalised difference (NDSI) is above 0.4, there is
snow, or water, which bit 7 of `qa_pixel` tells apart.
"""

# %%
BANDS = ["red", "green", "blue", "swir16", "lwir11", "qa_pixel"]


def load(item):
    """Colours from 0 to 1, °C of the ground, and the share of it that is under snow."""
    bands = odc.stac.load([item], bands=BANDS, bbox=BOX, crs="utm", resolution=60).isel(time=0)
    red, green, blue, swir = (bands[name] * 0.0000275 - 0.2 for name in BANDS[:4])
    snow = ((green - swir) / (green + swir) > 0.4) & ((bands.qa_pixel & 1 << 7) == 0)
    colours = np.clip(np.stack([red, green, blue], -1) / 0.42, 0, 1) ** 0.55
    return colours, bands.lwir11 * 0.00341802 + 149 - 273.15, float(snow.mean())


seen = [load(item) for item in items]
for item, (_colours, warmth, snow) in zip(items, seen, strict=True):
    print(f"{item.datetime:%Y-%m-%d}: snow on {snow:.0%}, ground at {float(warmth.median()):.0f} °C")

# %% [markdown]
"""
## The picture
"""

# %%
figure, rows = plt.subplots(2, 2, figsize=(12, 9))
figure.suptitle("Before and after the snow melts", weight="bold")
for item, (colours, warmth, snow), above, below in zip(items, seen, *rows, strict=True):
    above.imshow(colours)
    above.set_title(f"{item.datetime.day} {item.datetime:%B %Y}: snow on {snow:.0%} of the land")
    drawn = below.imshow(warmth, cmap="inferno", vmin=-10, vmax=35)
    below.set_title(f"The ground is at {float(warmth.median()):.0f} °C (median)")
for axes in rows.flat:
    axes.set_axis_off()
figure.colorbar(
    drawn, ax=rows, anchor=(0, 0.03), shrink=0.44, aspect=25, pad=0.01, extend="both", label="Surface temperature (°C)"
)
save(figure, out)
