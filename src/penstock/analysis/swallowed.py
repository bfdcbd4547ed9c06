"""A directive that has become arguments of the one before it, because a semicolon is missing between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.analysis.rule import Context
    from penstock.model import Config, Directive


def continued(config: Config) -> Mapping[Directive, tuple[int, ...]]:
    """A fact: the directives whose arguments go over several lines, and the arguments with which lines begin."""
    found: dict[Directive, tuple[int, ...]] = {}
    for directive in config.walk():
        args, text = directive.args, directive.source.text
        if args and text.find("\n", directive.name.end, args[-1].start) != -1:
            ends = (directive.name.end, *(word.end for word in args))
            begin = (at for at, word in enumerate(args) if "\n" in text[ends[at] : word.start])
            found[directive] = tuple(begin)
    return found


def swallowed(directive: Directive, context: Context, at: str) -> int | None:
    """The argument that is the name of the next directive, or None. at: the context that it stands in.

    It begins a line, is not quoted, may stand here, and has on its line as many arguments as such a directive takes.
    """
    begin = context.get(continued).get(directive, ())
    for place, first in enumerate(begin):
        word = directive.args[first]
        last = begin[place + 1] if place + 1 < len(begin) else len(directive.args)
        block = last == len(directive.args) and directive.block is not None
        if first and not word.quote:
            rows = context.catalog.directives(str(word).rstrip(",:"), context.nginx_version)
            count = last - first - 1
            if any(at in row.contexts and row.block is block and row.takes(count) for row in rows):
                return first
    return None
