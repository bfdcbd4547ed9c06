"""A log is to be written in a format that nobody has defined

nginx refuses to start with `unknown log format`. The format has to stand before the log that uses it.

Nothing is said where a file is missing or a module is used that is not known here: it may define the format.

```nginx bad
http {
    server { access_log logs/a.log long; }  # want "no log_format `long` stands before"
    log_format long $uri;
}
```

```nginx good
http {
    log_format long $uri;
    access_log logs/a.log combined;
    server {
        access_log logs/b.log long buffer=32k;
        location / { access_log off; }
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

    from penstock.model import Config, Directive, Word


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every access_log whose format has not been defined so far."""
    found = context.get(_undefined)
    if not found or not whole(context):
        return
    for directive, word in found:
        yield Finding(
            directive.word_span(word),
            f"no log_format `{word}` stands before this",
            "Define it in http, before the first log that uses it; `combined` needs no definition.",
        )


def _undefined(config: Config) -> tuple[tuple[Directive, Word], ...]:
    """A fact: the logs with the name of a format that is not known where they stand."""
    found = []
    for top in config.directives:
        known = {"combined"} if top.name == "http" else set()
        if top.name not in {"http", "stream"}:
            continue
        for directive in top.walk():
            args = directive.args
            if directive.name == "log_format" and args:
                known.add(str(args[0]))
            elif directive.name == "access_log" and 1 < len(args) and args[0] != "off" and str(args[1]) not in known:
                found.append((directive, args[1]))
    return tuple(found)


RULE = Rule(
    id="log-format/undefined",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format",),
    options=NoOptions(),
    check=check,
    refuses=True,
)
