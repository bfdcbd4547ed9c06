"""What the rules call an error, nginx refuses, on a line that we name; what they let pass, nginx takes.

The slips are made from configurations of our own: a thing dropped, doubled, misspelt or put where it does not belong.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from penstock.analysis import Profile, analyse
from penstock.config import load_bytes, load_path, parse
from penstock.model import Severity
from penstock.rules.registry import load_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from penstock.model import Directive, Verdict

pytestmark = pytest.mark.nginx

BASES = (
    """worker_processes auto;
events {
    worker_connections 512;
}
http {
    log_format long '$remote_addr $request_time';
    access_log logs/access.log long;
    sendfile on;
    keepalive_timeout 65s;
    client_max_body_size 8m;
    gzip on;
    gzip_comp_level 5;
    gzip_types text/css application/json;
    map $http_upgrade $connection_upgrade {
        default upgrade;
        "" close;
    }
    limit_req_zone $binary_remote_addr zone=each:1m rate=10r/s;
    upstream app {
        server 127.0.0.1:8001 weight=2;
        server 127.0.0.1:8002 backup;
        keepalive 16;
    }
    server {
        listen 127.0.0.1:8480 default_server;
        server_name a.example www.a.example;
        root /srv/www;
        index index.html index.htm;
        error_page 500 502 503 504 /50x.html;
        location / {
            try_files $uri $uri/ =404;
        }
        location /api/ {
            limit_req zone=each burst=20 nodelay;
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 90s;
            proxy_buffers 8 16k;
        }
        location ~ [.]php$ {
            fastcgi_pass 127.0.0.1:9000;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_read_timeout 1m;
        }
        location = /old {
            return 301 /new;
        }
        location /img/ {
            expires 30d;
            access_log off;
            add_header Cache-Control "public" always;
        }
    }
}
""",
    """user root;
error_log logs/error.log warn;
events { }
http {
    server_tokens off;
    geo $office { default 0; 10.0.0.0/8 1; }
    split_clients $remote_addr $half { 50% a; * b; }
    server {
        listen 127.0.0.1:8481;
        server_name ~^(?<site>[a-z]+)[.]example$;
        if ($office) {
            set $label "in $site";
        }
        rewrite ^/v1/(.*)$ /v2/$1 last;
        location /admin/ {
            allow 10.0.0.0/8;
            deny all;
            auth_basic "private";
            auth_basic_user_file users;
            alias /srv/admin/;
            autoindex on;
        }
        location / {
            add_header X-Half $half;
            limit_except GET { deny all; }
            return 200 "$label $site";
        }
    }
}
""",
)
MADE_BY_US = re.compile(
    r"(directive|syntax|listen|location|upstream|include|variable|zone|log-format)/|tls/certificate-not-configured"
)
RULES = tuple(rule for rule in load_rules() if MADE_BY_US.match(rule.id))
PROFILE = Profile(nginx_version="1.22.1")
LINE = re.compile(r"\[emerg\] .*? in \S+:(\d+)$", re.MULTILINE)
SIMPLE = re.compile(r"[a-z_]+")

Slip = str | None


def words(text: str) -> list[Directive]:
    """The directives of a base."""
    files = load_bytes({"/x/nginx.conf": text.encode()}, root="/x", entry="/x/nginx.conf")
    return [each for each in parse(files).walk() if SIMPLE.fullmatch(each.name)]


def without(text: str, start: int, end: int, instead: str = "") -> str:
    """The text with something else from start up to, not including, end."""
    return text[:start] + instead + text[end:]


def drop_semicolon(text: str, one: Directive, _: random.Random) -> Slip:
    """The `;` forgotten."""
    return without(text, one.end - 1, one.end) if one.block is None else None


def drop_brace(text: str, one: Directive, _: random.Random) -> Slip:
    """The `}` forgotten."""
    return without(text, one.end - 1, one.end) if one.block is not None else None


def brace_too_many(text: str, one: Directive, _: random.Random) -> Slip:
    """A `}` that closes too early."""
    return without(text, one.end, one.end, " }")


def misspell(text: str, one: Directive, choice: random.Random) -> Slip:
    """Two letters of the name swapped, or one left out."""
    name = str(one.name)
    at = choice.randrange(len(name) - 1)
    wrong = choice.choice((name[:at] + name[at + 1] + name[at] + name[at + 2 :], name[:at] + name[at + 1 :]))
    return without(text, one.start, one.name.end, wrong)


def one_more(text: str, one: Directive, choice: random.Random) -> Slip:
    """An argument too many."""
    last = one.args[-1].end if one.args else one.name.end
    return without(text, last, last, choice.choice((" extra", " 10", " on")))


def one_less(text: str, one: Directive, _: random.Random) -> Slip:
    """An argument forgotten."""
    return without(text, one.args[-1].start, one.args[-1].end) if one.args else None


def twice(text: str, one: Directive, _: random.Random) -> Slip:
    """The whole directive written a second time."""
    return without(text, one.end, one.end, " " + text[one.start : one.end])


def moved_out(text: str, one: Directive, _: random.Random) -> Slip:
    """The directive before the block that it belongs to."""
    if one.parent is None:
        return None
    up = one.parent.start
    return text[:up] + text[one.start : one.end] + " " + text[up : one.start] + text[one.end :]


def odd_value(text: str, one: Directive, choice: random.Random) -> Slip:
    """A word that the directive does not know."""
    if not one.args:
        return None
    word = choice.choice(one.args)
    return without(text, word.start, word.end, choice.choice(("yes", "10x", "-1", "99999999999999999999", "$nowhere")))


SLIPS = (drop_semicolon, drop_brace, brace_too_many, misspell, one_more, one_less, twice, moved_out, odd_value)
ONLY_THE_MACHINE_KNOWS = ("host not found", "No such file", "getpwnam", "getgrnam")
MEANT = {"directive/swallowed"}  # nginx may take the next line for values; nobody means that


def nginx_says(entry: Path) -> tuple[bool, int, str]:
    """Whether nginx takes it; the line that it names, or 0; and all that it says."""
    command = ["nginx", "-t", "-q", "-p", str(entry.parent), "-c", str(entry), "-e", "stderr"]
    end = subprocess.run(
        [*command, "-g", f"pid {entry.parent}/pid;"], capture_output=True, text=True, check=False, timeout=30
    )
    found = LINE.search(end.stderr)
    return end.returncode == 0, int(found[1]) if found else 0, end.stderr


def we_say(entry: Path) -> list[Verdict]:
    """Our errors."""
    report = analyse(parse(load_path(entry)), RULES, PROFILE)
    assert not report.broken_rules
    return [each for each in report.verdicts if each.severity is Severity.ERROR]


@pytest.fixture
def entry(tmp_path: Path) -> Path:
    """Where a configuration goes."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "users").write_text("")
    return tmp_path / "nginx.conf"


@pytest.mark.parametrize("text", BASES, ids=["application", "site"])
def test_both_take_the_bases(text: str, entry: Path) -> None:
    """Otherwise the slips would prove nothing."""
    entry.write_text(text)
    assert nginx_says(entry)[2] == ""
    assert we_say(entry) == []


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.__name__)
def test_verdict_and_line(slip: Callable[[str, Directive, random.Random], Slip], entry: Path) -> None:
    """No slip that nginx takes is an error to us, none that it refuses passes, and its line is one that we name."""
    choice = random.Random(slip.__name__)
    apart: list[str] = []
    cases = 0
    for text in BASES:
        for one in words(text):
            wrong = slip(text, one, choice)
            if wrong is None or wrong == text:
                continue
            entry.write_text(wrong)
            takes, line, said = nginx_says(entry)
            if any(word in said for word in ONLY_THE_MACHINE_KNOWS):
                continue
            cases += 1
            apart += disagreement(
                takes, line, said, we_say(entry), at={1 + text.count("\n", 0, place) for place in (one.start, one.end)}
            )
    assert not apart
    assert cases >= 14, os.fspath(entry)


VALUES = """
listen 127.0.0.1:8485-8486; | listen 127.0.0.1:; | listen 127.0.0.1:0; | listen 127.0.0.1:84x; | listen [::1]:x;
allow ::1/64; | allow 10.0.0.0/33; | deny 10.0.0.0/255.0.0.0; | allow unix:; | deny everybody;
expires -1; | expires @15h30m; | expires modified -1d; | expires 1ms; | expires max; | expires soon; | expires on 1d;
error_page 404 = /x; | error_page 404 =; | error_page 401 =200 @x; location @x { } | error_page 499 /x;
proxy_redirect false; | proxy_redirect off; | return 301; | return 0; | return 1000; | return http://a.example;
access_log off off; | access_log logs/x combined gzip=9 flush=1m; | access_log logs/x combined gzip2;
error_log stderr debug_http; | error_log stderr loud; | keepalive_timeout 1ms 20s; | keepalive_timeout 1s 1ms;
location = / { } | location ~* "a" { } | location =/ { } | location / /a { } | if ( $uri ) { } | if $uri { }
if ($uri ~ "a b" ) { } | location / { limit_except get { } } | location / { limit_except GETS { } }
proxy_cache_valid any 1m; | proxy_cache_valid 1m; | proxy_cache_valid 404 1ms; | proxy_cache_valid 99 1m;
location / { proxy_pass HTTP://127.0.0.1; } | location / { proxy_pass http://unix:/tmp/x:/y; }
location / { proxy_pass http://127.0.0.1:0; } | location / { proxy_pass http://[::1]:80/; } | gzip_comp_level 0;
location / { proxy_pass http://127.0.0.1:80?a; } | gzip_buffers 0 4k; | gzip_buffers 4 4k; | gzip_comp_level 9;
rewrite a b LAST; | set $ 1; | set a 1; | set $x "a$"; | if ($uri ~ $) { } | if ($uri = "$") { } | root /a$;
auth_basic "a $"; | proxy_cookie_path ~^/(.+)$ /$1; | return 200 "${uri}"; | return 200 "$0"; | index $uri.html;
ssl_session_cache shared:a:1m builtin:1000; | ssl_session_cache shared; | client_max_body_size 1G;
"""


def test_values(entry: Path) -> None:
    """Values at the edge of what nginx takes: one verdict."""
    apart = []
    for text in (each.strip() for line in VALUES.split("\n") for each in line.split(" | ")):
        entry.write_text(f"events {{ }}\nhttp {{ server {{ {text} }} }}\n")
        takes, _, said = nginx_says(entry)
        if takes == bool(we_say(entry)):
            apart.append((text, said))
    assert not apart


def disagreement(takes: bool, line: int, said: str, errors: Sequence[Verdict], *, at: set[int]) -> list[str]:
    """What is wrong with our verdict, if anything. at: the lines of the slip, as good as nginx's."""
    meant = [each for each in errors if each.rule not in MEANT]
    if takes:
        return [f"we refuse: {each.rule} {each.finding.message}" for each in meant]
    if not errors:
        return [f"we miss: {said.strip()}"]
    lines = {each.finding.span.line for each in errors}
    for each in errors:
        lines.update(int(number) for number in re.findall(r"line (\d+)", each.finding.hint))
    if line == 0 or lines & {line, line - 1, *at}:
        return []
    return [f"we say lines {sorted(lines)}: {said.strip()}"]
