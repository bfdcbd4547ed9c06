"""`penstock completion`."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash: eval "$(penstock completion bash)"                     in ~/.bashrc
    zsh:  eval "$(penstock completion zsh)"                      in ~/.zshrc
    fish: penstock completion fish > ~/.config/fish/completions/penstock.fish
    """
    from click.shell_completion import get_completion_class

    from penstock.cli import command as program

    completion = get_completion_class(shell)
    assert completion is not None
    click.echo(completion(program, {}, "penstock", "_PENSTOCK_COMPLETE").source())
