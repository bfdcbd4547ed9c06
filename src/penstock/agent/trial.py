"""`nginx -t` on a candidate, away from the live files.

Relative includes resolve beside the file given with -c (nginx's conf_prefix), but absolute ones would read the live
tree. So the trial is a copy in which every argument that begins with the root's path leads into the copy instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.agent import nginx, tree
from penstock.config import parse

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.agent.masters import Master
    from penstock.model import FileSet


def try_candidate(master: Master, files: FileSet, candidate: Path, trial: Path, *, timeout_s: float) -> nginx.Verdict:
    """The master's own binary's verdict on the candidate, its text naming the real paths. trial must not exist."""
    tree.copy_tree(candidate, trial)
    tree.redirect_links(trial, files.root)
    for path, text in _redirected(files, str(trial)).items():
        copy = trial / files.relative(path)
        copy.unlink()
        copy.write_bytes(text.encode("utf-8", "surrogateescape"))
    verdict = nginx.try_config(
        master.executable,
        str(trial / files.relative(files.entry)),
        master.prefix,
        master.extra_arguments,
        timeout_s=timeout_s,
    )
    return nginx.Verdict(verdict.passed, verdict.text.replace(str(trial), files.root))


def _redirected(files: FileSet, trial: str) -> dict[str, str]:
    """The text of each file inside root, its absolute paths into root led to the trial."""
    config = parse(files)
    places: dict[str, set[tuple[int, int]]] = {}
    for directive in config.walk():
        for word in directive.args:
            if word == files.root or word.startswith(files.root + "/"):
                places.setdefault(directive.source.path, set()).add((word.start, word.end))
    texts = {}
    for path in files.inside.keys() & config.sources.keys():
        text = config.sources[path].text
        for start, end in sorted(places.get(path, ()), reverse=True):
            text = text[:start] + text[start:end].replace(files.root, trial, 1) + text[end:]
        texts[path] = text
    return texts
