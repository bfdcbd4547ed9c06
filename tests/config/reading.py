"""How these tests write a configuration and say what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.config import load_bytes, parse

if TYPE_CHECKING:
    from penstock.model import Config, Problem

Tree = list[tuple[object, ...]]


def read(main: str | bytes, **others: str | bytes) -> Config:
    """The Config of /etc/nginx/nginx.conf and other files beside it (`a__b` is the file `a/b`)."""
    texts = {"nginx.conf": main} | {name.replace("__", "/"): text for name, text in others.items()}
    files = {name: text if isinstance(text, bytes) else text.encode() for name, text in texts.items()}
    return parse(load_bytes(files, root="/etc/nginx", entry="nginx.conf"))


def tree(config: Config) -> Tree:
    """Names and arguments, nested as the blocks are; blocks end in a list of what they hold."""
    top: Tree = []
    into: dict[object, Tree] = {None: top}
    for directive in config.walk():
        line: list[object] = [str(directive.name), *(str(word) for word in directive.args)]
        if directive.block is not None:
            into[directive] = []
            line.append(into[directive])
        into[directive.parent].append(tuple(line))
    return top


def places(problems: tuple[Problem, ...]) -> list[tuple[str, int, int]]:
    """Kind, line and column of each problem."""
    return [(problem.kind, problem.span.line, problem.span.column) for problem in problems]
