# %% [markdown]
"""
# A picture without clouds

Clouds move and the land stays: where many scenes lie upon each other, the median of what is clear shows the land.

    python examples/cloud_free.py
"""

# %%
import matplotlib.pyplot as plt
import odc.stac
import pystac_client
import xarray as xr
from pictures import begin, save
from shapely.geometry import box

BOX = (11.78, 48.36, 12.02, 48.48)
COLOURS = ["red", "green", "blue"]

api, out = begin(__doc__, "cloud_free.png")

# %% [markdown]
"""
## Eight scenes of a summer, all of them cloudy

The clear ones are left out on purpose. Each covers the whole box (`S_CONTAINS`).
"""

# %%
catalog = pystac_client.Client.open(api)
search = catalog.search(
    collections=["landsat-c2-l2"],
    datetime="2023-05-15/2023-09-15",
    filter=f"eo:cloud_cover BETWEEN 20 AND 55 AND S_CONTAINS(geometry, {box(*BOX).wkt})",
    sortby="properties.eo:cloud_cover",
    max_items=8,
)
items = list(search.items())

# %% [markdown]
"""
## Reflectance, and where it is clear

The bits of `qa_pixel` flag fill, cloud and its rim, cirrus, and shadow.
"""


# %%
def load(item):
    """Reflectance in three colours, and which pixels are clear."""
    bands = odc.stac.load([item], bands=[*COLOURS, "qa_pixel"], bbox=BOX, crs="utm", resolution=60)
    reflectance = bands[COLOURS].to_dataarray("band") * 0.0000275 - 0.2
    return xr.Dataset({"reflectance": reflectance, "clear": (bands.qa_pixel & 0b11111) == 0})


scenes = xr.concat([load(item) for item in items], "time")
median = scenes.reflectance.where(scenes.clear).median("time")
looks = scenes.clear.sum("time")
cloudy = 1 - scenes.clear.mean(("x", "y"))
one = scenes.isel(time=abs(cloudy - 0.6).argmin("time"))
print(f"cloudy: {1 - float(one.clear.mean()):.0%} of one scene, {float((looks == 0).mean()):.1%} of the median")

# %% [markdown]
"""
## The picture
"""


# %%
def natural(reflectance):
    """As the eye would see it, a little brighter."""
    return (reflectance / 0.22).clip(0, 1).transpose("y", "x", "band").fillna(0.8) ** 0.7


figure, (before, after, how_often) = plt.subplots(1, 3, figsize=(15, 4.3))
figure.suptitle("The median of eight cloudy scenes, 15 May to 15 September 2023", weight="bold")
before.imshow(natural(one.reflectance))
before.set_title(f"One of them: {one.time.dt.strftime('%d %B').item().lstrip('0')}")
after.imshow(natural(median))
after.set_title("The median of what is clear (grey: nothing is)")
most = int(looks.max())
drawn = how_often.imshow(looks, cmap=plt.get_cmap("YlGnBu", most + 1), vmin=-0.5, vmax=most + 0.5)
how_often.set_title("How many scenes are clear")
figure.colorbar(drawn, ax=how_often, ticks=range(most + 1), aspect=25, pad=0.01)
for axes in (before, after, how_often):
    axes.set_axis_off()
save(figure, out)
