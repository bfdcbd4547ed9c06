"""Keys and tokens are found wherever they stand, and never enter the history; ordinary configuration passes."""

from __future__ import annotations

import base64
import subprocess
from typing import TYPE_CHECKING

import pytest

from penstock.errors import Refused
from penstock.history import Journal, SecretFound, secrets_in

from .making import entry, git

if TYPE_CHECKING:
    from pathlib import Path

_BODY = "MIIBVQIBADANBgkqhkiG9w0BAQEFAASCAT8wggE7AgEAAkEAq7BFUpkGp3+LQmlQ"


def pem(label: str) -> str:
    """A key block of this label, put together here so that this file holds none."""
    return f"-----BEGIN {label}-----\n{_BODY}\n-----END {label}-----\n"


SECRETS = {
    "pkcs8": pem("PRIVATE KEY"),
    "encrypted": pem("ENCRYPTED PRIVATE KEY"),
    "rsa": pem("RSA PRIVATE KEY"),
    "ec": pem("EC PRIVATE KEY"),
    "dsa": pem("DSA PRIVATE KEY"),
    "openssh": pem("OPENSSH PRIVATE KEY"),
    "pgp": pem("PGP PRIVATE KEY BLOCK"),
    "crlf": pem("RSA PRIVATE KEY").replace("\n", "\r\n"),
    "quoted": f'js_var $key "{pem("EC PRIVATE KEY")}";',
    "base64": base64.b64encode(pem("EC PRIVATE KEY").encode()).decode(),
    "putty": "PuTTY-User-Key-File-" + "3: ssh-ed25519\n",
    "aws id": "set $k AKIA" + "QX3ZP7MJ5TRW2LKD;",
    "aws secret": "aws_secret_access_key = " + "wJalrXUtnFEMI/K7MDENG+bPxRfiCYzzzzKEYabc",
    "github": "# gh" + "p_0123456789abcdefghijklmnopqrstuvwxyz",
    "gitlab": "# glp" + "at-0123456789abcdefghij",
    "slack": "# xox" + "b-0123456789-abcdef",
    "jwt": "# eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN",
    "bearer": 'proxy_set_header Authorization "Bearer abcdef0123456789";',
    "basic": "proxy_set_header Authorization 'Basic dXNlcjpwYXNz';",
    "split over lines": 'proxy_set_header Authorization\n    "Basic dXNlcjpwYXNz";',
    "upper case": 'grpc_set_header AUTHORIZATION "BEARER abcdef0123456789";',
    "map": 'map $http_authorization $ok { "Bearer abcdef0123456789" 1; }',
    "api key": "proxy_set_header X-Api-Key 0123456789abcdef;",
    "url password": "proxy_pass http://user:hunter22@backend/;",
    "url without user": "proxy_pass redis://:hunter22@cache:6379/;",
    "url token": "proxy_pass https://api.example.com/?access_token=0123456789abcdef;",
}

PLAIN = {
    "key file": "ssl_certificate_key /etc/ssl/private/site.key; # the PRIVATE KEY is elsewhere",
    "certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    "public key": "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n",
    "pgp public": "-----BEGIN PGP PUBLIC KEY BLOCK-----\n",
    "base64 certificate": base64.b64encode(b"-----BEGIN CERTIFICATE-----\nMIIBAAAA\n").decode(),
    "variable": 'proxy_set_header Authorization "Bearer $token";',
    "passed on": "proxy_set_header Authorization $http_authorization;",
    "cleared": 'proxy_set_header Authorization "";',
    "pattern": 'if ($http_authorization ~ "^Bearer (.+)$") { return 200; }',
    "basic auth": 'auth_basic "Basic authentication required"; auth_basic_user_file htpasswd;',
    "url with port": "proxy_pass http://backend:8080/a@b; return 301 https://$host:8443$request_uri;",
    "url with variables": "proxy_pass http://$user:$password@backend/;",
    "placeholder": "proxy_set_header Authorization 'Bearer xxxxxxxxxxxxxxxx';",
    "query variable": "proxy_pass http://api/?token=$arg_token;",
    "aws example": "# AKIAIOSFODNN7EXAMPLE",
    "api key header": "proxy_set_header X-Api-Key $http_x_api_key;",
    "mime": "types { application/x-x509-ca-cert der pem crt; }",
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_found_at_its_line_and_not_repeated(name: str) -> None:
    text = "# one\n# two\n" + SECRETS[name]
    found = secrets_in("conf.d/site.conf", text.encode())
    assert found
    assert found[0].path == "conf.d/site.conf"
    assert found[0].line == 3
    assert not any(
        part in repr(found)
        for part in SECRETS[name].split()
        if len(part) > 7 and part.lower() not in repr(found).lower()
    )


@pytest.mark.parametrize("name", PLAIN)
def test_ordinary_configuration_passes(name: str) -> None:
    assert secrets_in("nginx.conf", PLAIN[name].encode()) == ()


@pytest.mark.parametrize("kind", ["rsa:1024", "ec", "ed25519", "encrypted"])
def test_a_key_that_openssl_made_is_found_in_every_form(tmp_path: Path, kind: str) -> None:
    pkcs8 = {"rsa:1024": ["RSA", "-pkeyopt", "rsa_keygen_bits:1024"], "ed25519": ["ED25519"]}
    algorithm = pkcs8.get(kind, ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
    lock = ["-aes128", "-pass", "pass:x"] if kind == "encrypted" else []
    key = tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", *algorithm, *lock, "-out", str(key)], check=True, capture_output=True
    )
    assert [found.kind for found in secrets_in("key.pem", key.read_bytes())] == ["private key"]
    if kind == "encrypted":
        return
    der = subprocess.run(
        ["openssl", "pkey", "-in", str(key), "-outform", "DER"], check=True, capture_output=True
    ).stdout
    assert secrets_in("key.der", der) == (SecretFound("key.der", 0, "private key"),)


def test_a_certificate_in_der_is_no_key(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=x",
            "-keyout",
            "/dev/null",
            "-outform",
            "DER",
        ],
        check=True,
        capture_output=True,
    )
    assert secrets_in("cert.der", done.stdout) == ()


def test_a_planted_secret_is_in_no_object_of_the_history_and_in_no_error(tmp_path: Path) -> None:
    path = tmp_path / "history.git"
    plain = {"nginx.conf": b"events {}\n"}
    with Journal(path) as journal:
        for number, (name, secret) in enumerate(SECRETS.items(), 1):
            planted = {**plain, "conf.d/site.conf": b"# one\n" + secret.encode()}
            with pytest.raises(Refused, match=r"web1/conf.d/site.conf:2 holds a") as caught:
                journal.record(entry(number, "web1"), {"web1": planted})
            assert secret not in str(caught.value), name
            with pytest.raises(Refused, match="the message of the entry:1 holds a"):
                journal.record(entry(number, message=secret), {})
        journal.record(entry(99, "web1"), {"web1": plain})
        assert len(journal.log(limit=100)) == 1
    everything = git(path, "cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer")
    everything += "".join(
        file.read_text("latin-1") for file in path.rglob("*") if file.is_file() and "objects" not in file.parts
    )
    for secret in SECRETS.values():
        assert secret not in everything
    assert _BODY not in everything
