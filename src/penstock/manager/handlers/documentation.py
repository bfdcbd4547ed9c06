"""The API's documentation in a browser, with "try it out": Swagger UI over the specification, from this origin alone.

The door to swagger-ui-py, which carries Swagger UI's files; nothing else of it is used. The page stands behind the
same credentials as the API, so that a browser that shows it sends them with every request that is tried out.
"""

from __future__ import annotations

import hashlib
from functools import cache, partial
from importlib import resources
from typing import TYPE_CHECKING

import swagger_ui

from penstock.api.endpoints import NOTHING, Endpoint
from penstock.api.openapi import openapi_text
from penstock.manager.web import Answer, Binding, Document, bind

if TYPE_CHECKING:
    from collections.abc import Callable

PAGES = ("/ui/docs", "/docs")  # NIM's path, and the one that people guess
_BELOW = "/ui/docs"
_SPECIFICATION = "openapi.json"
_START = "start.js"
_STATIC = {  # Swagger UI's files that the page needs, of the many that swagger-ui-py carries
    "swagger-ui-bundle.js": "text/javascript; charset=UTF-8",
    "swagger-ui.css": "text/css; charset=UTF-8",
    "favicon-32x32.png": "image/png",
}
# Swagger UI styles its elements inline and draws its icons from data URLs; all else is this origin's, or nobody's.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE_HEADERS = {"content-security-policy": _POLICY, "referrer-policy": "no-referrer"}
_KEEP = {"cache-control": "private, max-age=31536000, immutable"}  # its address changes with its bytes

_HTML = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Penstock: API documentation</title>
<link rel="icon" href="{icon}">
<link rel="stylesheet" href="{style}">
</head>
<body>
<noscript>This page needs JavaScript. The specification itself is <a href="{specification}">openapi.json</a>.</noscript>
<div id="documentation"></div>
<script src="{bundle}"></script>
<script src="{start}"></script>
</body>
</html>
"""
# url: without the user that an address may hold, for a browser refuses to fetch that.
# validatorUrl: Swagger UI would otherwise send the specification's address to a server of its makers.
_JAVASCRIPT = f"""\
SwaggerUIBundle({{
  url: location.origin + "{_BELOW}/{_SPECIFICATION}",
  dom_id: "#documentation",
  deepLinking: true,
  displayRequestDuration: true,
  filter: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  withCredentials: true,
}});
"""


def bindings() -> list[Binding]:
    """The page under both of its paths, and what it loads."""
    shown: dict[str, Callable[[], Answer[Document]]] = {
        **dict.fromkeys(PAGES, _page),
        f"{_BELOW}/{_SPECIFICATION}": _specification,
        f"{_BELOW}/{_START}": _start,
        **{f"{_BELOW}/{name}": partial(_file, name) for name in _STATIC},
    }
    return [_bound(path, answer) for path, answer in shown.items()]


def _bound(path: str, answer: Callable[[], Answer[Document]]) -> Binding:
    endpoint = Endpoint(f"documentation {path}", "GET", path, NOTHING, Document, "The documentation.", base="")
    return bind(endpoint, lambda _: answer())


def _page() -> Answer[Document]:
    text = _HTML.format(
        icon=_address("favicon-32x32.png"),
        style=_address("swagger-ui.css"),
        bundle=_address("swagger-ui-bundle.js"),
        start=f"{_BELOW}/{_START}",
        specification=f"{_BELOW}/{_SPECIFICATION}",
    )
    return Answer(Document(text.encode(), "text/html; charset=UTF-8"), _PAGE_HEADERS)


def _start() -> Answer[Document]:
    return Answer(Document(_JAVASCRIPT.encode(), "text/javascript; charset=UTF-8"))


@cache
def _specification() -> Answer[Document]:
    return Answer(Document(openapi_text().encode(), "application/json; charset=UTF-8"))


@cache
def _file(name: str) -> Answer[Document]:
    return Answer(Document(resources.files(swagger_ui).joinpath("static", name).read_bytes(), _STATIC[name]), _KEEP)


def _address(name: str) -> str:
    digest = hashlib.sha256(_file(name).reply.content).hexdigest()
    return f"{_BELOW}/{name}?{digest[:12]}"
