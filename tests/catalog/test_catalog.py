"""The catalogue says what nginx knows, by release."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from penstock.catalog import Catalog, catalog
from penstock.errors import UsageError

KNOWN = catalog()


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("1.22.1", "1.22.1"),
        (" 1.22.1\n", "1.22.1"),
        ("nginx/1.25.3", "1.25.3"),
        ("v1.18.0", "1.18.0"),
        ("1.26", "1.26.3"),
        ("", KNOWN.releases[-1]),
        ("latest", KNOWN.releases[-1]),
    ],
)
def test_versions(text: str, release: str) -> None:
    """A release by name, by series, or the newest."""
    assert KNOWN.resolve_version(text) == release


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1.24.7", "The nearest: 1.24.0 and 1.25.0."),
        ("1.17.0", "The nearest: 1.18.0."),
        ("99.1", f"The nearest: {KNOWN.newest}."),
        ("R33", "Known are 1.18.0 to"),
        ("1", "Known are 1.18.0 to"),
        ("1.2", "The nearest: 1.18.0."),
    ],
)
def test_unknown_versions(text: str, hint: str) -> None:
    """What is not a known release is refused with those that come nearest."""
    with pytest.raises(UsageError) as caught:
        KNOWN.resolve_version(text)
    assert hint in caught.value.way_out


@pytest.mark.parametrize(
    ("name", "release", "modules"),
    [
        ("http2", "1.25.0", []),
        ("http2", "1.25.1", ["ngx_http_v2_module"]),
        ("ssl", "1.25.0", ["ngx_http_ssl_module", "ngx_mail_ssl_module"]),
        ("ssl", "1.25.1", []),
        ("add_header_inherit", "1.29.2", []),
        ("add_header_inherit", "1.29.3", ["ngx_http_headers_filter_module"]),
        ("server_name", "1.25.4", ["ngx_http_core_module", "ngx_mail_core_module"]),
        ("server_name", "1.25.5", ["ngx_http_core_module", "ngx_mail_core_module", "ngx_stream_core_module"]),
        ("no_such_thing", "1.31.4", []),
    ],
)
def test_directives_hold_in_their_releases(name: str, release: str, modules: list[str]) -> None:
    """A directive is there from its first release to its last one."""
    assert sorted(fact.module for fact in KNOWN.directives(name, release)) == modules
    assert bool(modules) == (name in KNOWN.names(release))


def test_all_directives_say_when() -> None:
    """In which releases a directive was there, for a message."""
    assert {fact.until for fact in KNOWN.all_directives("ssl")} == {"1.25.0"}
    assert {fact.since for fact in KNOWN.all_directives("http2")} == {"1.25.1"}


def test_a_directives_facts() -> None:
    """Contexts, arguments, value and bounds of a few well-known directives."""
    (gzip,) = KNOWN.directives("gzip", KNOWN.newest)
    assert (gzip.value, gzip.counts, gzip.block, gzip.until) == ("flag", (1,), False, "")
    assert "if in location" in gzip.contexts
    (level,) = KNOWN.directives("gzip_comp_level", KNOWN.newest)
    assert level.bounds == (1, 9)
    (inherit,) = KNOWN.directives("add_header_inherit", KNOWN.newest)
    assert inherit.choices == ("off", "on", "merge")
    header = KNOWN.directives("add_header", KNOWN.newest)[0]
    assert [header.takes(count) for count in range(5)] == [False, False, True, True, False]
    listen = KNOWN.directives("listen", KNOWN.newest)[0]
    assert [listen.takes(count) for count in (0, 1, 40)] == [False, True, True]
    assert (listen.minimum, listen.maximum) == (1, None)


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("auth_jwt", "NGINX Plus"),
        ("zone_sync", "NGINX Plus"),
        ("proxy_cache_purge", "NGINX Plus"),
        ("js_content", "njs"),
        ("otel_trace", "nginx-otel"),
        ("acme_issuer", "nginx-acme"),
        ("gzip", ""),
        ("limit_zone", ""),
    ],
)
def test_reference(name: str, origin: str) -> None:
    """Known names outside the core tables say what they come with."""
    assert {fact.origin for fact in KNOWN.reference(name)} == {origin}
    assert name in KNOWN.reference_names


def test_reference_speaks_the_catalogues_contexts() -> None:
    """A server of stream is a `stream server` in both files."""
    assert [fact.contexts for fact in KNOWN.reference("zone_sync")] == [("stream server",)]
    assert KNOWN.reference("no_such_thing") == ()
    assert "if in server" in KNOWN.reference("return")[0].contexts


@pytest.mark.parametrize(
    ("scope", "name", "release", "found"),
    [
        ("http", "host", "1.18.0", "host"),
        ("http", "arg_anything", "1.18.0", "arg_*"),
        ("http", "args", "1.18.0", "args"),
        ("http", "connection_time", "1.19.9", None),
        ("http", "connection_time", "1.19.10", "connection_time"),
        ("http", "no_such_thing", "1.31.4", None),
        ("stream", "host", "1.18.0", None),
        ("stream", "protocol", "1.18.0", "protocol"),
    ],
)
def test_variables(scope: str, name: str, release: str, found: str | None) -> None:
    """A variable by name or by its family, in its scope and releases."""
    fact = KNOWN.variable(scope, name, release)
    assert (fact.name if fact else None) == found
    assert fact is None or fact in KNOWN.variables(scope, release)


@pytest.mark.parametrize(
    ("cve", "release", "concerned"),
    [
        ("CVE-2026-42945", "1.22.1", True),
        ("CVE-2026-42945", "1.30.0", True),
        ("CVE-2026-42945", "1.30.1", False),
        ("CVE-2026-42945", "1.31.0", False),
        ("CVE-2026-9256", "1.30.2", False),
        ("CVE-2026-9256", "1.31.0", True),
        ("CVE-2009-4487", "1.31.4", True),
    ],
)
def test_advisories(cve: str, release: str, concerned: bool) -> None:
    """A release in the range is concerned, unless its own series got the fix."""
    (advisory,) = (each for each in KNOWN.advisories if each.cve == cve)
    assert advisory.concerns(release) == concerned


def test_windows_advisories_concern_windows() -> None:
    """An advisory for nginx/Windows says nothing of other systems."""
    windows = [each for each in KNOWN.advisories if each.vulnerable.startswith("nginx/Windows")]
    assert windows
    assert not any(each.concerns(release) for each in windows for release in KNOWN.releases)


def test_the_data_is_sound() -> None:
    """Releases in rows are releases of the list, in order; every row becomes a fact."""
    folder = Path(__file__).parents[2] / "src" / "penstock" / "catalog" / "data"
    rows = json.loads((folder / "nginx-directives.json").read_bytes())["directives"]
    facts = [fact for name in {row["name"] for row in rows} for fact in KNOWN.all_directives(name)]
    assert len(facts) == len(rows)
    order = KNOWN.releases.index
    for fact in facts:
        assert order(fact.since) <= order(fact.until or KNOWN.newest)
        assert fact.contexts
    numbers = [tuple(map(int, release.split("."))) for release in KNOWN.releases]
    assert numbers == sorted(numbers)
    assert all(KNOWN.reference(name) for name in KNOWN.reference_names)
    assert all(re.fullmatch(r"(CVE-\d{4}-\d+)?", each.cve) for each in KNOWN.advisories)


def test_files_are_read_when_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for a directive reads neither the reference nor the advisories; and the catalogue is made once."""
    read: list[str] = []
    plain = Path.read_bytes

    def noted(path: Path) -> bytes:
        read.append(path.name)
        return plain(path)

    monkeypatch.setattr(Path, "read_bytes", noted)
    fresh = Catalog()
    assert fresh.directives("gzip", fresh.newest)
    assert fresh.directives("gzip", "1.18.0")
    assert read == ["nginx-directives.json"]
    assert catalog() is catalog()


@pytest.mark.nginx
@pytest.mark.parametrize(
    "name", ["http2", "gzip", "ssl_reject_handshake", "keepalive_time", "tunnel_pass", "no_such_thing"]
)
def test_nginx_agrees_on_what_it_knows(name: str, tmp_path: Path) -> None:
    """The nginx on this machine takes a name for unknown exactly when the catalogue does, for its release."""
    nginx = "/usr/sbin/nginx"
    version = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True, timeout=60).stderr
    release = KNOWN.resolve_version(version.split(": ")[1].split()[0])
    (tmp_path / "nginx.conf").write_text(f"events {{}}\nhttp {{ server {{ {name} off; }} }}\n")
    command = [nginx, "-t", "-p", str(tmp_path), "-c", "nginx.conf", "-g", "pid nginx.pid; error_log stderr;"]
    end = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ("unknown directive" in end.stderr) == (not KNOWN.directives(name, release))
