"""A variable that nothing defines

nginx refuses to start with `unknown "..." variable`, and does not say where it stands. Most often it is misspelt, or
its `map` has gone.

Looked at is what nginx evaluates; in a `server_name`, or in a header that no server inherits, a `$` is a sign like
others. Nothing is said where a file is missing or a module is used that is not known here: it may
define variables of its own.

```nginx bad
http {
    map $http_upgrade $connection_upgrade { default upgrade; "" $clsoe; }  # want "clsoe. is not defined"
    log_format long '$remote_addr $reqeust_time';  # want "reqeust_time. is not defined"
    server {
        if ($htp_user) { return 403; }  # want "htp_user. is not defined"
        add_header X-Price "$ 5";  # want "not followed by the name of a variable"
        location / {
            proxy_set_header Connection $conection_upgrade;  # want "conection_upgrade. is not defined"
            proxy_pass http://127.0.0.1:8000;
        }
    }
}
```

```nginx good
http {
    map $http_upgrade $connection_upgrade { default upgrade; "" close; }
    map $uri $part { ~^/(?<first>[a-z]+)$ $first; }
    geo $near { default 0; 10.0.0.0/8 1; }
    split_clients $remote_addr $half { 50% a; * b; }
    log_format long '$Remote_Addr $upstream_http_etag $gzip_ratio ${uri}';
    proxy_set_header X-Unused $nowhere;
    server {
        proxy_set_header Host $host;
        server_name ~^(?<user>\\w+)\\.example$;
        set $mine $user$near$half$part$arg_x$cookie_y$uid_got;
        rewrite ^/old/(.*)$ /new/$1 last;
        location ~ ^/(?P<where>[^/]+)$ { return 302 /$where$mine$connection_upgrade; }
    }
}
```
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.analysis.whole import whole
from penstock.config.facts import inheritance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.model import Directive, Word

_ALL, _FIRST, _SECOND, _LAST = slice(None), slice(0, 1), slice(1, 2), slice(-1, None)
_EVALUATED = {
    "access_log": _ALL,
    "add_header": _SECOND,
    "add_trailer": _SECOND,
    "alias": _FIRST,
    "auth_basic": _FIRST,
    "auth_basic_user_file": _FIRST,
    "auth_request_set": _SECOND,
    "error_page": _LAST,
    "expires": _LAST,
    "fastcgi_cache": _FIRST,
    "fastcgi_cache_bypass": _ALL,
    "fastcgi_cache_key": _FIRST,
    "fastcgi_no_cache": _ALL,
    "fastcgi_pass": _FIRST,
    "grpc_pass": _FIRST,
    "hash": _FIRST,
    "index": _ALL,
    "limit_conn_zone": _FIRST,
    "limit_rate": _FIRST,
    "limit_req_zone": _FIRST,
    "log_format": slice(1, None),
    "map": _FIRST,
    "proxy_bind": _FIRST,
    "proxy_cache": _FIRST,
    "proxy_cache_bypass": _ALL,
    "proxy_cache_key": _FIRST,
    "proxy_cookie_path": _ALL,
    "proxy_method": _FIRST,
    "proxy_no_cache": _ALL,
    "proxy_pass": _FIRST,
    "proxy_redirect": _ALL,
    "proxy_set_body": _FIRST,
    "return": _ALL,
    "rewrite": _SECOND,
    "root": _FIRST,
    "scgi_pass": _FIRST,
    "secure_link": _FIRST,
    "secure_link_md5": _FIRST,
    "set": _SECOND,
    "split_clients": _FIRST,
    "sub_filter": _ALL,
    "try_files": _ALL,
    "uwsgi_pass": _FIRST,
}
"""The arguments in which nginx 1.22.1 refuses a name that it does not know: each was tried."""

_SENT = ("fastcgi_param", "grpc_set_header", "proxy_set_header", "scgi_param", "uwsgi_param")
"""What is evaluated in servers and locations; in `http` only where a server inherits it."""

_DEFINES = {"auth_request_set": 0, "geo": -1, "map": -1, "perl_set": 0, "set": 0, "split_clients": -1}
_CAPTURES = frozenset("123456789")  # `$0` is none of them: nginx seeks a variable of that name
_MORE = frozenset(
    {"gzip_ratio", "invalid_referer", "secure_link", "secure_link_expires", "slice_range"}
    | {"uid_got", "uid_reset", "uid_set"}
)
"""Variables that modules of nginx add one by one, beside their tables."""


@cache
def _name() -> re.Pattern[str]:
    return re.compile(r"\$(?:\{(\w+)\}|(\w+)|)", re.ASCII)


@cache
def _capture() -> re.Pattern[str]:
    return re.compile(r"\(\?(?:P?<|')([A-Za-z_]\w*)", re.ASCII)


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every use of a variable that neither nginx nor the configuration defines."""
    known: dict[tuple[str, str], bool] = {}
    unknown: list[tuple[Directive, Word, str]] = []
    for directive, word in _evaluated(context):
        scope = _scope(directive)
        for found in _name().finditer(word):
            name = (found[1] or found[2] or "").lower()
            if name[:1] in _CAPTURES:
                continue
            if (scope, name) not in known:
                known[scope, name] = name in _MORE or (
                    context.catalog.variable(scope, name, context.nginx_version) is not None
                )
            if not known[scope, name]:
                unknown.append((directive, word, name))
    if not unknown:
        return
    defined = set(_defined(context))
    unknown = [each for each in unknown if each[2] not in defined]
    if unknown and whole(context):
        for directive, word, name in unknown:
            yield _finding(directive, word, name, defined, context)


def _finding(directive: Directive, word: Word, name: str, defined: set[str], context: Context) -> Finding:
    if not name:
        message = f"a `$` in `{directive.name}` is not followed by the name of a variable"
        return Finding(
            directive.word_span(word), message, "nginx cannot write a `$` itself here; a `geo` can give one."
        )
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake pays for it

    names = {fact.name for fact in context.catalog.variables(_scope(directive), context.nginx_version)} | defined
    near = get_close_matches(name, sorted(names), n=1, cutoff=0.75)
    hint = f"Did you mean `${near[0]}`?" if near else "Define it with `set`, `map` or `geo`."
    return Finding(directive.word_span(word), f"the variable `${name}` is not defined", hint)


def _scope(directive: Directive) -> str:
    return "stream" if any(block.name == "stream" for block in directive.ancestors) else "http"


def _evaluated(context: Context) -> Iterator[tuple[Directive, Word]]:
    """The words with a `$` in which nginx looks for variables."""
    for name, part in _EVALUATED.items():
        for directive in context.each(name):
            for word in directive.args[part]:
                if "$" in word and not word.startswith("~"):
                    yield directive, word
    for directive in context.each("if"):
        yield from _condition(directive)
    for directive in context.each("geo"):
        if len(directive.args) == 2:
            yield directive, directive.args[0]
    for block in context.each("map"):
        for line in block.block or ():
            if len(line.args) == 1 and line.name != "include" and "$" in line.args[0]:
                yield line, line.args[0]
    yield from _sent(context)


def _condition(directive: Directive) -> Iterator[tuple[Directive, Word]]:
    """What an `if` compares; a regular expression is none of it."""
    args = directive.args
    for at, word in enumerate(args):
        operator = args[at - 1].lstrip("(") if at else ""
        if "$" in word and operator not in {"~", "~*", "!~", "!~*"}:
            yield directive, word


def _sent(context: Context) -> Iterator[tuple[Directive, Word]]:
    blocks = context.get(inheritance)
    for name in _SENT:
        for directive in context.each(name):
            if len(directive.args) < 2 or "$" not in directive.args[1]:
                continue
            http = directive.parent
            if (
                http is None
                or http.name != "http"
                or not all(blocks.own(each, name) for each in http.children("server"))
            ):
                yield directive, directive.args[1]


def _defined(context: Context) -> Iterator[str]:
    """The names that the configuration itself defines, captures of regular expressions included."""
    for name, at in _DEFINES.items():
        for directive in context.each(name):
            if directive.args:
                yield directive.args[at].lstrip("$").lower()
    for directive in context.config.walk():
        for word in (directive.name, *directive.args):
            if "(?" in word:
                yield from (name.lower() for name in _capture().findall(word))


RULE = Rule(
    id="variable/undefined",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=(
        "https://nginx.org/en/docs/varindex.html",
        "https://nginx.org/en/docs/http/ngx_http_map_module.html#map",
    ),
    options=NoOptions(),
    check=check,
    refuses=True,
)
