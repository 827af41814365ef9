"""``stac-bridge mappings``: what each dataset means, shown, checked and begun."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
import yaml
from pydantic import ValidationError

from stac_bridge.cli.account import m2m_client
from stac_bridge.cli.drafts import draft, missing
from stac_bridge.cli.examples import epilog
from stac_bridge.cli.options import AsJson  # noqa: TC001  # typer reads the annotation
from stac_bridge.cli.printing import print_json
from stac_bridge.errors import BridgeError, MappingInvalid
from stac_bridge.m2m.filters import DatasetSearch, SceneSearch
from stac_bridge.mapping.load import (
    family_file,
    is_family,
    load_mappings,
    read_mapping,
    read_union,
    shipped_folder,
    union_files,
)
from stac_bridge.mapping.rows import read_rows
from stac_bridge.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from stac_bridge.m2m.client import M2MClient
    from stac_bridge.m2m.models import Dataset, DatasetFilter, Scene
    from stac_bridge.mapping import Mapping, Union

__all__ = ["app"]

app = typer.Typer(help="What each dataset means in STAC: list, show, check, begin a new one.", no_args_is_help=True)


@app.command("list", epilog=epilog("mappings list"))
def list_(as_json: AsJson = False) -> None:
    """List all mappings: the dataset or pattern, the file, how many properties and assets; then all unions."""
    listed, unions = [_listed(path) for path in _files()], load_mappings(_overlay()).unions
    if as_json:
        over = [{"union": one.union, "datasets": one.datasets, "aliases": one.aliases} for one in unions]
        print_json({"mappings": listed, "unions": over})
        return
    for said in listed:
        counts = said.get("fault") or f"{said['properties']:3} properties {said['assets']:3} assets  {said['title']}"
        name = "(broken)" if "fault" in said else said["dataset"] or "(any other)"
        typer.echo(f"{name:24} {said['file']:28} {counts}".rstrip())
    for one in unions:
        typer.echo(f"{one.union:24} over {', '.join(one.datasets)}; also {', '.join(one.aliases) or 'nothing else'}")


def _listed(path: Path) -> dict[str, Any]:
    """What the list says of a file; ``fault`` in place of all that where it cannot be read."""
    try:
        found = read_mapping(path)
    except MappingInvalid as broken:
        return {"file": path.name, "fault": str(broken)}
    counts = {"properties": len(found.properties), "assets": len(found.assets)}
    return {"dataset": found.dataset, "file": path.name, **counts, "title": found.collection.title or ""}


@app.command(epilog=epilog("mappings show"))
def show(
    dataset: Annotated[str, typer.Argument(help="Alias of a dataset, as M2M lists it, or a union.")],
    as_json: AsJson = False,
) -> None:
    """Show the rows that serve a dataset, with what they extend laid below them; of a union, what it is over."""
    path = _serving(dataset)
    if path is None:
        _leave(f"No file serves {dataset!r}.")
    folder = path.parent
    rows = read_rows(path, lambda name: family_file(folder, name)).said
    if as_json:
        print_json({"file": str(path), "rows": rows})
        return
    typer.echo(f"# {path}")
    typer.echo(yaml.safe_dump(rows, sort_keys=False, allow_unicode=True, width=120), nl=False)


@app.command(epilog=epilog("mappings check"))
def check(
    live: Annotated[bool, typer.Option("--live", help="Compare labels with what M2M says today, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check all mapping files; leaves with 1 where one is wrong."""
    wrong, found = [], []
    for path in _files():
        try:
            found.append(read_mapping(path))
        except MappingInvalid as broken:
            wrong.append(str(broken))
    for path in _union_files():
        try:
            read_union(path)
        except MappingInvalid as broken:
            wrong.append(str(broken))
    if live:
        wrong += _asked(lambda client: _compared(client, found))
    if as_json:
        print_json({"read": len(found), "faults": wrong})
    else:
        for sentence in wrong:
            typer.echo(sentence, err=True)
        typer.echo(f"{len(found)} mappings read, {len(wrong)} faults.")
    if wrong:
        raise typer.Exit(1)


@app.command(epilog=epilog("mappings new"))
def new(dataset: Annotated[str, typer.Argument(help="Alias of a dataset, as M2M lists it.")]) -> None:
    """Print a first mapping of a dataset, made of its filters and one of its scenes; asks M2M."""
    typer.echo(_asked(lambda client: _drafted(client, dataset)), nl=False)


async def _compared(client: M2MClient, mappings: list[Mapping]) -> list[str]:
    listed = await _datasets(client)
    said = []
    for mapping in mappings:
        if mapping.dataset in listed:
            filters, scene = await _looked_at(client, mapping.dataset)
            said += [f"{mapping.dataset}: {fault}." for fault in missing(mapping, filters, scene)]
    return said


async def _drafted(client: M2MClient, dataset: str) -> str:
    listed = await _datasets(client)
    if dataset not in listed:
        raise BridgeError(f"M2M lists no dataset {dataset!r} for this account.")
    return draft(listed[dataset], *await _looked_at(client, dataset))


async def _datasets(client: M2MClient) -> dict[str, Dataset]:
    groups = [DatasetSearch(catalog=group) for group in Settings().catalogs]
    return {one.alias: one for group in groups for one in await client.dataset_search(group)}


async def _looked_at(client: M2MClient, dataset: str) -> tuple[tuple[DatasetFilter, ...], Scene | None]:
    filters = await client.dataset_filters(dataset)
    scenes = await client.scene_search(SceneSearch(dataset=dataset, max_results=1))
    return filters, next(iter(scenes.results), None)


def _asked(what: Callable[[M2MClient], Awaitable[Any]]) -> Any:
    """Ask M2M under the account of the settings, or the sandbox where there is none."""

    async def asked() -> Any:
        client = _client(Settings())
        try:
            return await what(client)
        finally:
            await client.logout()
            await client.aclose()

    try:
        return asyncio.run(asked())
    except (BridgeError, ValidationError) as wrong:
        _leave(str(wrong))


def _client(settings: Settings) -> M2MClient:
    if settings.embeds_sandbox:
        typer.echo("No account is set: this is what the sandbox says.", err=True)
    return m2m_client(settings)


def _overlay() -> Path | None:
    return Settings().mappings


def _files() -> list[Path]:
    """The shipped files, then those laid over them."""
    return [path for folder in _folders() for path in sorted(folder.glob("*.yaml")) if not is_family(path)]


def _union_files() -> list[Path]:
    return [path for folder in _folders() for path in union_files(folder)]


def _folders() -> list[Path]:
    return [folder for folder in (shipped_folder(), _overlay()) if folder]


def _serving(name: str) -> Path | None:
    """The file of a dataset, or of a union by any of its names."""
    mappings = load_mappings(_overlay())
    union = next((one for one in mappings.unions if name in (one.union, *one.aliases)), None)
    if union and name not in mappings.by_dataset:
        return next((path for path in reversed(_union_files()) if _is_of(path, union, read_union)), None)
    return next((path for path in reversed(_files()) if _is_of(path, mappings.of(name), read_mapping)), None)


def _is_of(path: Path, served: Mapping | Union, read: Callable[[Path], Mapping | Union]) -> bool:
    try:
        return read(path) == served
    except MappingInvalid:
        return False


def _leave(why: str) -> NoReturn:
    typer.echo(f"stac-bridge: {why}", err=True)
    raise typer.Exit(2)
