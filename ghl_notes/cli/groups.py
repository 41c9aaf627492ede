"""Commands that stand together under one name."""

from collections.abc import Sequence

import typer

__all__ = ["group"]


def group(told: str, *, examples: Sequence[str] = ()) -> typer.Typer:
    """Make a group that shows its help where no command of it is named, with examples below."""
    lines = "\n\n".join(f"* `{example}`" for example in examples)
    commands = typer.Typer(
        help=told,
        epilog=f"Examples:\n\n{lines}" if examples else None,
        rich_markup_mode="markdown",
    )

    @commands.callback(invoke_without_command=True)
    def alone(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            typer.echo(context.get_help())

    return commands
