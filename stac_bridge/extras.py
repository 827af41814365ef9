"""Optional dependencies: checked where they are needed, so that a missing one is an error that names its extra."""

from __future__ import annotations

from importlib.util import find_spec

from stac_bridge.errors import BadRequest

MODULES = {"geoparquet": ("pyarrow", "stac_geoparquet"), "redis": ("redis",), "sandbox": ("PIL",)}
"""What each extra that the package itself imports brings; pyproject.toml lists the same as distributions."""


def is_installed(extra: str) -> bool:
    """Whether every module of an extra can be imported. Imports none of them."""
    return all(find_spec(module) for module in MODULES[extra])


def require_extra(extra: str, purpose: str, otherwise: str = "") -> None:
    """Raise BadRequest unless an extra is installed.

    ``purpose`` is the subject of the sentence, such as "A .parquet file"; ``otherwise`` is what to do instead of
    installing, such as "save .ndjson".
    """
    if not is_installed(extra):
        instead = f", or {otherwise}" if otherwise else ""
        raise BadRequest(f"{purpose} needs the extra {extra!r}: run pip install 'stac-bridge[{extra}]'{instead}.")
