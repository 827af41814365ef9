"""What the examples with pictures share: where the API is, which file the picture goes to, and how it looks."""

from __future__ import annotations

import argparse
import atexit
import contextlib
import os
import sys

import matplotlib.pyplot as plt
import numpy as np
import odc.stac
from matplotlib.figure import Figure
from PIL import Image
from serving import server

from stac_bridge import compat

STYLE = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titlepad": 4,
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
    "figure.titlesize": 16,
    "font.size": 11,
    "grid.color": "#dddddd",
    "image.interpolation": "nearest",
}
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#767676"
"""Colours that people with any kind of sight tell apart (after Okabe and Ito)."""


def begin(told: str, out: str) -> tuple[str, str]:
    """The address of the API, and the file to write the picture to.

    The command line says both; a notebook has none, so there ``STAC_BRIDGE_API`` says the first. Where neither does,
    a server on the embedded sandbox is started, and ends with the program.
    """
    options = argparse.ArgumentParser(
        description=told.strip("# \n"), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--api", default=os.environ.get("STAC_BRIDGE_API"), help="address of a running stac-bridge")
    options.add_argument("--out", default=out, help="where to write the picture (default: %(default)s)")
    given = options.parse_args([] if "ipykernel" in sys.modules else None)

    serving = contextlib.ExitStack()
    atexit.register(serving.close)
    plt.style.use(STYLE)
    address = serving.enter_context(server(given.api))
    # So that GDAL retries while USGS prepares a file, and forgets that the file once was not ready.
    odc.stac.configure_rio(cloud_defaults=True, **compat.gdal_options(address))
    return address, given.out


def save(figure: Figure, out: str) -> None:
    """Write it as a PNG, of so few colours that the file stays small."""
    figure.canvas.draw()
    drawn = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")
    drawn.quantize(256, dither=Image.Dither.NONE).save(out, optimize=True)
    print(f"{out}: {drawn.width} × {drawn.height} pixels")
