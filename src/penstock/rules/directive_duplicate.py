"""A directive that may stand once stands twice in a block

nginx refuses to start with `directive is duplicate`. Often the second one comes out of an include.

```nginx bad
http {
    server {
        client_max_body_size 1m;
        gzip on;
        client_max_body_size 2m;  # want "client_max_body_size. stands twice"
        location /a {
            root /srv;
            alias /srv/;  # want "alias. cannot stand beside .root"
            try_files /a =404;
            try_files /b =404;  # want "try_files. stands twice"
        }
    }
    log_format short $uri;
    log_format short $args;  # want "log_format short. stands twice"
    limit_req_zone $uri zone=each:1m rate=1r/s;
    limit_req_zone $args zone=each:1m rate=1r/s;  # want "limit_req_zone each. stands twice"
    map $uri $kind {
        /a 1;
        /A 2;  # want "the key ./A. stands twice"
    }
}
http { }  # want "http. stands twice"
```

```nginx good
http {
    limit_req_zone $uri zone=each:1m rate=1r/s;
    limit_req_zone $server_name zone=all:1m rate=9r/s;
    map $uri $kind { ~a 1; ~a 2; a 3; default 4; }
    gzip on;
    server {
        gzip off;
        add_header A 1;
        add_header B 2;
        limit_req zone=each;
        limit_req zone=all;
        proxy_redirect /a /b;
        proxy_redirect /c /d;
        proxy_hide_header A;
        proxy_hide_header B;
        location / { gzip on; }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.analysis.standing import known_groups

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from penstock.catalog import DirectiveFact
    from penstock.model import Directive

_ONCE = frozenset(
    "access|complex|complex size|enum|flag|number|number size|offset|path|size|string|time_ms|time_s".split("|")  # noqa: SIM905
)
"""Kinds of value whose setters in nginx's source refuse a second one (ngx_conf_set_flag_slot and its kin)."""

_LISTS = frozenset({"fastcgi_catch_stderr", "server_name", "ssl_certificate", "ssl_certificate_key"})
"""Texts that may stand twice all the same; so may the names of headers to hide or to pass, and keys of tickets."""

_ONCE_BY_NAME = frozenset(
    """
    aio alias auth_basic_user_file auth_request charset directio disable_symlinks events expires fastcgi_bind
    fastcgi_cache fastcgi_cache_key fastcgi_pass fastcgi_store geoip_city geoip_country geoip_org grpc_bind grpc_pass
    grpc_ssl_password_file http internal keepalive keepalive_timeout limit_except mail memcached_bind memcached_pass
    open_file_cache open_log_file_cache proxy_bind proxy_cache proxy_cache_key proxy_pass proxy_ssl_password_file
    proxy_store real_ip_header resolver root scgi_bind scgi_cache scgi_cache_key scgi_pass scgi_store source_charset
    ssl_ocsp_cache ssl_password_file stream try_files use user userid_expires userid_mark uwsgi_bind uwsgi_cache
    uwsgi_cache_key uwsgi_pass uwsgi_ssl_password_file uwsgi_store worker_connections worker_cpu_affinity
    worker_priority worker_processes
    """.split()  # noqa: SIM905
)
"""Directives with setters of their own that refuse a second one: each was tried on nginx 1.22.1, or read."""

_NAMED: Mapping[str, str] = {
    "log_format": "",
    "limit_conn_zone": "zone=",
    "limit_req": "zone=",
    "limit_req_zone": "zone=",
    "proxy_cache_path": "keys_zone=",
    "fastcgi_cache_path": "keys_zone=",
    "scgi_cache_path": "keys_zone=",
    "uwsgi_cache_path": "keys_zone=",
}
"""Directives that may stand once for each name, and how the argument with the name begins."""


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every second directive of a name in a block, where nginx takes only one."""
    folders: dict[Directive | None, Directive] = {}
    for name, _at, rows, directives in known_groups(context):
        if not rows or not (name in _NAMED or _once(name, rows)):
            continue
        first: dict[tuple[Directive | None, str], Directive] = {}
        for directive in directives:
            own = _own_name(directive) if name in _NAMED else ""
            earlier = first.setdefault((directive.parent, own), directive)
            if earlier is not directive:
                yield _twice(directive, earlier, f"`{name} {own}`" if own else f"`{name}`")
            elif name in {"root", "alias"}:
                earlier = folders.setdefault(directive.parent, directive)
                if earlier is not directive:
                    late, early = sorted((directive, earlier), key=lambda each: -each.start)
                    yield Finding(
                        late.head_span,
                        f"`{late.name}` cannot stand beside `{early.name}`",
                        "Delete one of them.",
                        ((early.head_span, "the other one"),),
                    )
    for block in context.each("map"):
        yield from _keys(block)


def _own_name(directive: Directive) -> str:
    start = _NAMED[directive.name]
    word = next((word for word in directive.args if word.startswith(start)), directive.name)
    return word.removeprefix(start).partition(":")[0]


def _keys(block: Directive) -> Iterator[Finding]:
    """The lines of a map whose key has a line already; regular expressions are tried in turn, and may repeat."""
    first: dict[str, Directive] = {}
    for line in block.block or ():
        if len(line.args) == 1 and line.name != "include" and not line.name.startswith("~"):
            earlier = first.setdefault(line.name.lower(), line)
            if earlier is not line:
                yield _twice(line, earlier, f"the key `{line.name}`")


def _once(name: str, rows: tuple[DirectiveFact, ...]) -> bool:
    if name in _ONCE_BY_NAME:
        return True
    listed = name in _LISTS or name.endswith(("_hide_header", "_pass_header", "_ticket_key"))
    return not listed and all(row.value in _ONCE for row in rows)


def _twice(directive: Directive, earlier: Directive, what: str) -> Finding:
    return Finding(
        directive.head_span,
        f"{what} stands twice in this block",
        "Delete one of them.",
        ((earlier.head_span, "the first one"),),
    )


RULE = Rule(
    id="directive/duplicate",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/docs/dirindex.html",),
    options=NoOptions(),
    check=check,
    refuses=True,
)
