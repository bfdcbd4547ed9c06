"""No value can put a directive into a shipped template, and no rule of ours finds fault with what they make."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from penstock.analysis import Profile, analyse
from penstock.config import parse
from penstock.errors import Refused
from penstock.model import Severity
from penstock.render.values import copied
from penstock.rules.registry import load_rules
from tests.templates.examples import EXAMPLES, Example, render_example

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.model import Config

ATTACKS = (
    "a; return 200",
    "a;return 200 x;",
    "/a; return 200",
    "/a;}\nserver { return 200; }",
    '"; return 200; "',
    "a\\",
    "'",
    "$http_x",
    "/$http_x",
    "https://a$http_x",
    "https://$http_x",
    "a{",
    "/a }",
    "a#",
    "${http_x}",
    "/a\r",
    "a\n",
    "www.example.org\n",
    "80 deferred",
    "80;",
    "127.0.0.1:80 ssl",
    "10m;",
    "on off",
    "../../etc/shadow",
    "/../etc/shadow",
)


def texts(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of the texts in a tree of values."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for key, inside in value.items():
            yield from texts(inside, (*path, key))
    elif isinstance(value, list):
        for at, inside in enumerate(value[:2]):  # the schema treats all items of a list alike
            yield from texts(inside, (*path, at))


def replaced(tree: object, path: tuple[str | int, ...], text: str) -> object:
    """The tree with another text at a path."""
    copy = copied(tree)
    holder = copy
    for key in path[:-1]:
        holder = holder[key]  # type: ignore[index]
    holder[path[-1]] = text  # type: ignore[index]
    return copy


def shape(config: Config) -> list[tuple[str, int, int]]:
    """Every directive with its depth and how many arguments it has."""
    return [(found.name, len(list(found.ancestors)), len(found.args)) for found in config.walk()]


FULL = [example for example in EXAMPLES if example.case != "minimal"]


@pytest.mark.parametrize("example", FULL, ids=str)
def test_no_value_becomes_a_directive(example: Example) -> None:
    """Each text of the full examples, replaced by each attack: refused, or one argument as before."""

    tree = example.values.value
    expected = shape(parse(render_example(example)))
    tried = refused = 0
    for path in texts(tree):
        for attack in ATTACKS:
            tried += 1
            # JSON is YAML: what stands there is exactly this text.
            try:
                files = render_example(example, json.dumps(replaced(tree, path, attack)))
            except Refused:
                refused += 1
                continue
            config = parse(files)
            assert not config.problems, (path, attack)
            assert expected == shape(config), (path, attack)
    assert refused == tried, "an attack is no host, path, port or size: the schema says so"


@pytest.mark.parametrize("example", FULL, ids=str)
def test_quoting_holds_without_the_schema(example: Example) -> None:
    """Paths are quoted besides: a schema that is loosened by mistake does not open the door."""

    loose = replace(example, template=replace(example.template, schema=loosened(example.template.schema)))
    tree = example.values.value
    expected = shape(parse(render_example(loose)))
    paths = [
        path for path in texts(tree) if path[-1] in ("certificate", "key", "root", "pid", "error_log", "acme_root")
    ]
    assert paths
    for path in paths:
        for attack in ("/a; return 200", '/a"; return 200; "', "/a } server {", "/a # b", "/a\\"):
            config = parse(render_example(loose, json.dumps(replaced(tree, path, attack))))
            assert expected == shape(config), (path, attack)


def loosened(schema: object) -> dict[str, object]:
    """The schema without its patterns."""
    if not isinstance(schema, dict):
        return schema  # type: ignore[return-value]
    return {
        key: [loosened(inside) for inside in value] if isinstance(value, list) else loosened(value)
        for key, value in schema.items()
        if key != "pattern"
    }


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_our_own_rules_find_nothing(example: Example) -> None:
    """The default profile has no error and no warning for what we ship."""
    report = analyse(parse(render_example(example)), load_rules(), Profile())
    found = [
        f"{verdict.finding.span.path}:{verdict.finding.span.line}: {verdict.finding.message} [{verdict.rule}]"
        for verdict in report.verdicts
        if Severity.WARNING <= verdict.severity
    ]
    assert not found


CONTRADICTIONS = {
    "a route to no pool": (
        "load-balancer-minimal",
        "routes: [{path: /, pool: wbe}]",
        "the route / leads to the pool wbe, which is not one of: web",
    ),
    "a backup where nginx takes none": (
        "load-balancer-minimal",
        "pools: [{name: web, method: ip_hash, servers: [{address: a}, {address: b, backup: true}]}]",
        "pool web chooses by ip_hash, and nginx takes no backup server there: b",
    ),
    "a slash twice": (
        "redirect-minimal",
        "redirects: [{hosts: [example.org], to: 'https://www.example.org/'}]",
        "the redirect to https://www.example.org/ keeps the path, and must not end with a slash",
    ),
    "hsts without tls": ("static-site-minimal", "hsts: {enabled: true}", "hsts is enabled, and there is no tls"),
}


@pytest.mark.parametrize(("name", "layer", "message"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_contradiction_is_refused_in_words(name: str, layer: str, message: str) -> None:
    """What no schema can say, the template says itself."""
    example = next(example for example in EXAMPLES if str(example) == name)
    with pytest.raises(Refused) as caught:
        render_example(example, layer)
    assert message in str(caught.value)
