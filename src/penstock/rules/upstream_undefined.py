"""A request is passed to an upstream that is not there

`fastcgi_pass`, `scgi_pass` and `uwsgi_pass` take an address with a port, a socket, or the name of an `upstream`.
For a name that no upstream has, nginx refuses to start with `no port in upstream`.

Nothing is said where a file is missing or a module is used that is not known here.

```nginx bad
http {
    upstream php { server 127.0.0.1:9000; }
    server {
        location / { fastcgi_pass phpp; }  # want "no upstream .phpp."
    }
}
```

```nginx good
http {
    upstream php { server 127.0.0.1:9000; }
    server {
        location /a { fastcgi_pass PHP; }
        location /b { fastcgi_pass unix:/run/php.sock; }
        location /c { uwsgi_pass uwsgi://127.0.0.1:3031; }
        location /d { scgi_pass [::1]:4000; }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.analysis.whole import whole
from penstock.config.facts import upstreams

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every pass to a bare name that no upstream has."""
    known = {each.name.lower() for each in context.get(upstreams)}
    for directive in context.each("fastcgi_pass", "scgi_pass", "uwsgi_pass"):
        word = directive.args[0] if directive.args else None
        if word is None or "$" in word or word.startswith(("unix:", "[")):
            continue
        name = word.lower().removeprefix("uwsgi://").removeprefix("suwsgi://").removeprefix("scgi://")
        if ":" in name or name in known or not whole(context):
            continue
        yield Finding(
            directive.word_span(word),
            f"there is no upstream `{word}`, and an address needs a port",
            "Define the upstream, or write the port.",
        )


RULE = Rule(
    id="upstream/undefined",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_pass",),
    options=NoOptions(),
    check=check,
    refuses=True,
)
