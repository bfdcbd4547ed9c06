"""The specification: valid, whole, true to the table, and the one that is committed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from penstock.api.codec import decode, encode
from penstock.api.endpoints import ENDPOINTS, NOTHING, Endpoint
from penstock.api.examples import EXAMPLES
from penstock.api.openapi import openapi, openapi_text, wire_types

COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
SPEC = openapi()


def test_it_is_openapi_31() -> None:
    """A validator that nobody here wrote finds nothing."""
    assert SPEC["openapi"].startswith("3.1.")
    assert not list(OpenAPIV31SpecValidator(SPEC).iter_errors())


def test_the_committed_file_is_true() -> None:
    """`make openapi` writes it anew after a change of the table or of a wire type."""
    assert COMMITTED.read_text(encoding="utf-8") == openapi_text(), "run `make openapi`"


def test_it_names_no_address() -> None:
    """Nothing is looked up anywhere: a reader of it needs no network."""
    assert not re.findall(r"https?://|\"//", openapi_text())


def test_every_endpoint_is_in_it_once() -> None:
    """And nothing else is."""
    described = [
        (method, path, operation["operationId"])
        for path, operations in SPEC["paths"].items()
        for method, operation in operations.items()
    ]
    assert sorted(described) == sorted((one.method.lower(), one.base + one.path, one.name) for one in ENDPOINTS)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_an_operation_says_what_the_table_says(endpoint: Endpoint[object, object]) -> None:
    """Parameters, body, answers, credentials; every failure has the body of errors."""
    operation = SPEC["paths"][endpoint.base + endpoint.path][endpoint.method.lower()]
    named = {(one["in"], one["name"]) for one in operation["parameters"]}
    assert named == (
        {("path", name) for name in re.findall(r"\{(\w+)\}", endpoint.path)}
        | {("query", query.name) for query in endpoint.query}
        | {("header", name) for name in endpoint.headers}
    )
    assert ("requestBody" in operation) == (endpoint.body is not NOTHING)
    assert operation.get("security", SPEC["security"]) == ([] if endpoint.open else [{"basic": []}])
    assert operation["tags"][0] in {tag["name"] for tag in SPEC["tags"]}
    answers = {int(status): answer for status, answer in operation["responses"].items()}
    assert {endpoint.status, *endpoint.errors, 400, 500} <= set(answers)
    assert (401 in answers) == (not endpoint.open)
    for status, answer in answers.items():
        whole = SPEC["components"]["responses"][answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
        assert "x-request-id" in whole["headers"]
        wanted = "ErrorBody" if 400 <= status else endpoint.reply.__name__
        if status != 204:
            assert whole["content"]["application/json"]["schema"]["$ref"].endswith(f"/{wanted}")


def _pruned(value: Any) -> Any:
    """The value without members that are empty, which an example may leave out."""
    if isinstance(value, dict):
        return {key: _pruned(inner) for key, inner in value.items() if _pruned(inner) not in ("", [], {}, 0, False)}
    return [_pruned(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_of_its_type(name: str) -> None:
    """It fits the schema, and no field of it is unknown to the wire type."""
    example = EXAMPLES[name]
    schema = {"$ref": f"#/components/schemas/{name}", "components": SPEC["components"]}
    Draft202012Validator(schema).validate(example)
    wire_type = next(kind for kind in wire_types() if kind.__name__ == name)
    assert _contains(json.loads(encode(decode(json.dumps(example).encode(), wire_type))), _pruned(example))


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return all(key in whole and _contains(whole[key], inner) for key, inner in part.items())
    if isinstance(part, list):
        return len(whole) == len(part) and all(_contains(left, right) for left, right in zip(whole, part, strict=True))
    return bool(whole == part)
