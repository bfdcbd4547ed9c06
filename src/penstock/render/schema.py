"""The typed schema of a template's values: defaults filled in, and every violation a sentence with its place.

The only door to jsonschema. JSON Schema draft 2020-12; `$ref` stays inside the schema (`#/$defs/NAME`): nothing is
fetched.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jsonschema

from penstock.errors import Refused, SettingsError
from penstock.render.values import Setting, copied, key_text
from penstock.settings.table import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from penstock.render.manifest import Template
    from penstock.render.values import Key, Values

_TYPE_WORDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
_MAX_SHOWN = 60


def complete(template: Template, values: Values) -> Values:
    """The values with the schema's defaults, checked against the schema.

    Raises Refused with one sentence for each violation, SettingsError when the schema itself is wrong.
    """
    check_schema(template)
    filling = _Filling(template)
    tree = copied(dict(values.tree))
    filling.fill(tree, template.schema, (), ())
    assert isinstance(tree, dict)
    values = values.with_defaults(tree, filling.defaults, frozenset(filling.secrets))
    sentences = [*_control_characters(tree, (), values)]
    validator = jsonschema.Draft202012Validator(template.schema)
    for error in sorted(validator.iter_errors(tree), key=lambda error: [str(key) for key in error.absolute_path]):
        sentences.extend(_sentences(error, values))
    if sentences:
        raise Refused(
            f"the values do not fit {template.label}:\n  " + "\n  ".join(dict.fromkeys(sentences)),
            way_out=f"What it takes stands in {template.manifest.label}, under schema.",
        )
    return values


def check_schema(template: Template) -> None:
    """Raise SettingsError when a template's schema is not one, with the line that is wrong."""
    manifest = template.manifest
    for path, word, value in _references(template.schema, ("schema",)):
        target = value.removeprefix("#/$defs/") if isinstance(value, str) else ""
        if word != "$ref" or not isinstance(value, str) or not value.startswith("#/$defs/"):
            raise SettingsError(
                f"{manifest.label}:{manifest.line(*path)}: {word}: {value} leads out of the schema",
                way_out="A schema refers to itself only: `$ref: '#/$defs/NAME'`.",
            )
        definitions = template.schema.get("$defs")
        known = tuple(definitions) if isinstance(definitions, dict) else ()
        if target not in known:
            guess = nearest(target, known)
            raise SettingsError(
                f"{manifest.label}:{manifest.line(*path)}: there is no $defs/{target} in the schema",
                way_out=f"Did you mean #/$defs/{guess}?" if guess else f"There is: {', '.join(known) or 'none'}.",
            )
    fault = _fault(json.dumps(template.schema))
    if fault is not None:
        path = ("schema", *fault[0])
        raise SettingsError(
            f"{manifest.label}:{manifest.line(*path)}: {key_text(path)} is not JSON Schema: {fault[1]}",
            way_out="The words are those of JSON Schema, draft 2020-12.",
        )


@lru_cache(maxsize=64)
def _fault(schema: str) -> tuple[Key, str] | None:
    """What is wrong with a schema (as JSON), and where. A fleet asks the same for each instance, and it takes long."""
    try:
        jsonschema.Draft202012Validator.check_schema(json.loads(schema))
    except jsonschema.SchemaError as exc:
        return tuple(exc.absolute_path), exc.message
    return None


def _references(schema: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str, object]]:
    """(path, keyword, value) of everything in a schema that could lead out of it."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            # Below these, keys are the user's own names, and below the others data.
            if path[-1] not in ("properties", "$defs", "patternProperties") and key in (
                "$ref",
                "$dynamicRef",
                "$id",
                "$schema",
            ):
                yield (*path, key), key, value
            elif path[-1] in ("properties", "$defs") or key not in ("default", "const", "enum", "examples"):
                yield from _references(value, (*path, key))
    elif isinstance(schema, list):
        for at, value in enumerate(schema):
            yield from _references(value, (*path, at))


class _Filling:
    """Walks values and schema together: fills defaults in, and notes where they stand and what is secret."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.defaults: dict[Key, Setting] = {}
        self.secrets: set[Key] = set()

    def fill(self, value: object, schema: object, at: Key, where: Key) -> None:
        """Fill the defaults of `schema` into `value`. at: its path; where: the schema's own path in the schema."""
        schema, where = self._resolved(schema, where)
        if not isinstance(schema, dict):
            return
        if schema.get("writeOnly") is True:
            self.secrets.add(at)
        if isinstance(value, dict):
            self._fill_mapping(value, schema, at, where)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self.fill(item, schema.get("items"), (*at, index), (*where, "items"))

    def _fill_mapping(self, value: dict[str, object], schema: Mapping[str, object], at: Key, where: Key) -> None:
        properties = schema.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        for key, inside in properties.items():
            place = (*where, "properties", key)
            resolved, resolved_place = self._resolved(inside, place)
            default = (
                (inside, place) if isinstance(inside, dict) and "default" in inside else (resolved, resolved_place)
            )
            if key not in value and isinstance(default[0], dict) and "default" in default[0]:
                value[key] = copied(default[0]["default"])
                self._note(value[key], (*at, key), (*default[1], "default"))
            if key in value:
                self.fill(value[key], inside, (*at, key), place)
        for key, inside in value.items():
            if key not in properties:
                self.fill(inside, schema.get("additionalProperties"), (*at, key), (*where, "additionalProperties"))

    def _note(self, value: object, at: Key, where: Key) -> None:
        manifest = self.template.manifest
        self.defaults[at] = Setting(manifest.label, manifest.line("schema", *where), copied(value))
        below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, inside in below:
            self._note(inside, (*at, key), (*where, key))

    def _resolved(self, schema: object, where: Key) -> tuple[object, Key]:
        """The schema behind `$ref`, and its place; a chain of references that comes back to itself ends."""
        for _ in range(10):
            if not isinstance(schema, dict) or "$ref" not in schema:
                break
            name = str(schema["$ref"]).removeprefix("#/$defs/")
            definitions = self.template.schema["$defs"]
            assert isinstance(definitions, dict)
            schema, where = definitions[name], ("$defs", name)
        return schema, where


def _control_characters(value: object, at: Key, values: Values) -> Iterator[str]:
    """A sentence for each text that would break out of its line, whatever the schema says."""
    if isinstance(value, dict):
        for key, inside in value.items():
            if _is_wild(key):
                yield _place(values, (*at, key)) + f"the key {key!r} holds a control character"
            yield from _control_characters(inside, (*at, key), values)
    elif isinstance(value, list):
        for index, inside in enumerate(value):
            yield from _control_characters(inside, (*at, index), values)
    elif isinstance(value, str) and _is_wild(value):
        yield (
            _place(values, at) + f"{key_text(at)} holds a control character or a line end; a value is one line of text"
        )


def _is_wild(text: str) -> bool:
    return any(character < " " or "\x7f" <= character <= "\x9f" or character in "\u2028\u2029" for character in text)


def _place(values: Values, path: Key) -> str:
    label, line = values.origin(path)
    return f"{label}:{line}: "


def _sentences(error: jsonschema.ValidationError, values: Values) -> Iterator[str]:
    path: Key = tuple(error.absolute_path)
    name = key_text(path) or "the whole of the values"
    place = _place(values, path)
    schema: Mapping[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    limit: Any = error.validator_value
    instance: Any = error.instance
    if error.validator == "required":
        # jsonschema gives one error for each missing key, and names it in its message alone.
        for key in limit:
            if key not in instance:
                yield f"{place}{key_text((*path, key))} is missing" + _described(schema, key)
    elif error.validator == "additionalProperties" and limit is False:
        known = tuple(schema.get("properties", ()))
        for key in instance:
            if key not in known and not _fits_pattern(key, schema):
                guess = nearest(key, known)
                yield (
                    f"{_place(values, (*path, key))}{key_text((*path, key))} is not a value of this template; "
                    + (f"did you mean {key_text((*path, guess))}?" if guess else f"it takes: {', '.join(known)}")
                )
    elif error.validator in ("anyOf", "oneOf") and error.context:
        closest = max(error.context, key=lambda below: len(below.absolute_path))
        inside = "; ".join(sentence.partition(": ")[2] for sentence in _sentences(closest, values))
        yield f"{place}{name} fits none of the forms it may have; nearest: {inside}"
    else:
        shown = "a hidden value" if values.is_secret(path) else _shown(instance)
        yield f"{place}{name} {_wanted(str(error.validator), limit, instance, schema)}, not {shown}"


def _fits_pattern(key: str, schema: Mapping[str, object]) -> bool:
    patterns = schema.get("patternProperties")
    return isinstance(patterns, dict) and not list(
        jsonschema.Draft202012Validator({"patternProperties": patterns, "additionalProperties": False}).iter_errors(
            {key: None}
        )
    )


def _described(schema: Mapping[str, Any], key: str) -> str:
    inside = schema.get("properties", {}).get(key)
    description = inside.get("description") if isinstance(inside, dict) else None
    return f": {description}" if isinstance(description, str) else ""


_BOUNDS = {
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "minLength": "must be at least {} characters long",
    "maxLength": "must be at most {} characters long",
    "minItems": "must have at least {} items",
    "maxItems": "must have at most {} items",
    "minProperties": "must have at least {} entries",
    "uniqueItems": "must not hold an item twice",
}


def _wanted(word: str, limit: Any, instance: object, schema: Mapping[str, Any]) -> str:
    if word in _BOUNDS:
        return _BOUNDS[word].format(limit)
    if word == "type":
        kinds = limit if isinstance(limit, list) else [limit]
        hint = " (write it in quotes)" if kinds == ["string"] and isinstance(instance, (int, float)) else ""
        return f"must be {' or '.join(_TYPE_WORDS[kind] for kind in kinds)}{hint}"
    if word == "enum":
        return f"must be one of {', '.join(map(str, limit))}"
    if word == "const":
        return f"must be {_shown(limit)}"
    if word == "pattern":
        described = schema.get("description")
        return f"must match {limit}" + (f" ({str(described).rstrip('.')})" if described else "")
    return f"must satisfy {word}: {_shown(limit)}"


def _shown(value: object) -> str:
    text = (
        {True: "true", False: "false", None: "null"}[value] if value is None or isinstance(value, bool) else repr(value)
    )
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "..."
