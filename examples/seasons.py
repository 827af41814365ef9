# %% [markdown]
"""
# NDVI through the seasons of a field

NDVI, from near infrared and red light, tells how green the land is.
Here it is for every month of a year: as pictures of the land, and as a line for each of three places.

    python examples/seasons.py
"""

# %%
import matplotlib.dates
import matplotlib.pyplot as plt
import odc.stac
import pystac_client
import xarray as xr
from odc.geo.geom import point
from pictures import BLUE, GREEN, ORANGE, begin, save

BOX = (11.80, 48.33, 11.91, 48.395)
PLACES = {
    "Wood": (11.812, 48.384, GREEN),
    "Field, green in spring": (11.9017, 48.3469, ORANGE),
    "Field, green in summer": (11.8776, 48.3929, BLUE),
}

api, out = begin(__doc__, "seasons.png")

# %% [markdown]
"""
## The clearest scene of each month

`landsat-c2-l2` is the Collection of all of Landsat's surface reflectance.
Scenes are sorted so that the clearest of a month comes last, and stays.
"""

# %%
catalog = pystac_client.Client.open(api)
search = catalog.search(collections=["landsat-c2-l2"], bbox=BOX, datetime="2023", filter="eo:cloud_cover < 40")
cloudiest_first = sorted(search.items(), key=lambda item: -item.properties["eo:cloud_cover"])
clearest = {item.datetime.month: item for item in cloudiest_first}

# %% [markdown]
"""
## NDVI where it is clear

The bits of `qa_pixel` flag fill, cloud and its rim, cirrus, and shadow; what is flagged has no NDVI.
Level-2 numbers become reflectance by their scale and offset.
"""


# %%
def greenness(item):
    """NDVI of the box in one scene."""
    bands = odc.stac.load([item], bands=["red", "nir08", "qa_pixel"], bbox=BOX, crs="utm", resolution=60)
    clear = (bands.qa_pixel & 0b11111) == 0
    red, nir = (bands[name].where(clear) * 0.0000275 - 0.2 for name in ("red", "nir08"))
    return ((nir - red) / (nir + red)).clip(-1, 1)


ndvi = xr.concat([greenness(item) for _month, item in sorted(clearest.items())], "time")


# %%
def around(longitude, latitude):
    """The mean of 300 m × 300 m, for each date; none where part of it is cloudy."""
    ((x, y),) = point(longitude, latitude, "EPSG:4326").to_crs(ndvi.odc.crs).coords
    return ndvi.sel(x=slice(x - 150, x + 150), y=slice(y + 150, y - 150)).mean(("x", "y"), skipna=False), (x, y)


lines = {name: around(longitude, latitude) for name, (longitude, latitude, _colour) in PLACES.items()}
for name, (line, _at) in lines.items():
    greenest = line.idxmax().dt.strftime("%B").item()
    print(f"{name}: NDVI {float(line.min()):.2f} to {float(line.max()):.2f}, greenest in {greenest}")

# %% [markdown]
"""
## The picture
"""

# %%
figure = plt.figure(figsize=(14, 8.6))
above, below = figure.subfigures(2, 1, height_ratios=[1.45, 1])
above.suptitle("A year of fields: NDVI from the clearest Landsat scene of each month of 2023", weight="bold")
left, bottom, right, top = ndvi.odc.geobox.extent.boundingbox
colours = plt.get_cmap("YlGn").with_extremes(bad="#c9c9c9")
chips = above.subplots(2, 6)
for chip, picture in zip(chips.flat, ndvi, strict=False):
    drawn = chip.imshow(picture, cmap=colours, vmin=0, vmax=0.9, extent=(left, right, bottom, top))
    chip.set_title(picture.time.dt.strftime("%d %b").item().lstrip("0"))
    chip.set_axis_off()
    for name, (_line, at) in lines.items():
        chip.plot(*at, "s", ms=11, mfc="none", mew=4, color="white")
        chip.plot(*at, "s", ms=11, mfc="none", mew=2, color=PLACES[name][2])
above.colorbar(drawn, ax=chips, shrink=0.85, aspect=25, pad=0.01, extend="min", label="NDVI (grey: cloud)")

axes = below.subplots()
for name, (line, _at) in lines.items():
    seen = line.dropna("time")
    axes.plot(seen.time, seen, "o-", color=PLACES[name][2], lw=2.5, ms=7, label=name)
axes.set(ylim=(0, 1), ylabel="NDVI", title="Mean of 300 m × 300 m, at the squares above; no dot where it was cloudy")
axes.xaxis.set_major_locator(matplotlib.dates.MonthLocator())
axes.xaxis.set_major_formatter(matplotlib.dates.DateFormatter("%b"))
axes.grid()
axes.legend(frameon=False, loc="upper left", ncols=3)
save(figure, out)
