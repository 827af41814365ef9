"""Draw docs/sandbox-contact-sheet.png: what the sandbox's products look like, side by side.

python docs/make_contact_sheet.py
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from m2m_sandbox.archive.landsat.archive import landsat
from m2m_sandbox.archive.landsat.families import FAMILIES
from m2m_sandbox.archive.small.frame import Frame
from m2m_sandbox.pixels.bands import raster
from m2m_sandbox.pixels.elevation import elevation
from m2m_sandbox.pixels.film import scanned
from m2m_sandbox.pixels.landscape.spectra import kelvin
from m2m_sandbox.pixels.landscape.view import tile_view
from m2m_sandbox.pixels.orthophoto import photograph
from m2m_sandbox.pixels.pictures import NATURAL, picture, true_color

if TYPE_CHECKING:
    from m2m_sandbox.archive.landsat.scene_facts import SceneFacts

Pixels = NDArray[np.uint8]
SIZE, GAP, LINE = 256, 8, 18
FALSE_COLOR = ("nir", "red", "green")


def scene(longitude: float, latitude: float, first: str, last: str, cloud: tuple[int, int]) -> SceneFacts:
    """The first scene of a place and time with so many percent of cloud."""
    corner = {"longitude": longitude, "latitude": latitude}
    scene_filter = {
        "acquisitionFilter": {"start": first, "end": last},
        "cloudCoverFilter": {"min": cloud[0], "max": cloud[1], "includeUnknown": False},
        "spatialFilter": {"filterType": "mbr", "lowerLeft": corner, "upperRight": corner},
    }
    return landsat().facts(int(landsat().search(scene_filter)[0]))


def whole(facts: SceneFacts, kind: str = "refl") -> Pixels:
    """A scene, and black beside it."""
    shown = Image.fromarray(picture(facts, 2 * SIZE, kind))  # type: ignore[arg-type]
    shown.thumbnail((SIZE, SIZE), Image.Resampling.BOX)
    sheet = Image.new("RGB", (SIZE, SIZE))
    sheet.paste(shown, ((SIZE - shown.width) // 2, (SIZE - shown.height) // 2))
    return np.asarray(sheet)


def near(facts: SceneFacts, bands: tuple[str, ...] = NATURAL, at: tuple[int, int, int] = (0, 14, 14)) -> Pixels:
    """A tile: its level, column and row."""
    return true_color(tile_view(facts, facts.grid, *at), bands)


def warm(facts: SceneFacts) -> Pixels:
    """Temperature from blue through red to yellow."""
    seen = tile_view(facts, facts.grid, 2, 3, 3)
    t = kelvin(seen, facts.sun[0])
    t = np.clip((t - np.quantile(t, 0.02)) / (np.quantile(t, 0.98) - np.quantile(t, 0.02)), 0, 1)
    stops = np.array([(20, 20, 90), (120, 30, 130), (225, 75, 60), (250, 190, 70), (255, 250, 210)], float)
    return np.stack([np.interp(t, np.linspace(0, 1, 5), stops[:, part]) for part in range(3)], -1).astype(np.uint8)


def heights() -> Pixels:
    """An elevation tile as a shaded relief with tints."""
    frame = Frame("SRTM1N46E006V3", date(2000, 2, 11), ((6.0, 47.0), (7.0, 47.0), (7.0, 46.0), (6.0, 46.0)))
    height = np.asarray(elevation(frame)._draw(2, 2, 2)).astype(float)
    shade = np.clip(0.75 + np.diff(height, axis=1, append=height[:, -1:]) / 45, 0.2, 1)[..., None]
    stops = np.array([(70, 120, 80), (150, 165, 95), (200, 170, 110), (150, 110, 85), (245, 245, 245)], float)
    places = np.quantile(height, [0, 0.3, 0.6, 0.85, 1])
    tints = np.stack([np.interp(height, places, stops[:, part]) for part in range(3)], -1)
    return (tints * shade).astype(np.uint8)


def gray(pixels: NDArray[np.generic]) -> Pixels:
    """Stretched, as three equal bands."""
    low, high = np.quantile(pixels, [0.01, 0.99])
    shown = np.clip((pixels.astype(float) - low) / (high - low) * 255, 0, 255).astype(np.uint8)
    return np.repeat(shown[..., None], 3, -1)


def sharp(facts: SceneFacts) -> Pixels:
    """The panchromatic band of the same scene, as its Level-1 product has it."""
    return gray(np.asarray(raster(replace(facts, family=FAMILIES["landsat_ot_c2_l1"]), "B8")._draw(0, 28, 28)))


def film() -> Pixels:
    """The left end of a strip."""
    frame = Frame("DS1117-2086DA007", date(1972, 5, 31), ((125.6, 53.5), (128.8, 53.1), (128.7, 52.9), (125.6, 53.3)))
    return np.repeat(scanned(frame)[:SIZE, :SIZE, None], 3, -1)


def aerial() -> Pixels:
    """A whole frame, made smaller."""
    corners = ((-93.45, 41.70), (-93.33, 41.70), (-93.33, 41.61), (-93.45, 41.61))
    frame = Image.fromarray(scanned(Frame("AR1VBAM00020057", date(1956, 7, 3), corners)))
    return np.asarray(frame.resize((SIZE, SIZE), Image.Resampling.BOX).convert("RGB"))


def orthophoto() -> Pixels:
    """Most of one, made smaller."""
    corners = ((-93.48, 41.66), (-93.41, 41.66), (-93.41, 41.59), (-93.48, 41.59))
    whole = photograph(Frame("M_4109303_SW_15_060_20220630", date(2022, 6, 30), corners))
    photo = Image.fromarray(np.ascontiguousarray(whole[:480, :480, :3]))
    return np.asarray(photo.resize((SIZE, SIZE), Image.Resampling.BOX))


def pictures() -> list[tuple[str, Pixels]]:
    """What the sheet shows, row by row."""
    july = scene(6.2, 45.6, "2024-06-15", "2024-08-20", (8, 25))
    winter = scene(6.2, 45.6, "2024-01-01", "2024-02-28", (0, 30))
    farms = scene(-93.5, 41.6, "2023-07-01", "2023-08-31", (0, 8))
    desert = scene(25.0, 27.0, "2023-01-01", "2023-12-31", (0, 1))
    forest = scene(-60.0, -3.0, "2023-06-01", "2023-11-30", (15, 40))
    north = scene(20.0, 62.0, "2023-04-01", "2023-05-31", (0, 30))
    return [
        ("Western Alps, summer", whole(july)),
        ("The same, winter", whole(winter)),
        ("Prairie, July", whole(farms)),
        ("Sahara", whole(desert)),
        ("Amazon", whole(forest)),
        ("Scandinavia, spring", whole(north)),
        ("30 m, natural color", near(farms)),
        ("Near infrared, red, green", near(farms, FALSE_COLOR)),
        ("Clouds and their shadows", near(july, at=(1, 9, 5))),
        ("Oasis", near(desert, at=(1, 5, 6))),
        ("QA_PIXEL", whole(july, "qb")),
        ("Surface temperature", warm(july)),
        ("Panchromatic, 15 m", sharp(farms)),
        ("Orthophoto", orthophoto()),
        ("Elevation", heights()),
        ("Satellite film, 1972", film()),
        ("Aerial film, 1956", aerial()),
        ("Snow in the hills, 30 m", near(winter, at=(0, 18, 14))),
    ]


def main() -> None:
    """Six in a row, each with what it is under it; few enough colors to keep the file small."""
    shown, across = pictures(), 6
    rows = -(-len(shown) // across)
    sheet = Image.new("RGB", (across * (SIZE + GAP) + GAP, rows * (SIZE + GAP + LINE) + GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default_imagefont()
    for number, (caption, pixels) in enumerate(shown):
        row, column = divmod(number, across)
        left, top = GAP + column * (SIZE + GAP), GAP + row * (SIZE + GAP + LINE)
        sheet.paste(Image.fromarray(np.ascontiguousarray(pixels)), (left, top))
        pen.text((left, top + SIZE + 3), caption, fill="black", font=font)
    small = sheet.quantize(192, dither=Image.Dither.NONE)
    small.save(Path(__file__).with_name("sandbox-contact-sheet.png"), optimize=True)


if __name__ == "__main__":
    main()
