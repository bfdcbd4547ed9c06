"""A `return` answers before the access rules are asked

`return` belongs to the rewrite phase, which comes before the access phase: `deny`, `auth_basic` and `auth_request` of
the same block are never asked. Whoever may not come in gets the answer all the same.

A `return` that gives nothing away (an error, a redirect) is not reported.

```nginx bad
http {
    server {
        location /status {
            allow 127.0.0.1;
            deny all;
            return 200 "secret";  # want "before .deny. is asked"
        }
    }
}
```

```nginx good
http {
    server {
        location /status {
            deny all;
            try_files /status.txt =404;
        }
        location /gone {
            deny all;
            return 410;
        }
        location /open { return 200 "hello"; }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.config.facts import inheritance

if TYPE_CHECKING:
    from collections.abc import Iterator

_GUARDS = ("deny", "auth_basic", "auth_request", "auth_jwt")


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every `return` of content beside an access rule."""
    blocks = context.get(inheritance)
    for answer in context.each("return"):
        if len(answer.args) != 2 or not answer.args[0].startswith("2"):
            continue
        guards = [guard for name in _GUARDS for guard in blocks.own(answer.parent, name) if guard.args[:1] != ("off",)]
        if guards:
            yield Finding(
                answer.head_span,
                f"this answers before `{guards[0].name}` is asked, whoever it is that asks",
                "Serve the answer from a file or an upstream, or move the check in front of it.",
                ((guards[0].head_span, "never asked"),),
            )


RULE = Rule(
    id="security/acl-bypassed",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/docs/dev/development_guide.html#http_phases",),
    options=NoOptions(),
    check=check,
)
