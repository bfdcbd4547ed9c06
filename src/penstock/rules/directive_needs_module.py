"""The directive comes with a module that nginx itself does not ship

Without that module, built in or loaded by `load_module`, nginx refuses to start. Nothing is said where any
`load_module` stands in the configuration.

```nginx bad
http {
    server {
        more_set_headers "X-Served-By: a";  # want "more_set_headers. comes with openresty/headers-more"
        location / { js_content main.hello; }  # want "js_content. comes with njs"
    }
}
```

```nginx good
http {
    server { add_header X-Served-By a; }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.analysis.standing import Standing, of_standing
from penstock.analysis.third_party import third_party

if TYPE_CHECKING:
    from collections.abc import Iterator


_OTHER = "a module that no open source release has"


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every directive of a module, once for each name, in a configuration that loads none."""
    if any(True for _ in context.each("load_module")):
        return
    named: set[str] = set()
    for directive in of_standing(context, Standing.MODULE):
        name = str(directive.name)
        if name in named:
            continue
        named.add(name)
        module = next(
            (fact.origin for fact in context.catalog.reference(name) if fact.origin), third_party(name) or _OTHER
        )
        yield Finding(
            directive.name_span,
            f"`{name}` comes with {module}, and nothing here loads a module",
            "Add its `load_module`, unless the module is built into the target's nginx.",
        )


RULE = Rule(
    id="directive/needs-module",
    doc=__doc__,
    severity=Severity.INFO,
    sources=("https://nginx.org/en/docs/ngx_core_module.html#load_module",),
    options=NoOptions(),
    check=check,
)
