"""The command line: one Click command per file, and only the file that runs is imported.

A command's module gives `command`. It prints results to stdout and everything else to stderr,
and returns its exit code (None is 0); it never ends the process.
"""

from __future__ import annotations

from importlib import import_module

import click

import penstock
from penstock.cli.exit_codes import table

COMMANDS = (
    "check",
    "fmt",
    "render",
    "diff",
    "plan",
    "stage",
    "publish",
    "status",
    "rollback",
    "history",
    "rules",
    "explain",
    "serve",
    "demo",
    "doctor",
    "completion",
)
"""The modules beside this one that hold a command, in the order of a day's work: what --help shows."""

HISTORY_COMMANDS = ("log", "show", "diff", "verify")


class LazyGroup(click.Group):
    """A group whose commands are modules of a package, imported when asked for."""

    def __init__(self, name: str, *, package: str, modules: tuple[str, ...], **settings: object) -> None:
        super().__init__(name, **settings)  # type: ignore[arg-type]
        self._package = package
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's call
        """The names, in the order in which help shows them."""
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - likewise
        """The command of that name, or None."""
        if cmd_name not in self._modules:
            return None
        command: click.Command = import_module(f"{self._package}.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As Click does it, with the nearest name for a mistyped one."""
        if args and args[0] not in self._modules and not args[0].startswith("-"):
            from difflib import get_close_matches

            guesses = get_close_matches(args[0], self._modules, n=1)
            hint = f" Did you mean {guesses[0]!r}?" if guesses else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The exit codes, under the help of the whole program."""
        if ctx.parent is None:
            formatter.write(f"\nExit codes:\n{table()}\n")


def _version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"penstock {penstock.__version__}")
        ctx.exit(0)


command = LazyGroup(
    "penstock",
    package="penstock.cli",
    modules=COMMANDS,
    help="Check NGINX configurations, and publish what passes: with a proof that it runs, and a record of it in git.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            help="Show the version and exit.",
            callback=_version,
        )
    ],
)
