# %% [markdown]
"""
# What the archive holds of a place, by year

Satellites came and went, and some flew over only once. One search for each Collection tells what there is.

    python examples/by_year.py
"""

# %%
from collections import Counter

import matplotlib.pyplot as plt
import pystac_client
from pictures import BLUE, GREY, ORANGE, begin, save

BOX = (-104.95, 39.35, -104.85, 39.52)
COLLECTIONS = {
    "corona2": ("CORONA film", GREY),
    "declassiii": ("KH-9 film", GREY),
    "aerial_combin": ("Aerial photographs", GREY),
    "landsat_mss_c2_l1": ("Landsat MSS", BLUE),
    "landsat_tm_c2_l1": ("Landsat TM", BLUE),
    "landsat_etm_c2_l1": ("Landsat ETM+", BLUE),
    "eo1_hyp_pub": ("EO-1 Hyperion", ORANGE),
    "landsat_ot_c2_l1": ("Landsat OLI/TIRS", BLUE),
}

api, out = begin(__doc__, "by_year.png")

# %% [markdown]
"""
## One walk through each Collection

Only dates are asked for (`fields`), so that pages of a thousand stay small; each page is one call of M2M's.
"""

# %%
catalog = pystac_client.Client.open(api)
dates = {
    "include": ["properties.datetime", "properties.start_datetime"],
    "exclude": ["assets", "links", "geometry", "bbox"],
}


def years(collection):
    """How many scenes there are of each year."""
    search = catalog.search(collections=[collection], bbox=BOX, limit=1000, fields=dates)
    times = (item["properties"] for item in search.items_as_dicts())
    return Counter(int((time["datetime"] or time["start_datetime"])[:4]) for time in times)


counts = {collection: years(collection) for collection in COLLECTIONS}
for collection, of in counts.items():
    print(f"{collection:18} {of.total():5,}  {min(of)}–{max(of)}" if of else f"{collection:18}     0")

# %% [markdown]
"""
## The picture
"""

# %%
held = {collection: of for collection, of in counts.items() if of}
figure, rows = plt.subplots(len(held), 1, figsize=(14, len(held) + 1), sharex=True)
figure.suptitle(f"Castle Rock, Colorado: {sum(map(Counter.total, held.values())):,} scenes by year", weight="bold")
for axes, (collection, of) in zip(rows, held.items(), strict=True):
    name, colour = COLLECTIONS[collection]
    axes.bar(list(of), list(of.values()), width=0.85, color=colour)
    year, most = of.most_common(1)[0]
    axes.annotate(f"{most}", (year, most), (0, 2), textcoords="offset points", ha="center", color=colour)
    axes.text(-0.01, 0.5, f"{name}\n", transform=axes.transAxes, ha="right", va="center", weight="bold")
    axes.text(-0.01, 0.5, f"\n{of.total():,} scenes", transform=axes.transAxes, ha="right", va="center", color=colour)
    axes.set(ylim=(0, 1.3 * most), yticks=[])
    axes.spines.left.set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(axis="x")
years_held = sorted(set().union(*held.values()))
rows[-1].set_xlim(years_held[0] - 0.6, years_held[-1] + 0.6)
rows[-1].set_xlabel("Bars: scenes of a year, each row to its own scale; the number stands at the tallest")
save(figure, out)
