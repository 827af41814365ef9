"""Repeated options: lists accumulate, any other option is a usage error.

Click silently keeps the last value and drops the others. Every command of an ``App`` checks instead, so that a new
option cannot forget to.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")


class App(typer.Typer):
    """A Typer app whose commands reject a second value for an option that takes only one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(cls=_Group, **options)

    def command(self, name: str | None = None, **options: Any) -> Callable[[F], F]:
        """Registers a command, as Typer does."""
        return super().command(name, cls=_Command, **options)


class _Command(TyperCommand):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _reject_repeats(self, ctx, args)
        return super().parse_args(ctx, args)


class _Group(TyperGroup):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _reject_repeats(self, ctx, args)
        return super().parse_args(ctx, args)


def is_repeatable(option: Any) -> bool:
    """Whether repeating the option loses nothing: it accumulates, or it is a flag without a value."""
    return bool(option.multiple or option.is_flag or option.count)


def _reject_repeats(command: Any, ctx: Any, args: list[str]) -> None:
    """Parses the arguments a second time, because only click's parser knows each occurrence. Raises BadParameter."""
    if ctx.resilient_parsing:  # shell completion: the command line is not complete
        return
    _, _, occurrences = command.make_parser(ctx).parse_args(args=list(args))
    for param, count in Counter(occurrences).items():
        if count > 1 and param.param_type_name == "option" and not is_repeatable(param):
            raise typer.BadParameter(f"It appears {count} times but takes one value.", ctx=ctx, param=param)
