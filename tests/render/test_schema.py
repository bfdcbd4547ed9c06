"""The typed schema: defaults, and a sentence with file and line for each violation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.errors import SettingsError
from penstock.render import complete
from tests.render.making import refusal, template_of, values_of

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = """\
type: object
additionalProperties: false
required: [name, port]
properties:
  name: {type: string, pattern: '^[a-z]+$', description: A word in lower case.}
  port: {type: integer, minimum: 1, maximum: 65535}
  mode: {enum: [fast, safe], default: safe}
  ratio: {type: number}
  flag: {type: boolean}
  either:
    anyOf: [{const: auto}, {type: integer, minimum: 1}]
  limits:
    type: object
    additionalProperties: false
    default: {}
    properties:
      size: {type: integer, default: 10}
      unit: {type: string, default: k}
  servers:
    type: array
    minItems: 1
    uniqueItems: true
    items: {$ref: '#/$defs/server'}
  headers:
    type: object
    additionalProperties: {type: string, maxLength: 5}
  keys: {uniqueItems: true, items: {properties: {key: {writeOnly: true}}}}
  token: {type: string, writeOnly: true, minLength: 20}
$defs:
  server:
    type: object
    additionalProperties: false
    required: [address]
    properties:
      address: {type: string}
      weight: {$ref: '#/$defs/weight'}
  weight: {type: integer, default: 1}
"""
GOOD = "name: web\nport: 80\n"

VIOLATIONS: dict[str, tuple[str, str]] = {
    "missing": ("port: 80", "base.yaml:1: name is missing: A word in lower case."),
    "text for a number": ("name: web\nport: 'x'", "base.yaml:2: port must be a whole number, not 'x'"),
    "number for a text": ("port: 80\nname: 1", "base.yaml:2: name must be text (write it in quotes), not 1"),
    "true for a number": (GOOD + "ratio: true", "base.yaml:3: ratio must be a number, not true"),
    "on for a boolean": (GOOD + "flag: on", "base.yaml:3: flag must be true or false, not 'on'"),
    "nothing for a list": (GOOD + "servers:", "base.yaml:3: servers must be a list, not null"),
    "too small": ("name: web\nport: 0", "base.yaml:2: port must be at least 1, not 0"),
    "too large": ("name: web\nport: 65536", "base.yaml:2: port must be at most 65535, not 65536"),
    "not the pattern": (
        "name: Web\nport: 80",
        "base.yaml:1: name must match ^[a-z]+$ (A word in lower case), not 'Web'",
    ),
    "not a choice": (GOOD + "mode: slow", "base.yaml:3: mode must be one of fast, safe, not 'slow'"),
    "none of the forms": (
        GOOD + "either: 0",
        "base.yaml:3: either fits none of the forms it may have; nearest: either must be",
    ),
    "an unknown key": (GOOD + "prot: 80", "base.yaml:3: prot is not a value of this template; did you mean port?"),
    "an unknown key unlike any": (
        GOOD + "zzz: 80",
        "base.yaml:3: zzz is not a value of this template; it takes: name, port",
    ),
    "an unknown key, deep": (
        GOOD + "limits:\n  sise: 1",
        "base.yaml:4: limits.sise is not a value of this template; did you mean limits.size?",
    ),
    "missing in a list": (GOOD + "servers:\n  - weight: 1", "base.yaml:4: servers[0].address is missing"),
    "wrong in a list": (
        GOOD + "servers:\n  - address: a\n  - address: 1",
        "base.yaml:5: servers[1].address must be text",
    ),
    "an empty list": (GOOD + "servers: []", "base.yaml:3: servers must have at least 1 items, not []"),
    "twice in a list": (
        GOOD + "servers: [{address: a}, {address: a}]",
        "base.yaml:3: servers must not hold an item twice",
    ),
    "a free key": (
        GOOD + "headers: {a: abcdefgh}",
        "base.yaml:3: headers.a must be at most 5 characters long, not 'abcdefgh'",
    ),
    "a line end": (GOOD + 'headers: {a: "b\\nc"}', "base.yaml:3: headers.a holds a control character or a line end"),
    "a NUL": (GOOD + 'headers: {a: "\\0"}', "base.yaml:3: headers.a holds a control character"),
    "a line end in a key": (GOOD + 'headers: {"a\\nb": c}', "the key 'a\\nb' holds a control character"),
    "a Unicode line end": (
        GOOD + 'headers: {a: "\\u2028"}',
        "base.yaml:3: headers.a holds a control character or a line end",
    ),
    "a list with a secret in it": (
        GOOD + "keys: [{key: hunter2}, {key: hunter2}]",
        "base.yaml:3: keys must not hold an item twice, not a hidden value",
    ),
    "a secret": (GOOD + "token: hunter2", "base.yaml:3: token must be at least 20 characters long, not a hidden value"),
}


@pytest.mark.parametrize(("layer", "message"), VIOLATIONS.values(), ids=VIOLATIONS)
def test_a_violation_is_one_sentence_with_its_place(layer: str, message: str, tmp_path: Path) -> None:
    """File, line, key, what is wanted and what is there."""
    got = refusal(tmp_path, "x", layer, schema=SCHEMA)
    assert got.startswith("Refused: the values do not fit t:")
    assert message in got
    assert "hunter2" not in got


@pytest.mark.parametrize(
    "source", ["{{ token | quote }}", "{{ token | onoff }}", "{{ token + 1 }}", "{{ token.x }}", "{{ token() }}"]
)
def test_a_secret_stands_in_no_error(source: str, tmp_path: Path) -> None:
    """A template that fails over a secret does not show it."""
    got = refusal(tmp_path, source, GOOD + "token: hunter2-$hunter2-hunter2", schema=SCHEMA)
    assert "t/nginx.conf.j2:1: " in got
    assert "hunter2" not in got


def test_every_violation_is_told_at_once(tmp_path: Path) -> None:
    """Nobody has to come three times; each is blamed on the layer that set it."""
    got = refusal(tmp_path, "x", "name: Web\nport: 80", "\nport: 0\nmode: slow", schema=SCHEMA)
    assert ["layer1.yaml:3: mode", "base.yaml:1: name", "layer1.yaml:2: port"] == [
        " ".join(line.split()[:2]) for line in got.split("\n")[1:-1]
    ]


def test_defaults_are_filled_in(tmp_path: Path) -> None:
    """Through tables that have a default, items of lists and references; what is set stays."""
    template = template_of(tmp_path, "x", SCHEMA)
    values = complete(template, values_of(GOOD + "limits: {unit: m}\nservers: [{address: a}, {address: b, weight: 7}]"))
    assert {
        "name": "web",
        "port": 80,
        "mode": "safe",
        "limits": {"unit": "m", "size": 10},
        "servers": [{"address": "a", "weight": 1}, {"address": "b", "weight": 7}],
    } == values.tree
    assert values.origin(("mode",)) == ("t/template.yaml", 9)
    assert values.origin(("limits", "size")) == ("t/template.yaml", 19)
    assert values.origin(("servers", 0, "weight")) == ("t/template.yaml", 39)
    assert complete(template, values_of(GOOD)).tree["limits"] == {"size": 10, "unit": "k"}


def test_filling_in_leaves_template_and_values_as_they_are(tmp_path: Path) -> None:
    """A second render begins where the first one began."""
    template = template_of(tmp_path, "x", SCHEMA)
    values = values_of(GOOD)
    first = complete(template, values)
    assert values.tree == {"name": "web", "port": 80}
    assert first.tree == complete(template, values).tree


BROKEN: dict[str, tuple[str, str]] = {
    "a type that is none": (
        "properties:\n  a: {type: strign}",
        "t/template.yaml:4: schema.properties.a.type is not JSON Schema",
    ),
    "a bound that is none": ("properties: {a: {minimum: x}}", "schema.properties.a.minimum is not JSON Schema"),
    "a reference outwards": (
        "properties:\n  a: {$ref: 'http://example.org/x'}",
        "t/template.yaml:4: $ref: http://example.org/x leads out",
    ),
    "a reference to a file": ("properties: {a: {$ref: 'file:///etc/passwd'}}", "leads out of the schema"),
    "an id": ("$id: http://example.org/", "t/template.yaml:3: $id: http://example.org/ leads out"),
    "a reference to nothing": (
        "$defs: {host: {}}\nproperties: {a: {$ref: '#/$defs/hots'}}",
        "Did you mean #/$defs/host?",
    ),
}


@pytest.mark.parametrize(("schema", "message"), BROKEN.values(), ids=BROKEN)
def test_a_schema_that_is_none_is_named(schema: str, message: str, tmp_path: Path) -> None:
    """The manifest's line, and nothing is fetched."""
    with pytest.raises(SettingsError) as caught:
        complete(template_of(tmp_path, "x", schema), values_of(""))
    assert message in str(caught.value)


def test_values_may_be_named_like_words_of_the_schema(tmp_path: Path) -> None:
    """A value called `$ref`, `default` or `properties` is the user's own business."""
    schema = "properties:\n  default: {type: string, default: d}\n  properties: {type: object}\n  $id: {type: string}\n"
    values = complete(template_of(tmp_path, "x", schema), values_of("$id: x\nproperties: {$ref: y}"))
    assert values.tree == {"$id": "x", "properties": {"$ref": "y"}, "default": "d"}
