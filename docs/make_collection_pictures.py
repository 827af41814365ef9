"""Draw stac_bridge/pictures: what the scenes of a kind of dataset look like, for the cards of Collections.

python -m docs.make_collection_pictures
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from docs.make_contact_sheet import FALSE_COLOR, Pixels, aerial, film, heights, near, orthophoto, scene, sharp, warm

FOLDER = Path(__file__).resolve().parents[1] / "stac_bridge" / "pictures"


def pictures() -> dict[str, Pixels]:
    """By the name in the mappings."""
    july = scene(6.2, 45.6, "2024-06-15", "2024-08-20", (8, 25))
    winter = scene(6.2, 45.6, "2024-01-01", "2024-02-28", (0, 30))
    farms = scene(-93.5, 41.6, "2023-07-01", "2023-08-31", (0, 8))
    desert = scene(25.0, 27.0, "2023-01-01", "2023-12-31", (0, 1))
    return {
        "natural": near(desert, at=(1, 5, 6)),
        "clouds": near(july, at=(1, 9, 5)),
        "infrared": near(farms, FALSE_COLOR),
        "oldest": near(desert, FALSE_COLOR, (2, 3, 3)),
        "snow": near(winter, at=(0, 18, 14)),
        "warm": warm(july),
        "sharp": sharp(farms),
        "photo": orthophoto(),
        "relief": heights(),
        "film": film(),
        "aerial": aerial(),
    }


def main() -> None:
    """As JPEG, whose few kilobytes each the wheel can bear."""
    FOLDER.mkdir(exist_ok=True)
    for name, pixels in pictures().items():
        shown = Image.fromarray(np.ascontiguousarray(pixels))
        shown.save(FOLDER / f"{name}.jpg", quality=82, optimize=True, progressive=True)


if __name__ == "__main__":
    main()
