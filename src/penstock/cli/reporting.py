"""How findings leave the command line: a format on stdout, others in files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from penstock.cli.exit_codes import DONE, FINDINGS
from penstock.errors import UsageError
from penstock.formats import FORMATS, summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.cli.judging import Judge
    from penstock.model import FileSet, Report


class Output(NamedTuple):
    """A report that is written to a file."""

    form: str
    path: Path


def default_format() -> str:
    """What stdout gets where neither --format nor PENSTOCK_FORMAT says: under GitHub Actions what it understands.

    Source: https://docs.github.com/en/actions/reference/variables-reference (GITHUB_ACTIONS is always `true` there).
    """
    return "github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text"


def outputs(_context: click.Context, _option: click.Parameter, pairs: Sequence[str]) -> tuple[Output, ...]:
    """What `--output-file FORMAT=PATH` asks for. A format or a folder that is not there is an error at once."""
    return tuple(map(_output, pairs))


def _output(pair: str) -> Output:
    form, equals, path = pair.partition("=")
    if not (equals and path):
        raise click.BadParameter(f"{pair!r} is not FORMAT=PATH, such as sarif=findings.sarif")
    if form not in FORMATS:
        raise click.BadParameter(f"{form!r} is no format; there are {', '.join(FORMATS)}")
    if not Path(path).absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {Path(path).absolute().parent} to write {path} into")
    return Output(form, Path(path))


def show(reports: Sequence[tuple[FileSet, Report]], judge: Judge, form: str, *, files: Sequence[Output] = ()) -> int:
    """Write the files, print the reports and their last line; gives the exit code."""
    from penstock.cli.terminal import print_text, tell

    for output in files:
        _write(output, reports, judge)
    print_text(FORMATS[form](reports, judge.about))
    broken = sorted({pair for _, report in reports for pair in report.broken_rules})
    for rule, reason in broken:
        tell(f"error: the rule {rule} failed on its own account, so nothing vouches for these files: {reason}")
    if form in {"text", "github"}:
        tell(summary(reports, judge.about))
    return FINDINGS if broken or any(report.blocking for _, report in reports) else DONE


def _write(output: Output, reports: Sequence[tuple[FileSet, Report]], judge: Judge) -> None:
    """Whole or not at all: whoever reads the path sees the old report or the new one."""
    import tempfile  # slow to import, and few runs write files

    text = FORMATS[output.form](reports, judge.about._replace(color=False))
    if output.form == "text":
        text += f"{summary(reports, judge.about)}\n"
    data = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").encode()
    mask = os.umask(0)
    os.umask(mask)
    try:
        handle, draft = tempfile.mkstemp(dir=output.path.absolute().parent, prefix=".penstock-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(draft).chmod(0o666 & ~mask)
            Path(draft).replace(output.path)
        except BaseException:
            Path(draft).unlink()
            raise
    except OSError as exc:
        raise UsageError(
            f"{output.path} cannot be written: {exc.strerror}", way_out="Name another file with --output-file."
        ) from exc
