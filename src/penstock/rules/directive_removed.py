"""This release of nginx no longer has the directive

It is gone from the release that the configuration is for, which refuses to start. `ssl on;` went with 1.25.1, the
`spdy_` directives before.

```nginx bad
http {
    server {
        listen 443;
        ssl on;  # want "ssl. is gone: nginx 1.25.0 was the last"
    }
}
```

```nginx good
http {
    server {
        listen 443 ssl;
        ssl_certificate example.crt;
        ssl_certificate_key example.key;
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.analysis.standing import Standing, of_standing

if TYPE_CHECKING:
    from collections.abc import Iterator

_INSTEAD = {
    "ssl": "Write `listen 443 ssl;`.",
    "http2_max_field_size": "large_client_header_buffers sets the limit now.",
    "http2_max_header_size": "large_client_header_buffers sets the limit now.",
    "http2_max_requests": "keepalive_requests sets the limit now.",
    "http2_recv_timeout": "client_header_timeout sets the limit now.",
    "http2_idle_timeout": "keepalive_timeout sets the limit now.",
    "limit_zone": "limit_conn_zone does this.",
}


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every directive of an earlier release."""
    releases = context.catalog.releases
    for directive in of_standing(context, Standing.REMOVED):
        rows = context.catalog.all_directives(directive.name)
        last = max((row.until for row in rows if row.until), key=releases.index, default="")
        when = f"nginx {last} was the last to have it" if last else f"it went before nginx {releases[0]}"
        hint = _INSTEAD.get(directive.name, "Leave it out.")
        yield Finding(directive.name_span, f"`{directive.name}` is gone: {when}", hint)


RULE = Rule(
    id="directive/removed",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/CHANGES",),
    options=NoOptions(),
    check=check,
    refuses=True,
)
