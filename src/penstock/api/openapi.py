"""The contract as OpenAPI 3.1: the table of endpoints and the wire types, in the form that other programs read.

Nothing here is written twice: paths, parameters and statuses come from the table, schemas from the wire types
(msgspec gives JSON Schema 2020-12, the dialect of OpenAPI 3.1).
"""

from __future__ import annotations

import inspect
import json
import re
from http import HTTPStatus
from typing import Any

import msgspec

from penstock.api.endpoints import (
    ENDPOINTS,
    ETAG,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    NOTHING,
    REQUEST_ID_HEADER,
    Endpoint,
    Query,
)
from penstock.api.examples import EXAMPLES
from penstock.api.service import ErrorBody

NUMBER_LIMIT = 999_999_999  # of a number in the query
_SCHEMAS = "#/components/schemas/{name}"
_PART = re.compile(r"\{(\w+)\}")
_PARTS = {
    "system": "The uid of a host.",
    "instance": "The uid of an instance.",
    "group": "The uid of an instance group.",
    "config": "The uid of a staged config.",
    "deployment": "The uid of a deployment.",
    "service": "One of core, dpm, ingestion, integrations and secmon.",
}
_REQUEST_HEADERS = {
    IF_MATCH: "The ETag that was read: the publish is refused with 412 where the configuration has moved since.",
    IDEMPOTENCY_KEY: "A repeated publish with the same key finds the deployment that the first one began.",
}
_TAGS = {
    "systems": "Hosts and the nginx instances on them.",
    "instances": "All instances in one list.",
    "publishing": "What runs, publishing something else, and how that went.",
    "configs": "Staged configs: stored, not live.",
    "instance-groups": "Instances that are published to together.",
    "analysis": "What `penstock check` says of files.",
    "manager": "The manager itself.",
}
_DESCRIPTION = """\
The NGINX Instance Manager REST API as Penstock serves it.

Every request but liveness and readiness needs HTTP Basic credentials.
An answer from 400 up holds a code, a message, and details with the way out.
Publishing is answered with 202 and the path of a deployment; poll it until `details.pending` is empty.
"""


def openapi() -> dict[str, Any]:
    """The specification, ready to be written as JSON; the same at each call."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.base + endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Penstock",
            "version": "v1",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0"},  # with its identifier, Swagger UI would link to another site
        },
        "servers": [{"url": "/"}],
        "security": [{"basic": []}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "responses": _errors(),
            "headers": _headers(),
            "securitySchemes": {"basic": {"type": "http", "scheme": "basic", "description": "A user of the manager."}},
        },
    }


def openapi_text() -> str:
    """The specification as indented JSON, with a line break at its end: what docs/openapi.json holds."""
    return json.dumps(openapi(), indent=2, ensure_ascii=False) + "\n"


def _operation(endpoint: Endpoint[Any, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.doc,
        "tags": [_tag(endpoint)],
        "parameters": _parameters(endpoint),
    }
    if endpoint.body is not NOTHING:
        found["requestBody"] = {"required": True, "content": _content(endpoint.body)}
    found["responses"] = _responses(endpoint)
    if endpoint.open:
        found["security"] = []
    return found


def _tag(endpoint: Endpoint[Any, Any]) -> str:
    first = endpoint.path.split("/")[1]
    if not endpoint.base or first not in _TAGS:
        return "manager"
    is_publishing = endpoint.path.endswith("}/config") or "/deployments/" in endpoint.path
    return "publishing" if is_publishing else first


def _parameters(endpoint: Endpoint[Any, Any]) -> list[dict[str, Any]]:
    parts = [
        {"name": name, "in": "path", "required": True, "description": _PARTS[name], "schema": {"type": "string"}}
        for name in _PART.findall(endpoint.path)
    ]
    query = [
        {"name": one.name, "in": "query", "description": one.doc, "schema": _query_schema(one)}
        for one in endpoint.query
    ]
    headers = [
        {"name": name, "in": "header", "description": _REQUEST_HEADERS[name], "schema": {"type": "string"}}
        for name in endpoint.headers
    ]
    return parts + query + headers


def _query_schema(query: Query) -> dict[str, Any]:
    if query.kind is int:
        return {"type": "integer", "minimum": 0, "maximum": NUMBER_LIMIT}
    return {"type": "boolean" if query.kind is bool else "string"}


def _responses(endpoint: Endpoint[Any, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {
        "description": HTTPStatus(endpoint.status).phrase,
        "headers": _header_refs(REQUEST_ID_HEADER, *((ETAG,) if endpoint.path.endswith("}/config") else ())),
    }
    if endpoint.reply is not NOTHING:
        success["content"] = _content(endpoint.reply)
    failed = {str(status): {"$ref": f"#/components/responses/{_error_name(status)}"} for status in failures(endpoint)}
    return {str(endpoint.status): success} | failed


_ERROR_HEADERS = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}


def _error_name(status: int) -> str:
    return HTTPStatus(status).name.title().replace("_", "")


def _errors() -> dict[str, Any]:
    """An answer for each status from 400 up; all have the same body."""
    statuses = sorted({status for endpoint in ENDPOINTS for status in failures(endpoint)})
    return {
        _error_name(status): {
            "description": HTTPStatus(status).phrase,
            "headers": _header_refs(REQUEST_ID_HEADER, *_ERROR_HEADERS.get(status, ())),
            "content": _content(ErrorBody),
        }
        for status in statuses
    }


def failures(endpoint: Endpoint[Any, Any]) -> tuple[int, ...]:
    """The statuses from 400 up that the endpoint may answer with, its own and everybody's, in order.

    503 is everybody's that asks for credentials: so is told who comes when too many wait for theirs to be verified.
    """
    everybody = {400, 413, 429, 500} if endpoint.open else {400, 401, 403, 413, 429, 500, 503}
    return tuple(sorted(everybody | set(endpoint.errors)))


def _header_refs(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _headers() -> dict[str, Any]:
    said = {
        REQUEST_ID_HEADER: "Names this request in the manager's log.",
        ETAG: "The version of the configuration; send it back as If-Match.",
        "Retry-After": "Seconds to wait.",
        "WWW-Authenticate": "How to authenticate.",
    }
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in said.items()}


def _content(kind: type[Any]) -> dict[str, Any]:
    media: dict[str, Any] = {"schema": {"$ref": _SCHEMAS.format(name=kind.__name__)}}
    if kind.__name__ in EXAMPLES:
        media["example"] = EXAMPLES[kind.__name__]
    return {"application/json": media}


def wire_types() -> tuple[type[Any], ...]:
    """Every type that is a body or a reply, and the one of errors, by name."""
    found = {kind for endpoint in ENDPOINTS for kind in (endpoint.body, endpoint.reply)} - {NOTHING} | {ErrorBody}
    return tuple(sorted(found, key=lambda kind: kind.__name__))


def _schemas() -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(wire_types(), ref_template=_SCHEMAS)
    for schema in schemas.values():
        # The first paragraph is for everybody; the rest explains Python's names to who reads the source.
        schema["description"] = inspect.cleandoc(schema["description"]).split("\n\n")[0].replace("\n", " ")
    plain: dict[str, Any] = json.loads(json.dumps(schemas))  # defaults are tuples, JSON has arrays
    return {name: plain[name] for name in sorted(plain)}
