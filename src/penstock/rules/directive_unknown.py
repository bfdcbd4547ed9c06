"""nginx does not know this directive

No release of nginx, no documented module and no well-known module of others has a directive of this name: nginx
refuses to start. Most often it is misspelt.

Where `load_module` brings a module whose directives are not known here, only names are reported that come near one
that is known.

```nginx bad
http {
    server {
        lisen 80;  # want "lisen. is no directive"
        location / { proxy_pas http://127.0.0.1:8000; }  # want "proxy_pas"
    }
}
```

```nginx good needs=modules
load_module modules/ngx_http_weather_module.so;
http {
    server { sunshine 8h; }
}
```

```nginx good
http {
    types { text/html html; lisen lsn; }
    map $uri $known { lisen 1; }
    server { listen 8080; }
}
```
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.analysis.standing import Standing, of_standing
from penstock.config.facts import contexts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.model import Directive


# The dynamic modules that nginx.org's packages and Debian's build from nginx's own source, and njs.
_SHIPPED = re.compile(
    r"ngx_(mail|stream|(http|stream)_(js|geoip|perl)|http_(image_filter|xslt_filter|acme)|otel|stream_ssl_preread)_module\.so"
)


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every directive that nothing knows, with the nearest one that may stand there."""
    inside = context.get(contexts)
    foreign = any(_foreign(directive) for directive in context.each("load_module"))
    guesses: dict[tuple[str, str], str] = {}
    for directive in of_standing(context, Standing.UNKNOWN):
        key = (str(directive.name), inside[directive.parent])
        if key not in guesses:
            guesses[key] = _nearest(*key, context)
        if foreign and not guesses[key]:
            continue
        hint = guesses[key] or "Is it of a module that is not known here? Then set this rule to off."
        yield Finding(directive.name_span, f"`{directive.name}` is no directive that nginx knows", hint)


def _foreign(load: Directive) -> bool:
    """Whether a module is loaded whose directives are not known here."""
    return bool(load.args) and not _SHIPPED.fullmatch(load.args[0].rpartition("/")[2])


def _nearest(name: str, at: str, context: Context) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake pays for it

    known = context.catalog.names(context.nginx_version)
    close = get_close_matches(name.lower(), known, n=5, cutoff=0.75)
    here = [
        guess
        for guess in close
        if any(at in row.contexts for row in context.catalog.directives(guess, context.nginx_version))
    ]
    best = next(iter(here or close), "")
    return f"Did you mean `{best}`?" if best else ""


RULE = Rule(
    id="directive/unknown",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/docs/dirindex.html",),
    options=NoOptions(),
    check=check,
    refuses=True,
)
