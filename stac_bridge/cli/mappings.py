"""``stac-bridge mappings``: what each dataset means, shown, checked and begun."""

from __future__ import annotations

from typing import Annotated

import typer
import yaml

from stac_bridge.cli.examples import epilog
from stac_bridge.cli.exit_codes import DONE, FAILED, leaves
from stac_bridge.cli.options import AsJson
from stac_bridge.cli.printing import print_json
from stac_bridge.cli.repeats import App
from stac_bridge.errors import NotFound

__all__ = ["app"]

app = App(help="What each dataset means in STAC: list, show, check, begin a new one.", no_args_is_help=True)


@app.command("list", epilog=epilog("mappings list"))
@leaves
def list_(as_json: AsJson = False) -> int:
    """List all mappings: the dataset or pattern, the file, how many properties and assets; then all unions."""
    from stac_bridge.cli import mapping_files as files

    listed, unions = files.listed(), files.unions()
    if as_json:
        over = [{"union": one.union, "datasets": one.datasets, "aliases": one.aliases} for one in unions]
        print_json({"mappings": listed, "unions": over})
        return DONE
    for said in listed:
        counts = said.get("fault") or f"{said['properties']:3} properties {said['assets']:3} assets  {said['title']}"
        name = "(broken)" if "fault" in said else said["dataset"] or "(any other)"
        typer.echo(f"{name:24} {said['file']:28} {counts}".rstrip())
    for one in unions:
        typer.echo(f"{one.union:24} over {', '.join(one.datasets)}; also {', '.join(one.aliases) or 'nothing else'}")
    return DONE


@app.command(epilog=epilog("mappings show"))
@leaves
def show(
    dataset: Annotated[str, typer.Argument(help="Alias of a dataset, as M2M lists it, or a union.")],
    as_json: AsJson = False,
) -> int:
    """Show the rows that serve a dataset, with what they extend laid below them; of a union, what it is over."""
    from stac_bridge.cli.mapping_files import rows_of

    found = rows_of(dataset)
    if found is None:
        raise NotFound(f"No file serves {dataset!r}.")
    path, rows = found
    if as_json:
        print_json({"file": str(path), "rows": rows})
        return DONE
    typer.echo(f"# {path}")
    typer.echo(yaml.safe_dump(rows, sort_keys=False, allow_unicode=True, width=120), nl=False)
    return DONE


@app.command(epilog=epilog("mappings check"))
@leaves
def check(
    live: Annotated[bool, typer.Option("--live", help="Compare labels with what M2M says today, too.")] = False,
    as_json: AsJson = False,
) -> int:
    """Check all mapping files; leaves with 1 where one is wrong."""
    from stac_bridge.cli.mapping_files import checked

    found, wrong = checked()
    if live:
        from stac_bridge.cli.mapping_live import compared

        wrong += compared(found)
    if as_json:
        print_json({"read": len(found), "faults": wrong})
    else:
        for sentence in wrong:
            typer.echo(sentence, err=True)
        typer.echo(f"{len(found)} mappings read, {len(wrong)} faults.")
    return FAILED if wrong else DONE


@app.command(epilog=epilog("mappings new"))
@leaves
def new(dataset: Annotated[str, typer.Argument(help="Alias of a dataset, as M2M lists it.")]) -> int:
    """Print a first mapping of a dataset, made of its filters and one of its scenes; asks M2M."""
    from stac_bridge.cli.mapping_live import drafted

    typer.echo(drafted(dataset), nl=False)
    return DONE
