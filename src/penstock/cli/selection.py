"""Which configurations a command line means: entry files, folders, fragments, stdin, or the whole project."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.config import find_entries, load_bytes, load_path, parse
from penstock.errors import NotFound, UsageError
from penstock.model import FileSet, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from penstock.model import Config
    from penstock.settings import Settings

STDIN = Path("-")
MAIN_BLOCKS = ("events", "http", "stream", "mail")
_STDIN_NAME = "/etc/nginx/<stdin>"
WRAPPER_NAME = "/etc/nginx/<around a fragment>"
_WRAPPERS = {
    "main": 'include "%s";',
    "http": 'events {} http { include "%s"; }',
    "server": 'events {} http { server { include "%s"; } }',
    "location": 'events {} http { server { location / { include "%s"; } } }',
    "upstream": 'events {} http { upstream around { include "%s"; } }',
    "stream": 'events {} stream { include "%s"; }',
    "stream server": 'events {} stream { server { include "%s"; } }',
}
"""Context of the catalogue -> a main file around a fragment; the first that fits best is taken."""


def named(paths: Sequence[Path], settings: Settings, *, mapping: Mapping[str, str]) -> tuple[Config, ...]:
    """The parsed configurations that these paths mean, each once, in the order of the paths.

    A file with a main block (events, http, ...) is an entry. A fragment stands for the entries that include it, and
    for itself where none does. A folder stands for its entries. `-` is standard input.
    Raises NotFound, with the nearest name, for a path that is not there.
    """
    found: dict[str, Config] = {}
    fragments: list[Path] = []
    for path in paths:
        for file in (path,) if path == STDIN or not path.is_dir() else _entries_of(path):
            config = _read_stdin() if file == STDIN else parse(load_path(existing(file), mapping=mapping))
            if file == STDIN or is_entry(config):
                found.setdefault(os.path.realpath(file), config)
            else:
                fragments.append(file)
    if fragments:
        for config in _owners(fragments, settings, mapping=mapping, found=found):
            found.setdefault(os.path.realpath(config.files.label(config.files.entry)), config)
    return tuple(found.values())


def whole_project(settings: Settings) -> tuple[Config, ...]:
    """Every configuration of the project: its entries, its raw configs, and its templates for every instance.

    Raises UsageError where there is no project, or nothing in it.
    """
    if settings.file is None:
        raise UsageError(
            "there is nothing to check: no file is named, and there is no penstock.toml here or above",
            way_out="Name a file, e.g. `penstock check /etc/nginx/nginx.conf`, or write a penstock.toml.",
        )
    raw = [*settings.check.entries, *(config.path for config in settings.configs.values() if config.path)]
    configs = list(named([_shown(path) for path in raw], settings, mapping=settings.check.mapping))
    if any(config.template for config in settings.configs.values()):
        # A project without templates does not pay for the code that renders them.
        from penstock.cli.instances import all_places
        from penstock.render import desired

        configs += (
            parse(desired(settings, place.target, instance=place.instance, root=place.root))
            for place in all_places(settings)
            if settings.configs[place.target.config].template
        )
    if not configs:
        raise UsageError(
            f"{settings.file} names nothing to check",
            way_out="Set check.entries, or describe a config in [configs.NAME].",
        )
    return tuple(configs)


def is_entry(config: Config) -> bool:
    """Whether it can stand alone: a block that only a main file has is at its top."""
    return any(directive.name in MAIN_BLOCKS and directive.block is not None for directive in config.directives)


def reached(config: Config) -> set[str]:
    """The real paths on this disk of every file of a configuration."""
    files = config.files
    return {os.path.realpath(files.label(path)) for path in (*files.files, *files.unreadable)}


def _owners(
    fragments: Sequence[Path], settings: Settings, *, mapping: Mapping[str, str], found: Mapping[str, Config]
) -> Iterable[Config]:
    """The configurations that include the fragments; a fragment that nobody includes is wrapped to stand alone."""
    left = {os.path.realpath(path): path for path in fragments}
    for config in found.values():
        for path in reached(config):
            left.pop(path, None)
    if not left:
        return
    known = [*settings.check.entries, *(config.path for config in settings.configs.values() if config.path)]
    known += [file for path in left.values() for file in _main_files_above(path)]
    entries = find_entries(
        tuple(left.values()),
        search_root=_search_root(tuple(left.values()), settings),
        known=tuple(file for file in known if file.is_file()),
        mapping=mapping,
    )
    for entry in entries:
        config = parse(load_path(_shown(entry), mapping=mapping))
        for path in reached(config):
            left.pop(path, None)
        yield config
    for fragment in left.values():
        yield _wrapped(load_path(fragment, mapping=mapping))


def _search_root(fragments: Sequence[Path], settings: Settings) -> Path:
    """Where to look for entries: the project, else the git work tree, else only around the fragments."""
    if settings.file:
        return settings.folder
    around = Path(os.path.commonpath([path.absolute().parent for path in fragments]))
    return next((folder for folder in (around, *around.parents) if (folder / ".git").exists()), around)


def _main_files_above(path: Path) -> Iterable[Path]:
    """nginx.conf in the folders around a fragment: conf.d/app.conf stands below it nearly everywhere."""
    folder = path.absolute().parent
    for _ in range(4):
        yield folder / "nginx.conf"
        if (folder / ".git").exists() or folder == folder.parent:
            return
        folder = folder.parent


def _shown(path: Path) -> Path:
    """The path as short as it can be said from here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _entries_of(folder: Path) -> Sequence[Path]:
    """The files of a folder that can stand alone: its nginx.conf, else every *.conf with a main block."""
    if (folder / "nginx.conf").is_file():
        return (folder / "nginx.conf",)
    candidates = sorted(path for path in folder.rglob("*.conf") if path.is_file())
    entries = [path for path in candidates if is_entry(parse(load_path(path)))]
    if not entries:
        raise NotFound(
            f"{folder} holds no main configuration file: no nginx.conf, and no *.conf with an http or stream block",
            way_out="Name the files to check.",
        )
    return entries


def existing(path: Path) -> Path:
    """The path. Raises NotFound, with the nearest name, where nothing is there."""
    if path.exists():
        return path
    from penstock.settings.table import nearest

    names = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    guess = nearest(path.name, names)
    raise NotFound(
        f"there is no file {path}", way_out=f"Did you mean {path.parent / guess}?" if guess else "Check the path."
    )


def _read_stdin() -> Config:
    data = sys.stdin.buffer.read()
    files = load_bytes({_STDIN_NAME: data}, root="/etc/nginx", entry=_STDIN_NAME)
    config = parse(FileSet(files.root, files.entry, files.files, {_STDIN_NAME: Origin("<stdin>")}))
    return config if is_entry(config) or not config.directives else _wrapped(config.files)


def _wrapped(files: FileSet) -> Config:
    """A fragment inside the blocks that it was written for: those in which most of what stands at its top may stand."""
    from penstock.catalog import catalog

    known = catalog()
    rows = [known.directives(str(directive.name), known.newest) for directive in parse(files).directives]
    contexts = [{context for fact in facts for context in fact.contexts} for facts in rows]

    def fitting(context: str) -> int:
        return sum(context in allowed or "any" in allowed for allowed in contexts)

    wrapper = _WRAPPERS[max(_WRAPPERS, key=fitting)] % files.entry
    return parse(
        FileSet(
            files.root,
            WRAPPER_NAME,
            {**files.files, WRAPPER_NAME: wrapper.encode("utf-8", "surrogateescape")},
            {**files.origins, WRAPPER_NAME: Origin(f"<around {files.label(files.entry)}>")},
            files.unreadable,
        )
    )
