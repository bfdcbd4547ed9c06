"""However a master was started: its arguments, its binary, and its probes over TLS."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from penstock.agent.arguments import Arguments, read_arguments
from penstock.agent.masters import instance_uid
from penstock.model import State
from penstock.ports import Probe
from tests.agent.nginxes import NGINX, Nginx, free_port, lay_out, until

if TYPE_CHECKING:
    from collections.abc import Iterator

SITE = "sites-enabled/default"


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Nginx]:
    """Laid out, to be started by the test."""
    made = lay_out(tmp_path)
    try:
        yield made
    finally:
        made.stop()


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("nginx", Arguments()),
        ("/usr/sbin/nginx -c /a/n.conf -p /a/", Arguments(prefix="/a/", conf="/a/n.conf")),
        ("nginx -c/a/n.conf -p../a -q", Arguments(prefix="../a", conf="/a/n.conf")),
        ("nginx -qc n.conf -e stderr", Arguments(conf="n.conf", error_log="stderr")),
        ("nginx -c a.conf -c b.conf", Arguments(conf="b.conf")),
        ("nginx -g daemon on; master_process on;", Arguments(directives="daemon on; master_process on;")),
        (
            "nginx -g worker_processes 3;  pid /p; -c /a.conf",
            Arguments(directives="worker_processes 3;  pid /p;", conf="/a.conf"),
        ),
        ("nginx -gpid /p; -c /a.conf -g user x;", Arguments(directives="user x;", conf="/a.conf")),
        ("nginx -c /srv/my site/nginx.conf", None),
        ("/opt/my nginx/nginx -c /a.conf", None),
        ("nginx -p /a b -c /a.conf", None),
        ("nginx -g daemon on", None),
        ("nginx -x", None),
    ],
)
def test_a_title_is_read_as_nginx_reads_its_arguments_or_not_at_all(title: str, read: Arguments | None) -> None:
    assert read_arguments(title) == read


def test_two_hosts_with_the_same_layout_have_two_uids(nginx: Nginx) -> None:
    """The host is part of what an instance is."""
    (seen,) = nginx.plane().observe()
    assert seen.uid == instance_uid(seen.system_uid, seen.conf_path, seen.prefix)
    assert seen.uid != instance_uid("another host", seen.conf_path, seen.prefix)


@pytest.mark.nginx
def test_relative_paths_are_of_the_folder_that_it_was_started_in(stopped: Nginx) -> None:
    """`-p .` and `-c etc/nginx/nginx.conf` are found, published to, and are the same instance as absolute ones."""
    stopped.start("-p", ".", "-c", "etc/nginx/nginx.conf")
    (seen,) = stopped.plane().observe()
    assert (seen.prefix, seen.conf_path) == (str(stopped.top), str(stopped.conf))
    result = stopped.publish({SITE: stopped.site("new")})
    assert result.state is State.ACTIVE, result
    assert stopped.serves() == "new"


@pytest.mark.nginx
def test_directives_given_at_the_start_are_honoured(stopped: Nginx) -> None:
    """`-g` tells how many workers must come, and `-e` where the first log is; both are given to `nginx -t`."""
    stopped.conf.write_bytes(stopped.main().replace(b"worker_processes 2;\n", b""))
    stopped.start(
        "-g",
        "worker_processes 3;",
        "-c",
        str(stopped.conf),
        "-p",
        str(stopped.top),
        "-e",
        str(stopped.top / "first.log"),
    )
    assert len(stopped.plane().observe()[0].worker_pids) == 3
    result = stopped.publish({SITE: stopped.site("new")})
    assert result.state is State.ACTIVE, result
    assert result.evidence[0].startswith("3 new workers"), result
    twice = stopped.publish({"nginx.conf": stopped.main()})
    assert twice.state is State.REFUSED
    assert "duplicate" in twice.message


@pytest.mark.nginx
@pytest.mark.parametrize(
    "arguments", [("-e", "{root}/first.log"), ("-g", "pid {root}/nginx.pid;")], ids=["error log", "pid"]
)
def test_what_its_arguments_make_it_write_inside_root_is_refused(stopped: Nginx, arguments: tuple[str, str]) -> None:
    """The swap would take it away, though no file of the configuration names it."""
    stopped.conf.write_bytes(stopped.main().replace(f"pid {stopped.top}/nginx.pid;\n".encode(), b""))
    given = [word.format(root=stopped.root) for word in arguments]
    stopped.start("-c", str(stopped.conf), "-p", str(stopped.top), "-g", f"lock_file {stopped.top}/lock;", *given)
    result = stopped.publish({SITE: stopped.site("new")})
    assert result.state is State.REFUSED, result
    assert given[1].split()[-1].rstrip(";") in result.message
    assert stopped.serves() == "old"


@pytest.mark.nginx
def test_a_binary_that_was_replaced_on_disk(stopped: Nginx) -> None:
    """The running version judges and is named by its path; the uid stays."""
    binary = stopped.top / "nginx"
    shutil.copy2(NGINX, binary)
    stopped.start("-c", str(stopped.conf), "-p", str(stopped.top), binary=str(binary))
    uid = stopped.uid
    binary.unlink()
    binary.write_bytes(b"another version\n")
    (seen,) = stopped.plane().observe()
    assert (seen.uid, seen.binary) == (uid, str(binary))
    assert stopped.publish({SITE: b"servr {}\n"}).state is State.REFUSED
    result = stopped.publish({SITE: stopped.site("new")})
    assert result.state is State.ACTIVE, result
    assert stopped.serves() == "new"


@pytest.mark.nginx
def test_an_upgrade_of_the_binary_under_way_is_refused(nginx: Nginx) -> None:
    """Between USR2 and QUIT two masters run one main file; it is one instance, and takes no publish."""
    first = nginx.master()
    os.kill(first, signal.SIGUSR2)
    pid = nginx.top / "nginx.pid"
    until(lambda: pid.exists() and pid.read_text().strip() not in {"", str(first)}, what="the second master")
    second = int(pid.read_text())
    try:
        assert [seen.pid for seen in nginx.plane().observe()] == [first]
        result = nginx.publish({SITE: nginx.site("new")})
        assert result.state is State.REFUSED, result
        assert f"{first}, {second}" in result.message
    finally:
        os.kill(second, signal.SIGTERM)
        until(lambda: not Path(f"/proc/{second}").exists(), what="the second master's end")
    assert nginx.publish({SITE: nginx.site("new")}).state is State.ACTIVE


@pytest.mark.nginx
def test_a_probe_over_tls_reaches_the_server_of_its_host(nginx: Nginx) -> None:
    """Self-signed certificates do; the default server that rejects every handshake shows that the name is sent."""
    pair = nginx.top / "pair"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=site.test"]
    words += ["-keyout", f"{pair}.key", "-out", f"{pair}.crt"]
    subprocess.run(words, check=True, capture_output=True, timeout=30)
    port = free_port()
    text = (
        f"server {{ listen 127.0.0.1:{port} ssl default_server; ssl_reject_handshake on; }}\n"
        f"server {{ listen 127.0.0.1:{port} ssl; server_name site.test; return 200 secret;\n"
        f"  ssl_certificate {pair}.crt; ssl_certificate_key {pair}.key; }}\n"
    ).encode()
    url = f"https://127.0.0.1:{port}/"
    unnamed = nginx.publish({"conf.d/tls.conf": text}, probes=(Probe(url),))
    assert unnamed.state is State.ROLLED_BACK, unnamed
    assert url in unnamed.message
    result = nginx.publish({"conf.d/tls.conf": text}, probes=(Probe(url, host="site.test", contains="secret"),))
    assert result.state is State.ACTIVE, result
    assert f"GET {url} answered 200" in result.evidence
