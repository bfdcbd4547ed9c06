"""The values that directives of http with setters of their own refuse, each as a function of the arguments.

The facts are those of nginx 1.22.1's setters; what a later release or NGINX Plus takes passes, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from penstock.analysis.quantities import parse_quantity

if TYPE_CHECKING:
    from penstock.model import Word

Wrong = tuple["Word", str] | None
Judge = Callable[[Sequence["Word"]], Wrong]
"""The first word that nginx refuses, and what the directive wants instead."""

_LEVELS = frozenset({"debug", "info", "notice", "warn", "error", "crit", "alert", "emerg"})
_LISTEN = frozenset(
    {"bind", "default", "default_server", "deferred", "http2", "multipath", "proxy_protocol", "quic", "reuseport"}
    | {"spdy", "ssl"}
)
_LISTEN_STARTS = (
    *("accept_filter=", "backlog=", "fastopen=", "ipv6only=", "rcvbuf=", "setfib=", "sndbuf=", "so_keepalive="),
)
_METHODS = frozenset(
    {"GET", "HEAD", "POST", "PUT", "DELETE", "MKCOL", "COPY", "MOVE", "OPTIONS", "PROPFIND", "PROPPATCH", "LOCK"}
    | {"UNLOCK", "PATCH"}
)
_SERVER = frozenset({"backup", "down", "drain", "resolve"})
_SERVER_STARTS = ("fail_timeout=", "max_conns=", "max_fails=", "route=", "service=", "slow_start=", "weight=", "sid=")


def _number(words: Sequence[Word]) -> Wrong:
    return None if parse_quantity(words[0], "number") is not None else (words[0], "takes a number")


def _processes(words: Sequence[Word]) -> Wrong:
    if words[0] == "auto" or parse_quantity(words[0], "number") is not None:
        return None
    return words[0], "takes a number or auto"


def _keepalive(words: Sequence[Word]) -> Wrong:
    return None if parse_quantity(words[0], "number") else (words[0], "takes a number from 1")


def _keepalive_timeout(words: Sequence[Word]) -> Wrong:
    for word, unit in zip(words, ("time_ms", "time_s"), strict=False):
        if parse_quantity(word, unit) is None:
            return word, "takes a time, such as 75s"
    return None


def _return(words: Sequence[Word]) -> Wrong:
    first = words[0]
    if len(words) == 1 and first.startswith(("http://", "https://", "$scheme")):
        return None
    number = parse_quantity(first, "number")
    return None if number is not None and number < 1000 else (first, "takes a status up to 999, or a URL")


def _error_page(words: Sequence[Word]) -> Wrong:
    codes = words[:-1]
    if 1 < len(codes) and codes[-1].startswith("="):
        answer = codes[-1][1:]
        if answer and parse_quantity(answer, "number") is None:
            return codes[-1], "takes a status after the ="
        codes = codes[:-1]
    for word in codes:
        number = parse_quantity(word, "number")
        if number is None or not 300 <= number <= 599 or number == 499:
            return word, "takes statuses from 300 to 599, without 499, and a page"
    return None


def _error_log(words: Sequence[Word]) -> Wrong:
    bad = next((word for word in words[1:] if word not in _LEVELS and not word.startswith("debug_")), None)
    return None if bad is None else (bad, f"takes a level of {', '.join(sorted(_LEVELS))}")


def _access_log(words: Sequence[Word]) -> Wrong:
    if words[0] == "off":
        return (words[1], "takes nothing after off") if 1 < len(words) else None
    known = ("buffer=", "flush=", "gzip=", "if=")
    bad = next((word for word in words[2:] if word != "gzip" and not word.startswith(known)), None)
    return None if bad is None else (bad, "takes a path, a format, and then buffer=, flush=, gzip or if=")


def _listen(words: Sequence[Word]) -> Wrong:
    bad = next((word for word in words[1:] if word not in _LISTEN and not word.startswith(_LISTEN_STARTS)), None)
    if bad is not None:
        return bad, "takes an address and parameters such as ssl or default_server"
    where = words[0].rpartition("]")[2] if words[0].startswith("[") else words[0]
    if where.lower().startswith("unix:") or not (":" in where or where.isdecimal()):
        return None
    ports = where.rpartition(":")[2].split("-")
    good = len(ports) < 3 and all(port.isdecimal() and 0 < int(port) < 65536 for port in ports)
    return None if good else (words[0], "takes a port from 1 to 65535")


def _server(words: Sequence[Word]) -> Wrong:
    bad = next((word for word in words[1:] if word not in _SERVER and not word.startswith(_SERVER_STARTS)), None)
    return None if bad is None else (bad, "takes an address and parameters such as weight=2 or backup")


def _proxy_pass(words: Sequence[Word]) -> Wrong:
    url = words[0]
    if "$" in url:
        return None
    scheme = next((each for each in ("http://", "https://") if url[:8].lower().startswith(each)), "")
    if not scheme:
        return url, "takes a URL that begins with http:// or https://"
    host = url[len(scheme) :].partition("/")[0].partition("?")[0]
    name, colon, port = host.rpartition(":")
    if not colon or host.startswith(("[", "unix:")) or not name:
        return None
    good = port.isascii() and port.isdecimal() and 0 < int(port) < 65536
    return None if good else (url, "takes a URL with a port from 1 to 65535")


def _proxy_redirect(words: Sequence[Word]) -> Wrong:
    if len(words) == 1 and words[0] not in {"off", "default"}:
        return words[0], "takes two addresses, or one word: default or off"
    return None


def _rewrite(words: Sequence[Word]) -> Wrong:
    if len(words) < 3 or words[2] in {"last", "break", "redirect", "permanent"}:
        return None
    return words[2], "ends with last, break, redirect or permanent"


def _always(words: Sequence[Word]) -> Wrong:
    return (words[2], "knows one third argument, always") if 2 < len(words) and words[2] != "always" else None


def _if_not_empty(words: Sequence[Word]) -> Wrong:
    return (words[2], "knows one third argument, if_not_empty") if words[2:] not in ((), ("if_not_empty",)) else None


def _cache_valid(words: Sequence[Word]) -> Wrong:
    if parse_quantity(words[-1], "time_s") is None:
        return words[-1], "ends with a time, such as 10m"
    for word in words[:-1]:
        number = parse_quantity(word, "number")
        if word != "any" and (number is None or not 100 <= number <= 599):
            return word, "takes statuses from 100 to 599, or any, and a time"
    return None


def _expires(words: Sequence[Word]) -> Wrong:
    last = words[-1]
    if "$" in last or (len(words) == 1 and last in {"epoch", "max", "off"}):
        return None
    if len(words) == 2 and words[0] != "modified":
        return words[0], "takes a time, after modified or alone"
    text = last.removeprefix("-") if last.startswith("-") else last.removeprefix("+" if len(words) == 2 else "@")
    return None if parse_quantity(text, "time_s") is not None else (last, "takes a time, epoch, max or off")


def address(words: Sequence[Word]) -> Wrong:
    """The word, where it is neither an address nor a network nor `all`."""
    word = words[0]
    if word in {"all", "unix:"}:
        return None
    import ipaddress  # noqa: PLC0415 - few configurations need it

    host, slash, mask = word.partition("/")
    try:
        good = not slash or (mask.isdecimal() and int(mask) <= ipaddress.ip_address(host).max_prefixlen)
        ipaddress.ip_address(host)
    except ValueError:
        good = False
    return None if good else (word, "takes an address, a network such as 10.0.0.0/8, or all")


def _limit_req(words: Sequence[Word]) -> Wrong:
    known = ("zone=", "burst=", "delay=")
    bad = next((word for word in words if word != "nodelay" and not word.startswith(known)), None)
    return None if bad is None else (bad, "takes zone=, burst=, delay= and nodelay")


def _session_cache(words: Sequence[Word]) -> Wrong:
    for word in words:
        kind, _, rest = word.partition(":")
        if kind == "shared" and parse_quantity(rest.rpartition(":")[2], "size") is None:
            return word, "takes shared:name:size"
        if kind not in {"builtin", "none", "off", "shared"}:
            return word, "takes off, none, builtin or shared:name:size"
    return None


def _location(words: Sequence[Word]) -> Wrong:
    if len(words) == 2 and words[0] not in {"=", "^~", "~", "~*"}:
        return words[0], "takes a modifier of =, ^~, ~ and ~* before the pattern"
    return None


def _limit_except(words: Sequence[Word]) -> Wrong:
    bad = next((word for word in words if word.upper() not in _METHODS), None)
    return None if bad is None else (bad, "takes methods, such as GET")


def _defines_first(words: Sequence[Word]) -> Wrong:
    return (
        None if words[0].startswith("$") and 1 < len(words[0]) else (words[0], "takes a variable, which begins with $")
    )


def _defines_last(words: Sequence[Word]) -> Wrong:
    return None if words[-1].startswith("$") else (words[-1], "takes a variable, which begins with $")


def _limit_req_zone(words: Sequence[Word]) -> Wrong:
    bad = next((word for word in words[1:] if word != "sync" and not word.startswith(("zone=", "rate="))), None)
    return None if bad is None else (bad, "takes a key, zone=name:size and rate=")


def _if(words: Sequence[Word]) -> Wrong:
    if not words[0].startswith("("):
        return words[0], "takes a condition in parentheses"
    return None if words[-1].endswith(")") else (words[-1], "takes a condition in parentheses")


VALUES: dict[str, Judge] = {
    "access_log": _access_log,
    "add_header": _always,
    "add_trailer": _always,
    "allow": address,
    "auth_request_set": _defines_first,
    "deny": address,
    "error_log": _error_log,
    "error_page": _error_page,
    "expires": _expires,
    "fastcgi_cache_valid": _cache_valid,
    "fastcgi_param": _if_not_empty,
    "geo": _defines_last,
    "if": _if,
    "keepalive": _keepalive,
    "keepalive_timeout": _keepalive_timeout,
    "limit_except": _limit_except,
    "limit_req": _limit_req,
    "limit_req_zone": _limit_req_zone,
    "listen": _listen,
    "location": _location,
    "map": _defines_last,
    "proxy_cache_valid": _cache_valid,
    "proxy_pass": _proxy_pass,
    "proxy_redirect": _proxy_redirect,
    "return": _return,
    "rewrite": _rewrite,
    "scgi_cache_valid": _cache_valid,
    "scgi_param": _if_not_empty,
    "server": _server,
    "set": _defines_first,
    "split_clients": _defines_last,
    "ssl_session_cache": _session_cache,
    "uwsgi_cache_valid": _cache_valid,
    "uwsgi_param": _if_not_empty,
    "worker_connections": _number,
    "worker_processes": _processes,
}
