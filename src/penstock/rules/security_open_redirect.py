"""A link decides where a redirect leads

A part of the URL reaches the host of a redirect. A link to your site then leads to anybody's: what phishing needs.
The commonest form is a capture glued to the host: with `rewrite ^/old(.*)$ https://example.com$1` the path
`/old.evil.example/` redirects to `https://example.com.evil.example/`.

What only the visitor's own browser sends (`$host`, a header, a cookie) cannot be planted in a link and passes.

```nginx bad
http {
    server {
        location /go { return 302 $arg_next; }  # want "arg_next.* decides where"
        location ~ ^/to/(.*)$ { return 301 https://$1; }  # want "1.* decides where"
        rewrite ^/old(.*)$ https://example.com$1 permanent;  # want "1.* decides where"
    }
}
```

```nginx good
http {
    server {
        listen 8080;
        server_name ~^www\\.(?<domain>.+)$;
        return 301 $scheme://$domain$request_uri;
    }
    server {
        rewrite ^/old/(.*)$ https://example.com/$1 permanent;
        rewrite ^(.*)$ https://example.com$1 permanent;
        location /login { return 302 /sign-in?next=$arg_next; }
        location / { return 301 https://$host$request_uri; }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.destinations import authority, chosen_by_client
from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.analysis.taint import Source, flows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.analysis.taint import Value
    from penstock.model import Directive, Word

_REDIRECTS = ("301", "302", "303", "307", "308")


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every redirect whose host a part of the URL decides."""
    for directive in context.each("return", "rewrite"):
        target, pattern = _target(directive)
        if target is None or "$" not in target:
            continue
        for value in context.get(flows).expand(target, directive, pattern):
            if directive.name == "rewrite" and not _leads_away(directive, value):
                continue
            source = chosen_by_client(authority(value))
            if source is not None and source.kind == "url":
                yield Finding(
                    directive.word_span(target),
                    f"`{source.name}` of the URL decides where this redirect leads",
                    "Write the host out, and a `/` after it.",
                    tuple((step.head_span, "through this") for step in source.via),
                )
                break


def _target(directive: Directive) -> tuple[Word | None, str]:
    """What is redirected to, and the regular expression whose captures it may use."""
    args = directive.args
    if directive.name == "rewrite":
        return (args[1], str(args[0])) if 1 < len(args) else (None, "")
    if len(args) == 2 and args[0] in _REDIRECTS:
        return args[1], ""
    if len(args) == 1 and args[0].startswith(("http://", "https://", "$scheme")):
        return args[0], ""
    return None, ""


def _leads_away(directive: Directive, value: Value) -> bool:
    """Whether a rewrite redirects: by its flag, or because its replacement begins with a scheme (or `$scheme`)."""
    if directive.args[1].startswith(("http://", "https://", "$scheme")):
        return True
    flagged = 2 < len(directive.args) and directive.args[2] in {"redirect", "permanent"}
    first = value[0] if value else ""
    return flagged and (isinstance(first, Source) or str(first).startswith(("http://", "https://", "//")))


RULE = Rule(
    id="security/open-redirect",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=(
        "https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#return",
        "https://cwe.mitre.org/data/definitions/601.html",
    ),
    options=NoOptions(),
    check=check,
)
