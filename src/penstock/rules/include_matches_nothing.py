"""An include brings nothing

nginx says nothing of a pattern that matches no file: after a renamed folder or a wrong suffix, sites are gone and
the test passes. Distributions ship empty folders on purpose, so this is a note, and not part of the default profile.

```nginx bad
http {
    include sites-enbaled/*.conf;  # want "sites-enbaled/\\*.conf matches no file"
}
```

```nginx good
http {
    server { listen 8080; }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.config.facts import empty_includes

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every include pattern without a file."""
    for directive in context.get(empty_includes):
        yield Finding(
            directive.word_span(directive.args[0]),
            f"{directive.args[0]} matches no file, and nginx says nothing of it",
            "Is the folder's name or the suffix right?",
        )


RULE = Rule(
    id="include/matches-nothing",
    doc=__doc__,
    severity=Severity.INFO,
    sources=("https://nginx.org/en/docs/ngx_core_module.html#include",),
    options=NoOptions(),
    check=check,
    profiles=frozenset({"strict"}),
)
