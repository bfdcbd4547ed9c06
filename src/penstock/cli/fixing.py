"""`penstock check --fix`: which files may be changed, the diff or the writing, and what is said of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.cli.exit_codes import DONE, FINDINGS
from penstock.cli.selection import WRAPPER_NAME
from penstock.cli.terminal import colored_diff, print_text, tell
from penstock.formats import summary
from penstock.mending import Place, mend

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from penstock.cli.judging import Judge
    from penstock.cli.rewriting import Change
    from penstock.mending import Mended
    from penstock.model import Config, FileSet, Report

_NOT_NAMED = "it is not among the files that were named"


def fixed(
    configs: Sequence[Config], judge: Judge, *, only: Iterable[Path] | None, with_unsafe: bool, preview: bool
) -> tuple[Config, ...]:
    """The configurations with their fixes made; the files are written, or, for a preview, the diff is printed.

    only: the only files that may be changed; None for all. Raises what `rewrite` raises.
    """
    from penstock.cli.rewriting import rewrite

    places = _Places(None if only is None else frozenset(map(os.path.realpath, only)))
    mended = mend(configs, judge.report, place=places.of, with_unsafe=with_unsafe)
    changes = _changes(configs, mended.configs)
    if preview:
        print_text(colored_diff(_diff(changes)))
    else:
        rewrite(changes)
    _tell(mended, len(changes), preview=preview)
    return mended.configs


def previewed(reports: Sequence[tuple[FileSet, Report]], judge: Judge) -> int:
    """Say what would remain, apart from the diff on stdout; gives the exit code."""
    tell(f"After that: {summary(reports, judge.about)}")
    return FINDINGS if any(report.blocking or report.broken_rules for _, report in reports) else DONE


class _Places:
    """What the files of configurations are on this disk."""

    def __init__(self, only: frozenset[str] | None) -> None:
        self.only = only
        self.known: dict[tuple[int, str], tuple[FileSet, Place]] = {}

    def of(self, files: FileSet, path: str) -> Place:
        """The real file, and why it must not be changed."""
        if (id(files), path) not in self.known:  # the FileSet is kept, so that its id stays its own
            real = os.path.realpath(files.label(path))
            self.known[id(files), path] = (files, Place(real, self._refusal(files, path, real)))
        return self.known[id(files), path][1]

    def _refusal(self, files: FileSet, path: str, real: str) -> str:
        if any(origin.lines for origin in files.origins.values()):
            return f"it is rendered: change the template, {files.label(path)}"
        if path == WRAPPER_NAME or not Path(real).is_file():
            return "it is no file on this disk"
        if not files.holds(path):
            return f"it lies outside of {files.root}, and only what is inside is changed"
        if not _below(real, _folder_of(files)):
            return "it is a link that leads out of the configuration's folder"
        if self.only is not None and real not in self.only:
            return _NOT_NAMED
        return ""


def _folder_of(files: FileSet) -> str:
    """The real folder that is the configuration's root here."""
    for path in (files.entry, *files.inside):
        label, name = os.path.abspath(files.label(path)), files.relative(path)  # noqa: PTH100 - links are followed below
        if path != WRAPPER_NAME and label.endswith(f"/{name}"):
            return os.path.realpath(label.removesuffix(name))
    return files.root


def _below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def _changes(before: Sequence[Config], after: Sequence[Config]) -> Sequence[Change]:
    from penstock.cli.rewriting import Change

    found: dict[str, Change] = {}
    for old, new in zip(before, after, strict=True):
        for path, data in old.files.files.items():
            if new.files.files[path] != data:
                shown = old.files.label(path)
                found.setdefault(os.path.realpath(shown), Change(Path(shown), data, new.files.files[path]))
    return tuple(found.values())


def _diff(changes: Sequence[Change]) -> str:
    from penstock.cli.differing import unified

    old = {str(change.path).lstrip("/"): change.before for change in changes}
    return unified(old, {str(change.path).lstrip("/"): change.after for change in changes})


def _tell(mended: Mended, files: int, *, preview: bool) -> None:
    for one in mended.not_made:
        if one.why != _NOT_NAMED:
            owners = (config.files for config in mended.configs if one.span.path in config.files.files)
            shown = next(owners).label(one.span.path)
            tell(f"{shown}:{one.span.line} not fixed: {one.why} [{one.rule}]")
    count = len(mended.made)
    done = "would be fixed" if preview else "fixed"
    more = f"; {mended.unsafe} more with --unsafe-fixes" if mended.unsafe else ""
    plural = "" if count == 1 else "s"
    tell(f"{count} finding{plural} {done} in {files} file{'' if files == 1 else 's'}{more}")
