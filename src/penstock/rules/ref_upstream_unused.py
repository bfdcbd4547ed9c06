"""An upstream that nothing names

It is dead, or, more often, misspelt where it should be used: then nginx asks DNS for the misspelt name.
An upstream counts as used wherever its name stands, in a `map` or in Lua, too.

```nginx bad
http {
    upstream application { server 127.0.0.1:8001; }  # want "application. is named nowhere"
    server {
        location / { proxy_pass http://127.0.0.1:8001; }
    }
}
```

```nginx good
http {
    upstream direct { server 127.0.0.1:8001; }
    upstream mapped { server 127.0.0.1:8002; }
    map $http_x_beta $target { default direct; 1 mapped; }
    server {
        location / { proxy_pass http://$target; }
    }
}
```
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.config.facts import upstreams

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from penstock.config.facts import Upstream
    from penstock.model import Config

_NAME = re.compile(r"[\w.-]+")
_ELSEWHERE = frozenset({"upstream", "server_name", "listen", "location"})


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every upstream whose name stands nowhere else."""
    all_upstreams: tuple[Upstream, ...] = context.get(upstreams)
    if not all_upstreams:
        return
    words = context.get(_words)
    for upstream in all_upstreams:
        plain = _NAME.fullmatch(upstream.name)
        used = upstream.name.lower() in words if plain else any(upstream.name in text for text in words)
        if not used:
            yield Finding(
                upstream.directive.head_span,
                f"the upstream `{upstream.name}` is named nowhere",
                "Use it, or delete it.",
            )


def _words(config: Config) -> Mapping[str, None]:
    """Every word that could be a name, of all arguments, lines of data and code: a fact."""
    texts: list[str] = []
    for directive in config.walk():
        if directive.name not in _ELSEWHERE:
            texts.extend(directive.args)
        if directive.body:
            texts.append(directive.body)
    return dict.fromkeys(word.lower() for text in texts for word in (*_NAME.findall(text), text))


RULE = Rule(
    id="ref/upstream-unused",
    doc=__doc__,
    severity=Severity.INFO,
    sources=("https://nginx.org/en/docs/http/ngx_http_upstream_module.html",),
    options=NoOptions(),
    check=check,
)
