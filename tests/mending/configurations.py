"""Configurations that nginx 1.22.1 takes, in every shape in which people write them: seeded, so always the same."""

from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NGINX = "/usr/sbin/nginx"

SERVER_LINES = (
    "listen 127.0.0.1:8080;",
    'server_name a.example *.b.example "~^(?<sub>[a-z]{2,5})\\.c\\.example$";',
    "server_name\n  d.example # the old name\n  e.example;",
    "root /srv/www;",
    "index   index.html index.htm;",
    "error_page 500 502 503 504 /50x.html;",
    'add_header X-A "a b; {c} # d" always;',
    "add_header X-Color '#fff';",
    "add_header Content-Security-Policy \"default-src 'self';\n    img-src *\";",
    "return 200 'it''s}'".replace("''", "\\'") + ";",
    'set $x "${host}_y";',
    'if ($request_method = "POST") { return 405; }',
    "if ($http_user_agent ~* (bot|spider)){return 403;}",
    "location = / { return 204; }",
    "location /static/ { alias /srv/static/; expires 30d; access_log off; }",
    "location ~* \\.(?:css|js)$ { expires max; }",
    'location ~ "^/[0-9]{3}/" { return 200 a}b; }',
    "location @named # a comment before the brace\n{ return 404; }",
    "location /proxy/ {\n proxy_pass http://127.0.0.1:9000/;\n\n\n proxy_set_header Host $host; # the host\n}",
    "location /img { # location /img {\n alias /srv/img/; }",
    "location /host/ { proxy_pass http://127.0.0.1:9001; proxy_set_header  Host  $http_host; }",
    "location /img/ { return 204; }",
    "location /limit/ { limit_except GET { deny all; } }",
    'location /nested/ { location /nested/a/ { return 200 "\\"quoted\\" \\\\ \\t"; } }',
    "rewrite ^/old/(.*)$ /new/$1 permanent;",
    "# penstock: ignore[security/autoindex] it is public\n autoindex on;",
    "client_max_body_size 10m;",
    "types { text/html html htm; image/png png; }",
    "error_log /dev/null warn;",
    "access_log off;",
)
HTTP_LINES = (
    "log_format main '$remote_addr [$time_local]'\n '\"$request\" $status'\n   # in between\n '$body_bytes_sent';",
    "map $uri $m { default 0; ~^/a 1; \"/b c\" 2; 'x;y' 3; /d\\ e 4; }",
    "map $http_upgrade $connection_upgrade {\n  default upgrade;\n  ''      close;\n}",
    "geo $g { default 0; 127.0.0.0/8 1; }",
    'split_clients "$remote_addr" $s { 50% a; * b; }',
    "upstream u { server 127.0.0.1:1; server 127.0.0.1:2 backup; keepalive 4; }",
    "limit_req_zone $binary_remote_addr zone=z:1m rate=1r/s;",
    "gzip on; gzip_types text/css   application/json;",
    "sendfile on; tcp_nopush on; # both\n",
    "# caf\udce9, and é\n",
    "server_tokens off;",
)
MAIN_LINES = ("worker_processes 2;", "env A=b; env C;", "# a comment\n", "pcre_jit on;", "")
SEPARATORS = (" ", "\n", "\n\n\n", "\n  ", "\t", "\r\n", " # a comment\n", "\n# alone\n")


def valid_configurations(count: int = 240, seed: int = 4) -> tuple[str, ...]:
    """That many texts, all different in shape: what stands in them, in which order, and the white space between."""
    choice = random.Random(seed)
    return tuple(_configuration(choice) for _ in range(count))


def _configuration(choice: random.Random) -> str:
    servers = [
        _block("server", choice.sample(SERVER_LINES, choice.randint(1, 9)), choice) for _ in range(choice.randint(1, 3))
    ]
    http = [*choice.sample(HTTP_LINES, choice.randint(0, 5)), *servers]
    parts = [
        *choice.sample(MAIN_LINES, 2),
        _block("events", ["worker_connections 64;"], choice),
        _block("http", http, choice),
    ]
    return _joined(parts, choice)


def _block(name: str, inside: list[str], choice: random.Random) -> str:
    opening = choice.choice((" {", "{", "\n{", " # opened below\n{"))
    return f"{name}{opening}{_joined(['', *inside], choice)}{choice.choice(SEPARATORS)}}}"


def _joined(parts: list[str], choice: random.Random) -> str:
    out = []
    for part in parts:
        out += [part, choice.choice(SEPARATORS)]
    return "".join(out)


def nginx_takes(text: str, folder: Path) -> bool:
    """What `nginx -t` says."""
    path = folder / "nginx.conf"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    command = [NGINX, "-t", "-q", "-p", str(folder), "-c", str(path), "-e", "stderr", "-g", f"pid {folder}/pid;"]
    return not subprocess.run(command, capture_output=True, check=False, timeout=60).returncode
