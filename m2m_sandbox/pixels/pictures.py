"""Views as images for display."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from m2m_sandbox.pixels.landscape.spectra import kelvin, surface
from m2m_sandbox.pixels.landscape.view import tile_view
from m2m_sandbox.pixels.quality import quality
from m2m_sandbox.pixels.tiff import TILE

if TYPE_CHECKING:
    from collections.abc import Callable

    from m2m_sandbox.archive.landsat.scene_facts import SceneFacts
    from m2m_sandbox.pixels.landscape.view import View

Pixels = NDArray[np.uint8]
Kind = Literal["refl", "tir", "qb"]
NATURAL = ("red", "green", "blue")

# Bits of QA_PIXEL and their colors; earlier ones are drawn over later ones
_COLORS = ((3, (250, 250, 250)), (4, (60, 50, 80)), (2, (210, 190, 230)), (1, (190, 190, 190)), (5, (120, 220, 255)),
          (7, (40, 90, 200)), (6, (90, 120, 60)))  # fmt: skip


def picture(facts: SceneFacts, max_side: int, kind: Kind = "refl") -> Pixels:
    """Draw a scene, at most ``max_side`` pixels wide or high, as (height, width, 3); black outside the scene."""
    grid, level = facts.grid, 0
    while max(-(-grid.width // 2**level), -(-grid.height // 2**level)) > max_side:
        level += 1
    width, height = -(-grid.width // 2**level), -(-grid.height // 2**level)
    columns, rows = -(-width // TILE), -(-height // TILE)
    strips = [
        np.hstack([_tile(tile_view(facts, grid, level, column, row), facts, kind) for column in range(columns)])
        for row in range(rows)
    ]
    return np.vstack(strips)[:height, :width]


def _tile(view: View, facts: SceneFacts, kind: Kind) -> Pixels:
    pixels = _PAINTERS[kind](view, facts)
    return pixels * view.inside[..., None].astype(np.uint8)


def true_color(view: View, bands: tuple[str, ...] = NATURAL) -> Pixels:
    """Combine three bands as red, green and blue, with a curve that keeps both water and cloud from clipping."""
    rgb = np.stack([surface(view, band) for band in bands], -1)
    gray = rgb.mean(-1, keepdims=True)
    rgb = np.maximum(gray + (rgb - gray) * np.float32(1.18) - np.float32(0.004), 0)
    return np.asarray(np.minimum(rgb * 296 / (rgb + np.float32(0.13)), 255).astype(np.uint8))


def _thermal(view: View, facts: SceneFacts) -> Pixels:
    """Warm is bright."""
    gray = np.clip((kelvin(view, facts.sun[0]) - 240) * 3, 0, 255).astype(np.uint8)
    return np.repeat(gray[..., None], 3, -1)


def _flags(view: View, facts: SceneFacts) -> Pixels:
    bits, pixels = quality(view, facts.sensor), np.zeros((*view.inside.shape, 3), np.uint8)
    for bit, color in reversed(_COLORS):
        pixels[(bits >> bit & 1) > 0] = color
    return pixels


_PAINTERS: dict[str, Callable[[View, SceneFacts], Pixels]] = {
    "refl": lambda view, _facts: true_color(view),
    "tir": _thermal,
    "qb": _flags,
}
