"""``stac-bridge mappings``: list, show, check and draft mapping files."""

from __future__ import annotations

from typing import Annotated

import typer
import yaml

from stac_bridge.cli.examples import epilog
from stac_bridge.cli.exit_codes import DONE, FAILED, exits
from stac_bridge.cli.options import JsonFlag
from stac_bridge.cli.output.printing import print_json
from stac_bridge.cli.repeated_options import App
from stac_bridge.errors import NotFound

app = App(help="How datasets are translated to STAC: list, show, check, draft a new mapping.", no_args_is_help=True)


@app.command("list", epilog=epilog("mappings list"))
@exits
def list_(as_json: JsonFlag = False) -> int:
    """List all mappings: dataset or pattern, file, number of properties and assets; then all unions."""
    from stac_bridge.cli.mapping.files import list_files, list_unions

    files, unions = list_files(), list_unions()
    if as_json:
        members = [{"union": union.union, "datasets": union.datasets, "aliases": union.aliases} for union in unions]
        print_json({"mappings": files, "unions": members})
        return DONE
    for file in files:
        counts = file.get("fault") or f"{file['properties']:3} properties {file['assets']:3} assets  {file['title']}"
        name = "(broken)" if "fault" in file else file["dataset"] or "(any other)"
        typer.echo(f"{name:24} {file['file']:28} {counts}".rstrip())
    for union in unions:
        aliases = ", ".join(union.aliases) or "none"
        typer.echo(f"{union.union:24} union of {', '.join(union.datasets)}; aliases: {aliases}")
    return DONE


@app.command(epilog=epilog("mappings show"))
@exits
def show(
    dataset: Annotated[str, typer.Argument(help="Alias of a dataset in M2M, or a union.")],
    as_json: JsonFlag = False,
) -> int:
    """Show the rows of a dataset, merged with those of the files it extends; of a union, its datasets."""
    from stac_bridge.cli.mapping.files import rows_of

    entry = rows_of(dataset)
    if entry is None:
        raise NotFound(f"No mapping file applies to {dataset!r}.")
    path, rows = entry
    if as_json:
        print_json({"file": str(path), "rows": rows})
        return DONE
    typer.echo(f"# {path}")
    typer.echo(yaml.safe_dump(rows, sort_keys=False, allow_unicode=True, width=120), nl=False)
    return DONE


@app.command(epilog=epilog("mappings check"))
@exits
def check(
    live: Annotated[bool, typer.Option("--live", help="Also compare labels with M2M's current ones.")] = False,
    as_json: JsonFlag = False,
) -> int:
    """Check all mapping files; exits with 1 if one is invalid."""
    from stac_bridge.cli.mapping.files import check_files

    mappings, faults = check_files()
    if live:
        from stac_bridge.cli.mapping.live import compare_with_m2m

        faults += compare_with_m2m(mappings)
    if as_json:
        print_json({"read": len(mappings), "faults": faults})
    else:
        for fault in faults:
            typer.echo(fault, err=True)
        typer.echo(f"{len(mappings)} mappings read, {len(faults)} faults.")
    return FAILED if faults else DONE


@app.command(epilog=epilog("mappings new"))
@exits
def new(dataset: Annotated[str, typer.Argument(help="Alias of a dataset in M2M.")]) -> int:
    """Print a draft of a mapping for a dataset, from its filters and one of its scenes in M2M."""
    from stac_bridge.cli.mapping.live import draft_mapping

    typer.echo(draft_mapping(dataset), nl=False)
    return DONE
