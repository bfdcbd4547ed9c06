"""`penstock fmt`: configurations in one shape, with every token as it was."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from penstock.cli.exit_codes import DONE, FINDINGS
from penstock.cli.options import config_option, project

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from penstock.cli.rewriting import Change
    from penstock.model import Problem
    from penstock.settings import Settings

_STDIN = Path("-")
_ENDINGS = (".conf", ".nginx")


class _Outcome(NamedTuple):
    """What formatting made of the files: what changes, and what was left alone for which reason."""

    files: int
    changes: tuple[Change, ...]
    left_alone: tuple[tuple[Path, Problem], ...]


@click.command("fmt")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--check", is_flag=True, help="Write nothing, and exit with 1 where a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing, and show what would change.")
@click.option("--indent", metavar="N", type=click.IntRange(1, 16), default=4, show_default=True, help="Spaces a level.")
@config_option
def command(paths: tuple[Path, ...], config: Path | None, *, check: bool, diff: bool, indent: int) -> int:
    """Format NGINX configurations: one directive a line, indented by depth.

    PATHS are files, folders (their *.conf and *.nginx files, and what those include in the same folder), or - for
    stdin, which goes to stdout. Without PATHS it is the project's entries and raw configs, with what they include.
    No token changes, and comments stay: that is proved before a file is written. What nginx could not read is left
    alone, and the exit code is 1.
    """
    files = tuple(_named(paths, config))
    outcome = _format(files, indent)
    if diff:
        _show_diff(outcome.changes)
    elif check:
        for change in outcome.changes:
            click.echo(f"would be formatted: {_name(change.path)}")
    elif files == (_STDIN,):
        _write_stdout(outcome)
    else:
        from penstock.cli.rewriting import rewrite

        rewrite(change for change in outcome.changes if change.path != _STDIN)
    _tell(outcome, written=not (check or diff))
    return FINDINGS if outcome.left_alone or (check and outcome.changes) else DONE


def _format(files: Sequence[Path], indent: int) -> _Outcome:
    from penstock.cli.rewriting import Change
    from penstock.errors import UsageError
    from penstock.mending import formatted
    from penstock.model import Source

    changes: list[Change] = []
    left_alone: list[tuple[Path, Problem]] = []
    for path in files:
        try:
            data = sys.stdin.buffer.read() if path == _STDIN else path.read_bytes()
        except OSError as exc:
            raise UsageError(f"{path} cannot be read: {exc.strerror}; nothing was changed") from exc
        source = Source(str(path), data.decode("utf-8", "surrogateescape"))
        text, obstacles = formatted(source, indent=indent)
        left_alone += [(path, problem) for problem in obstacles]
        after = text.encode("utf-8", "surrogateescape")
        if after != data or (path == _STDIN and not obstacles):
            changes.append(Change(path, data, after))
    return _Outcome(len(files), tuple(changes), tuple(left_alone))


def _named(paths: Sequence[Path], config: Path | None) -> Iterator[Path]:
    """The files that the command line means, each once."""
    from penstock.errors import UsageError

    seen: set[str] = set()
    if _STDIN in paths and len(paths) > 1:
        raise UsageError("- stands for stdin, which is formatted alone", way_out="Name the files in another call.")
    found = _given(paths, config) if paths else _of_project(project(config))
    for path in found:
        real = os.path.realpath(path)
        if path.suffix == ".j2":
            raise UsageError(f"{path} is a template, and fmt formats what nginx reads", way_out="Leave it out.")
        if real not in seen:
            seen.add(real)
            yield path


def _given(paths: Sequence[Path], config: Path | None) -> Iterator[Path]:
    from penstock.cli.selection import existing

    for path in paths:
        if path == _STDIN:
            yield path
        elif existing(path).is_dir():
            yield from _of_folder(path, project(config).check.mapping)
        else:
            yield path


def _of_folder(folder: Path, mapping: Mapping[str, str]) -> Iterator[Path]:
    """The configuration files of a folder, and what they include in it, whatever that is called."""
    from penstock.errors import NotFound

    named = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in _ENDINGS
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    if not named:
        raise NotFound(f"{folder} holds no *.conf and no *.nginx file", way_out="Name the files to format.")
    yield from named
    for path in named:
        yield from _included(path, folder, mapping)


def _of_project(settings: Settings) -> Iterator[Path]:
    from penstock.errors import UsageError

    if settings.file is None:
        raise UsageError(
            "there is nothing to format: no file is named, and there is no penstock.toml here or above",
            way_out="Name files or folders, e.g. `penstock fmt /etc/nginx`.",
        )
    raw = [*settings.check.entries, *(config.path for config in settings.configs.values() if config.path)]
    if not raw:
        raise UsageError(f"{settings.file} names no raw configuration", way_out="Set check.entries, or name files.")
    for path in raw:
        yield path
        yield from _included(path, settings.folder, settings.check.mapping)


def _included(path: Path, folder: Path, mapping: Mapping[str, str]) -> Iterator[Path]:
    """What a file includes, as far as it really lies in the folder."""
    from penstock.config import load_path

    top = os.path.realpath(folder)
    files = load_path(path, mapping=mapping)
    for name in files.files:
        here = Path(files.label(name))
        if os.path.realpath(here).startswith(top.rstrip("/") + "/"):
            yield here


def _show_diff(changes: Sequence[Change]) -> None:
    from penstock.cli.differing import unified
    from penstock.cli.terminal import colored_diff, print_text

    old = {_name(change.path).lstrip("/"): change.before for change in changes}
    print_text(colored_diff(unified(old, {_name(change.path).lstrip("/"): change.after for change in changes})))


def _write_stdout(outcome: _Outcome) -> None:
    """The formatted text byte for byte; nothing where it was left alone."""
    for change in outcome.changes:
        sys.stdout.buffer.write(change.after)
        sys.stdout.buffer.flush()


def _tell(outcome: _Outcome, *, written: bool) -> None:
    from penstock.cli.terminal import tell

    for path, problem in outcome.left_alone:
        place = f"{_name(path)}:{problem.span.line}:{problem.span.column}"
        tell(f"{place} left alone: {problem.message} [{problem.kind}]")
    changed = [change for change in outcome.changes if change.before != change.after]
    alone = len({path for path, _ in outcome.left_alone})
    parts = [f"{_files(len(changed))} {'formatted' if written else 'would be formatted'}"]
    parts.append(f"{outcome.files - len(changed) - alone} left as {'it was' if outcome.files == 1 else 'they were'}")
    if alone:
        parts.append(f"{alone} not read")
    tell(", ".join(parts))


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"


def _name(path: Path) -> str:
    if path == _STDIN:
        return "<stdin>"
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
