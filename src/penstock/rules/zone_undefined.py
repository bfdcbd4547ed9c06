"""A shared memory zone is used that nobody has defined

nginx refuses to start, with `zero size shared memory zone` or `zone is unknown`.

Nothing is said where a file is missing or a module is used that is not known here: it may define the zone.

```nginx bad
http {
    limit_req_zone $binary_remote_addr zone=each:1m rate=10r/s;
    server {
        limit_req zone=every burst=5;  # want "no limit_req_zone defines .every."
        limit_conn each 5;  # want "no limit_conn_zone defines .each."
        location / {
            proxy_pass http://127.0.0.1:8000;
            proxy_cache pages;  # want "no proxy_cache_path defines .pages."
        }
    }
}
```

```nginx good
http {
    limit_req_zone $binary_remote_addr zone=each:1m rate=10r/s;
    limit_conn_zone $binary_remote_addr zone=open:1m;
    server {
        limit_req burst=5 zone=each;
        limit_conn open 5;
        location / { proxy_cache off; }
        location /c { proxy_cache $arg_zone; }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.analysis.whole import whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.model import Directive, Word

_USES = {
    "limit_req": "limit_req_zone",
    "limit_conn": "limit_conn_zone",
    "proxy_cache": "proxy_cache_path",
    "fastcgi_cache": "fastcgi_cache_path",
    "scgi_cache": "scgi_cache_path",
    "uwsgi_cache": "uwsgi_cache_path",
}


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every use of a zone that no definition of its kind names."""
    for name, definition in _USES.items():
        uses = [(directive, word) for directive in context.each(name) if (word := _used(directive)) is not None]
        if not uses:
            continue
        known = {_zone(word) for directive in context.each(definition) for word in directive.args}
        wrong = [(directive, word) for directive, word in uses if word.removeprefix("zone=") not in known]
        if not wrong or not whole(context):
            continue
        for directive, word in wrong:
            zone = word.removeprefix("zone=")
            hint = f"Define it with `{definition}`, beside the other zones."
            yield Finding(directive.word_span(word), f"no {definition} defines `{zone}`", hint)


def _used(directive: Directive) -> Word | None:
    if directive.name == "limit_req":
        return next((word for word in directive.args if word.startswith("zone=")), None)
    word = directive.args[0] if directive.args else None
    return None if word is None or word == "off" or "$" in word else word


def _zone(word: str) -> str:
    """The name in `zone=name:size` or `keys_zone=name:size`."""
    return word.partition("=")[2].partition(":")[0]


RULE = Rule(
    id="zone/undefined",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=(
        "https://nginx.org/en/docs/http/ngx_http_limit_req_module.html#limit_req",
        "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache",
    ),
    options=NoOptions(),
    check=check,
    refuses=True,
)
