"""A location without a slash at its end serves files beside its alias

`location /i { alias /srv/images/; }` also matches `/i../secret`, which nginx turns into `/srv/images/../secret`:
everything one level above the folder can be read.

The same happens with a regular expression whose capture begins in the middle of a name, as `^/i(.*)$` does.

```nginx bad
http {
    server {
        location /i { alias /srv/images/; }  # want "/i.*/srv/secret|/srv/images/../"
        location ~ ^/pics(.*)$ { alias /srv/pics/$1; }  # want "/srv/pics/../"
    }
}
```

```nginx good
http {
    server {
        location /i/ { alias /srv/images/; }
        location = /favicon.ico { alias /srv/images/favicon.ico; }
        location /robots.txt { alias /srv/robots.txt; }
        location /j { alias /srv/images; }
        location ~ ^/pics/(.*)$ { alias /srv/pics/$1; }
        location ~ ^/k(?<name>[a-z]+)$ { alias /srv/pics/$name; }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.patterns import can_hold, group
from penstock.analysis.rule import Context, Edit, Finding, NoOptions, Rule, Severity
from penstock.analysis.taint import VARIABLE
from penstock.config.facts import locations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.config.facts import Location
    from penstock.model import Directive


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every alias that can be left by `..`."""
    places = {place.directive: place for place in context.get(locations)}
    for alias in context.each("alias"):
        place = places.get(alias.parent) if alias.parent is not None else None
        if place is None or not alias.args:
            continue
        if place.modifier in {"", "^~"} and place.pattern and not place.pattern.endswith("/"):
            if alias.args[0].endswith("/"):
                yield _prefix(place, alias)
        elif place.regex and _open_capture(place.pattern, alias.args[0]):
            yield Finding(
                place.directive.head_span,
                f"the capture of `{place.pattern}` may begin with `..`, so that {alias.args[0].partition('$')[0]}../ "
                "is served as well",
                "Put a `/` before the capture.",
                ((alias.head_span, "the alias"),),
            )


def _prefix(place: Location, alias: Directive) -> Finding:
    word = place.directive.args[-1]
    return Finding(
        place.directive.head_span,
        f"{place.pattern}../ is served from {alias.args[0]}../, outside of the alias",
        f"Write `location {place.pattern}/`.",
        ((alias.head_span, "the alias"),),
        () if word.quote else (Edit(place.directive.word_span(word), f"{word}/"),),
    )


def _open_capture(pattern: str, target: str) -> bool:
    """Whether a capture that begins in the middle of a name stands behind a `/` of the alias, and can hold `..`."""
    for found in VARIABLE.finditer(target):
        captured = group(pattern, found[1] or found[2])
        if captured is None or not target[: found.start()].endswith("/"):
            continue
        inner, at = captured
        before = pattern[:at].rstrip("(?:")
        if (
            before
            and (before[-1].isalnum() or before[-1] in "_-")
            and not before.endswith(("\\w", "\\d", "\\b", "\\A"))
        ):
            return not inner.startswith("/") and can_hold(inner, ".") and can_hold(inner, "/")
    return False


RULE = Rule(
    id="security/alias-traversal",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=(
        "https://nginx.org/en/docs/http/ngx_http_core_module.html#alias",
        "https://cwe.mitre.org/data/definitions/22.html",
    ),
    options=NoOptions(),
    check=check,
)
