"""What happens when an option is given more than once: a list accumulates, anything else is a usage error.

Click keeps the last value and drops the others without a word. Every command of an ``App`` checks instead, so that a
new option cannot forget to.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["App", "is_repeatable"]

F = TypeVar("F", bound="Callable[..., Any]")


class App(typer.Typer):
    """A Typer app whose commands refuse a second value for an option that takes only one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(cls=_Group, **options)

    def command(self, name: str | None = None, **options: Any) -> Callable[[F], F]:
        """Register a command, as Typer does."""
        return super().command(name, cls=_Command, **options)


class _Command(TyperCommand):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _refuse_repeats(self, ctx, args)
        return super().parse_args(ctx, args)


class _Group(TyperGroup):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _refuse_repeats(self, ctx, args)
        return super().parse_args(ctx, args)


def is_repeatable(option: Any) -> bool:
    """Whether nothing is lost when the option is given again: it accumulates, or it is a flag without a value."""
    return bool(option.multiple or option.is_flag or option.count)


def _refuse_repeats(command: Any, ctx: Any, args: list[str]) -> None:
    """Parse once more than click does, because only its parser knows each occurrence. Raises typer.BadParameter."""
    if ctx.resilient_parsing:  # completion: the command line is not finished
        return
    _, _, occurrences = command.make_parser(ctx).parse_args(args=list(args))
    for param, count in Counter(occurrences).items():
        if count > 1 and param.param_type_name == "option" and not is_repeatable(param):
            raise typer.BadParameter(f"It is given {count} times, but takes one value.", ctx=ctx, param=param)
