"""A decoded URI reaches a header

`$uri` and what a location's regular expression captures are percent-decoded: `%0d%0a` in the request has become a
line end. Put into a redirect, a response header or a request to an upstream, it ends the header and begins another
one of the client's choice: a cookie, a second response, a smuggled request. `$request_uri` is as the client sent it,
and safe here.

A capture passes that can hold no line end: `.` matches none, `[^/]` does.

```nginx bad
http {
    server {
        location / { return 302 https://example.com$uri; }  # want "uri.* may hold a line end"
    }
    server {
        listen 8080;
        location ~ ^/a/([^/]*)/ { add_header X-Part $1; }  # want "1.* may hold a line end"
        location /b/ { proxy_pass http://127.0.0.1:8000$uri; }  # want "uri.* may hold a line end"
    }
}
```

```nginx good
http {
    server {
        location / { return 302 https://example.com$request_uri; }
        location = /exact { return 302 https://example.com$uri; }
        location ~ ^/a/(.*)$ { return 302 https://example.com/$1; }
        location ~ ^/b/([a-z]+)/ { add_header X-Part $1; }
        location ~ "^/c/([^/\\r\\n]+)/" { return 302 https://example.com/$1; }
        location /d/ { try_files $uri $uri/ =404; }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.analysis.taint import Source, flows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.model import Directive, Word

_HEADERS = ("add_header", "add_trailer", "proxy_set_header", "grpc_set_header")


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every header and redirect that a decoded URI can break."""
    for directive in context.each("return", "rewrite", "proxy_pass", *_HEADERS):
        word = _sink(directive)
        if word is None or "$" not in word:
            continue
        for value in context.get(flows).expand(word, directive, _pattern(directive)):
            source = next((piece for piece in value if _breaks(piece, directive)), None)
            if isinstance(source, Source):
                yield Finding(
                    directive.word_span(word),
                    f"`{source.name}` is decoded and may hold a line end, which would begin a header of the client's",
                    "Use $request_uri, or a capture that can hold no line end.",
                    tuple((step.head_span, "through this") for step in source.via),
                )
                break


def _sink(directive: Directive) -> Word | None:
    """The word that becomes a header or a request line."""
    args = directive.args
    if directive.name == "rewrite":
        if len(args) < 2:
            return None
        leads_away = args[-1] in {"redirect", "permanent"} or args[1].startswith(("http://", "https://", "$scheme"))
        return args[1] if leads_away else None
    if directive.name == "return":
        return args[1] if len(args) == 2 and args[0].startswith("3") else None
    if directive.name == "proxy_pass":
        return args[0] if args else None
    return args[1] if 1 < len(args) else None


def _pattern(directive: Directive) -> str:
    return str(directive.args[0]) if directive.name == "rewrite" else ""


def _breaks(piece: object, directive: Directive) -> bool:
    if not isinstance(piece, Source) or not piece.decoded or not piece.can_hold("\n"):
        return False
    # A numbered capture in the replacement of a rewrite is escaped again (ngx_http_script_copy_capture_code).
    return directive.name != "rewrite" or not piece.name[1:].isdecimal()


RULE = Rule(
    id="security/crlf-injection",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=(
        "https://nginx.org/en/docs/http/ngx_http_core_module.html#var_uri",
        "https://cwe.mitre.org/data/definitions/113.html",
    ),
    options=NoOptions(),
    check=check,
)
