"""Which line of which template made each line of the output, and which values stand in it.

Every output of a template is rewritten, in its syntax tree, into a call that gives back the same text as a `Chunk`:
a str that knows its site. Includes and blocks hand chunks through; what a macro or a set block collects becomes plain
text again, and counts for the line that prints it. The text of the output is never touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import jinja2
from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from penstock.render.sandbox import Sandbox, Sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import CodeType

    from penstock.render.values import Key

_NOT_VALUES = frozenset({"loop", "self", "super", "caller", "varargs", "kwargs"})


@dataclass(frozen=True, slots=True)
class Reference:
    """A value as a template names it: a variable, and constant keys into it."""

    variable: str
    keys: Key = ()


@dataclass(frozen=True, slots=True)
class Site:
    """One output of a template. literal: text of the template itself, whose lines run on.

    references: what it prints; sources: for those that are loop variables and the like, what they were taken from.
    """

    label: str
    line: int
    literal: bool
    references: tuple[Reference, ...] = ()
    sources: tuple[Reference, ...] = ()


class Chunk(str):
    """A piece of output. It stays itself under `str()`, which Jinja's generated code calls."""

    __slots__ = ("seen", "site")
    site: Site
    seen: tuple[object, ...]

    def __str__(self) -> str:
        return self


class TracingSandbox(Sandbox):
    """A sandbox whose outputs are chunks. label: gives what to call a file of the template."""

    def __init__(self, texts: Mapping[str, str], label: Callable[[str], str]) -> None:
        super().__init__(Sources(texts, label, self._compiled))
        self._sites: dict[str, tuple[Site, ...]] = {}
        self._label = label

    def _compiled(self, _: jinja2.Environment, source: str, name: str) -> CodeType:
        code, self._sites[name] = _compile(source, name, self._label(name))
        return code

    def place(self, name: str, site: int, value: object, *seen: object) -> Chunk:
        """The text of a value, as the chunk of a site of a file. seen: what its variables hold now."""
        chunk = Chunk(self.spend(value))
        chunk.site = self._sites[name][site]
        chunk.seen = seen
        return chunk


@lru_cache(maxsize=256)
def _compile(source: str, name: str, label: str) -> tuple[CodeType, tuple[Site, ...]]:
    """The code of a template file, and its sites. A fleet renders the same template once for each instance."""
    environment = Sandbox(jinja2.DictLoader({}))
    tree = environment.parse(source, name, label)
    _BoundedConcat().visit(tree)
    rewriting = _Rewriting(name, label)
    rewriting.rewrite(tree)
    return environment.compile(tree, name, label), tuple(rewriting.sites)


class _BoundedConcat(NodeTransformer):
    """`a ~ b` becomes a call that watches the length."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - the visitor's convention
        self.generic_visit(node)
        return _call("joined", list(node.nodes), node.lineno)


def _call(method: str, arguments: list[nodes.Expr], line: int) -> nodes.Call:
    return nodes.Call(nodes.EnvironmentAttribute(method, lineno=line), arguments, [], None, None, lineno=line)


class _Rewriting:
    """Rewrites the outputs of one template file, in place."""

    def __init__(self, name: str, label: str) -> None:
        self.sites: list[Site] = []
        self._name = name
        self._label = label

    def rewrite(self, tree: nodes.Template) -> None:
        """Rewrite a whole template."""
        tree.body = self._body(tree.body, {}, buffered=False)

    def _body(
        self, body: Sequence[nodes.Node], aliases: Mapping[str, tuple[Reference, ...]], *, buffered: bool
    ) -> list[nodes.Node]:
        known = dict(aliases)
        rewritten: list[nodes.Node] = []
        for node in body:
            self._node(node, known, buffered=buffered)
            rewritten.extend([node] if buffered else self._collected(node, known))
        return rewritten

    def _collected(self, node: nodes.Node, known: Mapping[str, tuple[Reference, ...]]) -> Iterator[nodes.Node]:
        """What writes a text without an output of its own collects it first, and then prints it in one."""
        if not (
            isinstance(node, (nodes.CallBlock, nodes.FilterBlock)) or (isinstance(node, nodes.For) and node.recursive)
        ):
            yield node
            return
        name = f"_collected_{len(self.sites)}"
        target = nodes.Name(name, "store", lineno=node.lineno)
        yield nodes.AssignBlock(target, None, [node], lineno=node.lineno)
        printing = nodes.Name(name, "load", lineno=node.lineno)
        taken = {**known, name: tuple(_printed(node))}
        yield nodes.Output([self._output(printing, taken, buffered=False)], lineno=node.lineno)

    def _node(self, node: nodes.Node, known: dict[str, tuple[Reference, ...]], *, buffered: bool) -> None:
        """One statement. known: variables that stand for something else, and what they were taken from."""
        if isinstance(node, nodes.Output):
            node.nodes = [self._output(child, known, buffered=buffered) for child in node.nodes]
        elif isinstance(node, nodes.For):
            inside = {**known, **_named(node.target, node.iter, known)}
            # What a recursive loop writes is collected, as in a macro.
            body = self._body(node.body, inside, buffered=buffered or node.recursive)
            node.body = [_tick(node.lineno), *body]
            node.else_ = self._body(node.else_, known, buffered=buffered)
        elif isinstance(node, nodes.Assign):
            known.update(_named(node.target, node.node, known))
        elif isinstance(node, nodes.With):
            for target, value in zip(node.targets, node.values, strict=True):
                known = {**known, **_named(target, value, known)}
            node.body = self._body(node.body, known, buffered=buffered)
        elif isinstance(node, nodes.If):
            node.body = self._body(node.body, known, buffered=buffered)
            for other in node.elif_:
                self._node(other, known, buffered=buffered)
            node.else_ = self._body(node.else_, known, buffered=buffered)
        elif isinstance(node, (nodes.Macro, nodes.CallBlock)):
            node.body = [_tick(node.lineno), *self._body(node.body, {}, buffered=True)]
        elif isinstance(node, (nodes.AssignBlock, nodes.FilterBlock)):
            taken = tuple(_printed(node))
            node.body = self._body(node.body, known, buffered=True)
            if isinstance(node, nodes.AssignBlock) and isinstance(node.target, nodes.Name):
                known[node.target.name] = taken
        elif isinstance(node, (nodes.Block, nodes.Scope)):
            node.body = self._body(node.body, known, buffered=buffered)

    def _output(self, child: nodes.Expr, known: Mapping[str, tuple[Reference, ...]], *, buffered: bool) -> nodes.Expr:
        literal = isinstance(child, nodes.TemplateData)
        value = nodes.Const(child.data, lineno=child.lineno) if isinstance(child, nodes.TemplateData) else child
        if buffered:
            return _call("spend", [value], child.lineno)
        references = tuple(dict.fromkeys(_references(child)))
        sources = tuple(dict.fromkeys(_expanded(references, known)))
        self.sites.append(Site(self._label, child.lineno, literal, references, sources))
        seen = [nodes.Name(found.variable, "load", lineno=child.lineno) for found in (*references, *sources)]
        site: list[nodes.Expr] = [nodes.Const(self._name), nodes.Const(len(self.sites) - 1)]
        return _call("place", [*site, value, *seen], child.lineno)


def _tick(line: int) -> nodes.Node:
    return nodes.ExprStmt(_call("tick", [], line), lineno=line)


def _named(
    target: nodes.Node, value: nodes.Node, known: Mapping[str, tuple[Reference, ...]]
) -> dict[str, tuple[Reference, ...]]:
    """What the variables of a target are taken from."""
    taken = tuple(_references(value))
    names = [target] if isinstance(target, nodes.Name) else target.find_all(nodes.Name)
    return {name.name: (*taken, *_expanded(taken, known)) for name in names}


def _expanded(references: Iterable[Reference], known: Mapping[str, tuple[Reference, ...]]) -> Iterator[Reference]:
    for reference in references:
        # A variable made out of itself (`set x = x + 1`) has no other source.
        yield from (source for source in known.get(reference.variable, ()) if source.variable != reference.variable)


def _references(node: nodes.Node) -> Iterator[Reference]:
    """The values that an expression names, in the order of the text."""
    keys: list[str | int] = []
    at = node
    while True:
        if isinstance(at, nodes.Getattr):
            keys.append(at.attr)
        elif isinstance(at, nodes.Getitem) and isinstance(at.arg, nodes.Const) and isinstance(at.arg.value, (str, int)):
            keys.append(at.arg.value)
        else:
            break
        at = at.node
    if isinstance(at, nodes.Name):
        if at.name not in _NOT_VALUES:
            yield Reference(at.name, tuple(reversed(keys)))
        return
    for child in (at if keys else node).iter_child_nodes():
        yield from _references(child)


def _printed(node: nodes.Node) -> Iterator[Reference]:
    """The values that a block of statements prints."""
    if isinstance(node, nodes.CallBlock):
        yield from _references(node.call)
    for output in node.find_all(nodes.Output):
        for child in output.nodes:
            yield from _references(child)
