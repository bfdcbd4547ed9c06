"""A folder of the system is served

With a root or alias such as `/` or `/etc`, the whole of it can be fetched: configuration, keys, passwords' hashes.

Where nobody can ask for a file, such a root is a matter of taste: in an `internal` location (what `X-Accel-Redirect`
leads to), and where each location hands the request on or answers it itself.

```nginx bad
http {
    server { root /etc; }  # want "root /etc serves"
    server {
        root /;  # want "root / serves"
        location / { proxy_pass http://127.0.0.1:8000; }
        location /files/ { expires 1d; }
    }
}
```

```nginx good
http {
    server { root /srv/www; }
    server {
        root /;
        location / { proxy_pass http://127.0.0.1:8000; }
        location = /favicon.ico { log_not_found off; }
        location ~ /\\.ht { deny all; }
        location /sent/ { internal; alias /; }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.config.facts import inheritance, locations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.config.facts import Inheritance, Location
    from penstock.model import Config, Directive

_FOLDERS = frozenset({"", "/etc", "/etc/nginx", "/home", "/proc", "/root", "/sys", "/var"})
_ANSWERS = (
    "fastcgi_pass",
    "grpc_pass",
    "internal",
    "memcached_pass",
    "proxy_pass",
    "return",
    "scgi_pass",
    "uwsgi_pass",
)


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every root or alias that opens a folder of the system to whoever asks."""
    blocks = context.get(inheritance)
    for directive in context.each("root", "alias"):
        if not directive.args or directive.args[0].rstrip("/") not in _FOLDERS or not directive.args[0]:
            continue
        if _closed(directive, blocks, context.get(_by_block)):
            continue
        yield Finding(
            directive.head_span,
            f"{directive.name} {directive.args[0]} serves a folder of the system",
            "Serve a folder that holds nothing but what is to be served.",
        )


def _by_block(config: Config) -> dict[Directive, Location]:
    """The locations, by their directive: a fact."""
    return {place.directive: place for place in locations(config)}


def _closed(directive: Directive, blocks: Inheritance, places: dict[Directive, Location]) -> bool:
    """Whether no location in which it is in force gives out files."""
    block = directive.parent
    if block is None or block.name not in {"server", "location"}:
        return False
    if any(around in places and blocks.own(around, "internal") for around in (block, *block.ancestors)):
        return True
    inner = [places[each] for each in block.walk() if each in places and not _own_folder(each, block, blocks)]
    if block in places:
        return _answers(places[block], blocks) and all(_answers(each, blocks) for each in inner)
    everything = any(each.modifier in {"", "^~"} and each.pattern == "/" for each in inner)
    return everything and all(_answers(each, blocks) for each in inner)


def _own_folder(place: Directive, block: Directive, blocks: Inheritance) -> bool:
    """Whether the location, or one between it and the block, sets another root or alias."""
    at: Directive | None = place
    while at is not None and at is not block:
        if blocks.own(at, "root") or blocks.own(at, "alias"):
            return True
        at = at.parent
    return False


def _answers(place: Location, blocks: Inheritance) -> bool:
    """Whether requests that come here get no file: handed on, answered, refused; one file by name does no harm."""
    if place.modifier == "=" or any(blocks.own(place.directive, name) for name in _ANSWERS):
        return True
    if any(each.args[:1] == ("all",) for each in blocks.own(place.directive, "deny")):
        return not blocks.own(place.directive, "allow")
    return False


RULE = Rule(
    id="security/filesystem-root",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/docs/http/ngx_http_core_module.html#root",),
    options=NoOptions(),
    check=check,
)
