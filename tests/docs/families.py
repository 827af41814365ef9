"""The sections of docs/datasets.md: properties, filters, times, grid and assets of each family of mappings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from stac_bridge.mapping import Mapping, Row, load_mappings
from stac_bridge.mapping.assets import MEDIA_TYPES, AssetRow, ProductRow
from stac_bridge.mapping.loader import is_family, read_mapping, shipped_folder
from stac_bridge.mapping.queryables import queryables_of
from tests.docs.fact_sources import Sources, joined, recordings_of


@dataclass(frozen=True)
class Family:
    """A section: its title, the ``dataset`` of its mappings, and how the reference calls it (an expression)."""

    title: str
    datasets: tuple[str, ...]
    topic: str


_FILM = ("corona2", "declassii", "declassiii")
FAMILIES = (
    Family(
        "Landsat Collection 2 Level-1",
        ("landsat_ot_c2_l1", "landsat_etm_c2_l1", "landsat_tm_c2_l1", "landsat_mss_c2_l1"),
        r"Landsat|TM and ETM|landsat_\w+_l1",
    ),
    Family(
        "Landsat Collection 2 Level-2",
        ("landsat_ot_c2_l2", "landsat_etm_c2_l2", "landsat_tm_c2_l2"),
        r"Landsat|TM and ETM|landsat_\w+_l2",
    ),
    Family("Landsat Analysis Ready Data", ("landsat_ard_tile_c2",), "landsat_ard_tile_c2|ARD"),
    Family("Landsat Level-3 science products", ("landsat_[bdf]*_tile*",), "Level 3"),
    Family("Landsat Collection 1", ("*landsat_*_c1",), "landsat_8_c1"),
    Family("Sentinel-2", ("sentinel_2a",), "sentinel_2a|Sentinel-2"),
    Family("EO-1", ("eo1_ali_pub", "eo1_hyp_pub"), "EO-1"),
    Family("OrbView-3", ("orbview3*",), "OrbView-3"),
    Family("Declassified film", _FILM, "corona2|declass"),
    Family("NAIP", ("naip",), "naip|NAIP"),
    Family("SRTM", ("srtm", "srtm_v2", "srtm_v3", "srtm_v3_*"), "SRTM"),
    Family("GMTED2010", ("gmted2010*",), "GMTED2010"),
    Family("Disaster events and other HDDS datasets", ("event*", "hdds_*"), "HDDS"),
)
"""The sections in their order. All other mappings share the last one, which begins with the generic mapping."""

_OTHERS = Family("Aerial photographs and all other datasets", (), "aerial|datasets")

_GRID_ROWS = ("grid", "tiles", "degree_tiles")


@dataclass(frozen=True)
class Described:
    """A mapping with its file, and the sources of its facts."""

    mapping: Mapping
    file: Path
    sources: Sources

    @property
    def name(self) -> str:
        """How the section calls the dataset or pattern."""
        return f"`{self.mapping.dataset}`" if self.mapping.dataset else "any other dataset"


def sections() -> str:
    """Return the sections of all families."""
    mappings = _mappings()
    families = [*FAMILIES, _other_family(mappings)]
    return "\n\n".join(_section(family, [mappings[dataset] for dataset in family.datasets]) for family in families)


@cache
def _mappings() -> dict[str, tuple[Mapping, Path]]:
    """Return the shipped mappings with their files, by dataset or pattern; the generic one by an empty text."""
    files = [path for path in sorted(shipped_folder().glob("*.yaml")) if not is_family(path)]
    mappings = [(read_mapping(path), path) for path in files]
    return {mapping.dataset or "": (mapping, path) for mapping, path in mappings}


def _other_family(mappings: dict[str, tuple[Mapping, Path]]) -> Family:
    listed = {dataset for family in FAMILIES for dataset in family.datasets}
    return Family(_OTHERS.title, tuple(sorted(mappings.keys() - listed)), _OTHERS.topic)


def _section(family: Family, mappings: list[tuple[Mapping, Path]]) -> str:
    described = [
        Described(mapping, path, Sources(path, mapping.dataset or "", family.topic)) for mapping, path in mappings
    ]
    lines = [
        f"### {family.title}",
        "",
        *_head(described),
        "",
        "| property | from | filter | source |",
        "|---|---|---|---|",
        *_property_rows(described),
        "",
        *_lines("Times", described, _times),
        *_lines("Searches by time and place", described, _slots),
        *_lines("Grid", described, _grid),
        *[line for title, texts in _ASSETS for line in _lines(title, described, texts)],
    ]
    return "\n".join(lines)


def _head(described: list[Described]) -> Iterator[str]:
    """The datasets with links to their files, the shared files, and the recordings."""
    own = [f"[{each.name}](../mappings/{each.file.name})" for each in described]
    extended = [name for each in described for name in _extended(each.file)]
    shared = [f"[`{name}`](../mappings/{name}.yaml)" for name in dict.fromkeys(extended)]
    yield f"Datasets: {', '.join(own)}."
    if shared:
        yield f"Shared rows: {', '.join(shared)}."
    names = recordings_of(each.mapping.dataset for each in described if each.mapping.dataset)
    yield f"Recordings: {', '.join(f'`{name}`' for name in names)}." if names else "Recordings: none."


def _extended(file: Path) -> list[str]:
    names = yaml.safe_load(file.read_text(encoding="utf-8")).get("extends", [])
    return [names] if isinstance(names, str) else names


def _lines(
    title: str, described: list[Described], describe: Callable[[Described], tuple[str, str] | None]
) -> list[str]:
    """A list item for each different text, with the datasets it applies to if these are not all of the section.

    ``describe`` returns a text and its sources, or None if the mapping has nothing of this kind.
    """
    datasets: dict[str, list[str]] = {}
    sources: dict[str, list[str]] = {}
    for each in described:
        if pair := describe(each):
            datasets.setdefault(pair[0], []).append(each.name)
            sources.setdefault(pair[0], []).append(pair[1])
    return [
        f"- {title}{_only(names, described)}{_in_parentheses(joined(sources[text]))}:{_indented(text)}"
        for text, names in datasets.items()
    ]


def _indented(text: str) -> str:
    return text if text.startswith("\n") else f" {text}"


def _in_parentheses(sources: str) -> str:
    return f" ({sources})" if sources else ""


def _only(names: list[str], described: list[Described]) -> str:
    return "" if len(names) == len(described) else f" of {', '.join(names)}"


def _property_rows(described: list[Described]) -> Iterator[str]:
    """A row for each property, and for each different way in which the datasets of the section have it."""
    cells: dict[tuple[str, ...], list[Described]] = {}
    sources: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for each in described:
        queryables = queryables_of(each.mapping)
        for name, row in {"id": each.mapping.item.id, **each.mapping.properties}.items():
            queryable = queryables[name]
            key: tuple[str, ...] = (name, f"{queryable.title}, {queryable.kind}", _from(row), filter_kind(row))
            cells.setdefault(key, []).append(each)
            sources.setdefault(key, []).append(_row_source(each.sources, row, ("properties", name)))
    order = list(dict.fromkeys(name for name, *_others in cells))
    for key, members in sorted(cells.items(), key=lambda cell: order.index(cell[0][0])):
        name, title, *others = key
        datasets = "" if len(members) == len(described) else f" ({', '.join(each.name for each in members)})"
        yield f"| {' | '.join([f'`{name}`{datasets}<br>{title}', *others, _either(sources[key])])} |"


def _either(sources: Iterable[tuple[str, str]]) -> str:
    """The sources of the values, then those of the filters if they differ."""
    values, filters = (joined(part) for part in zip(*sources, strict=True))
    return f"{values}; filter: {filters}" if filters not in ("", values) else values


def _from(row: Row) -> str:
    return ", else ".join(_link(link) for link in row.chain)


def _link(row: Row) -> str:
    if row.is_constant:
        value = ", ".join(map(str, row.value)) if isinstance(row.value, list) else row.value
        return f"constant `{value}`"
    label = f"*{row.field}*" if row.field else f"`{row.scene}`"
    is_part = row.convert.startswith(("part-", "tile-"))
    return f"{'a part of ' if is_part else ''}{label}{' by a table' if row.values else ''}"


def filter_kind(row: Row) -> str:
    """Whether M2M can filter by the property, and whether its results are checked again on Items."""
    known = row.filter
    if known is None or (known.label and row.otherwise and not known.agrees and known.keys == "same"):
        return "only re-checked"
    if known.keys == "unchecked":
        return "filter-only"
    is_whole = row.convert.startswith("digits-") or row.convert == "integer"
    is_exact = known.keys == "same" and (known.equals or (known.between and is_whole))
    return "pushed and exact" if is_exact else "pushed and re-checked"


def _row_source(sources: Sources, row: Row, path: tuple[str, ...]) -> tuple[str, str]:
    """Return the sources of the row's values and of its filter."""
    known = row.filter.label if row.filter else None
    return joined(_link_source(sources, link, path) for link in row.chain), (
        sources.of("filter", known, path) if known else ""
    )


def _link_source(sources: Sources, link: Row, path: tuple[str, ...]) -> str:
    if link.is_constant:
        return sources.of_row(path)
    return sources.of("field", link.field, path) if link.field else sources.of("scene", str(link.scene), path)


def _times(each: Described) -> tuple[str, str]:
    item = each.mapping.item
    paths = ("item", "start_datetime"), ("item", "end_datetime")
    rows = item.start_datetime, item.end_datetime
    sources = joined(_row_source(each.sources, row, path)[0] for row, path in zip(rows, paths, strict=True))
    middle = "the middle if both are exact, else null" if item.datetime == "middle" else "null"
    start, end = map(_from, rows)
    return f"`start_datetime` from {start}; `end_datetime` from {end}; `datetime` is {middle}", sources


def _slots(each: Described) -> tuple[str, str]:
    names = {"time": "days", "place": "place"}
    pushed = [word for slot, word in names.items() if slot in each.mapping.slots]
    others = [word for slot, word in names.items() if slot not in each.mapping.slots]
    checked = f"; {' and '.join(others)} only re-checked" if others else ""
    return f"{' and '.join(pushed)} pushed and re-checked{checked}", each.sources.of_row(("slots",)) if others else ""


def _grid(each: Described) -> tuple[str, str]:
    mapping, sources = each.mapping, each.sources
    if tiles := mapping.tiles:
        text = (
            f"exact, from the tile in the id: {tiles.pixels} × {tiles.pixels} pixels of {tiles.resolution:g} m, "
            f"regions {', '.join(tiles.regions)}; `proj:code` is null, `proj:wkt2` has the CRS"
        )
        return text, sources.of_row(("tiles",))
    if mapping.degree_tiles:
        return "exact, from the tile in the id: one degree, EPSG:4326", sources.of_row(("degree_tiles",))
    if not (grid := mapping.grid):
        return "absent", ""
    crs = [label for label in (grid.projection, grid.zone, grid.datum) if label]
    labels = [*crs, *(label for corner in grid.corners for label in corner)]
    shape = "no `proj:shape` and `proj:transform`"
    if grid.corners:
        shape = f"`proj:shape` and `proj:transform` from the corner fields, with pixels of {grid.resolution:g} m"
    text = f"`proj:code` from {', '.join(f'*{label}*' for label in crs)}; {shape}"
    return text, joined(sources.of("field", label, ("grid",)) for label in labels)


def _files(select: Callable[[AssetRow], bool]) -> Callable[[Described], tuple[str, str] | None]:
    def describe(each: Described) -> tuple[str, str] | None:
        rows = {name: row for name, row in each.mapping.assets.items() if select(row)}
        keys: dict[str, list[str]] = {}
        for name, row in rows.items():
            keys.setdefault(MEDIA_TYPES[row.type], []).append(row.key or name)
        sources = (_file_source(each, name, row) for name, row in rows.items())
        texts = [f"{_code(names)} as `{media_type}`" for media_type, names in keys.items()]
        return ("; ".join(texts), joined(sources)) if rows else None

    return describe


def _file_source(each: Described, name: str, row: AssetRow) -> str:
    if row.browse:
        return each.sources.of("scene", "browsePath" if row.browse == "browse" else "thumbnailPath")
    return each.sources.of_file(str(row.file), each.mapping.item.patterns, ("assets", name))


def _products(each: Described) -> tuple[str, str] | None:
    """The products that the mapping itself describes; those of any dataset are the generic mapping's."""
    rows = each.mapping.products
    if rows is None:
        return None
    generic = {} if each.mapping.is_generic else load_mappings().generic.products or {}
    own = {name: row for name, row in rows.items() if row and row != generic.get(name)}
    if not own:
        return None
    texts = dict.fromkeys(f"\n  - {_product(name, row)}" for name, row in own.items())
    sources = (
        each.sources.of("name" if row.named else "product", row.named or row.code or name, ("products", name))
        for name, row in own.items()
    )
    return "".join(texts), joined(sources)


def _product(name: str, row: ProductRow) -> str:
    asset = f"asset `{row.key}`, " if row.key else ""
    media_type = f", `{MEDIA_TYPES[row.type]}`" if row.type else ""
    bands = f", bands {', '.join(band.name for band in row.bands)}" if row.bands else ""
    condition = (
        f", if {' and '.join(f'`{key}` is {_value(value)}' for key, value in row.only.items())}" if row.only else ""
    )
    return f"`{row.named or row.code or name}`: {asset}`*{row.suffix}`{media_type}{bands}{condition}"


def _value(value: object) -> str:
    return " or ".join(dict.fromkeys(map(str, value))) if isinstance(value, list) else str(value)


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names))


def _is_picture(row: AssetRow) -> bool:
    return row.browse is not None or {"overview", "thumbnail"} & {*row.roles} != set()


_ASSETS = (
    ("Bands", _files(lambda row: row.band is not None)),
    (
        "Quality and angle bands",
        _files(lambda row: row.band is None and row.raster is not None),
    ),
    (
        "Other files",
        _files(lambda row: row.raster is None and row.band is None and not _is_picture(row)),
    ),
    ("Pictures", _files(_is_picture)),
    ("Products", _products),
)
"""The groups of assets, and how to describe each."""
