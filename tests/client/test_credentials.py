"""Where a credential comes from, and where it does not go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keyring
import keyring.backend
import pytest

from penstock.client import Credentials, find_credentials, same_origin
from penstock.errors import CredentialError
from penstock.settings import Auth, TargetSettings

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://nim.example"
TARGET = TargetSettings("prod", "site", group="prod", manager=URL)


def target(source: str, name: str = "") -> TargetSettings:
    return TargetSettings("prod", "site", group="prod", manager=URL, auth=Auth(source, name))


ENVIRONMENTS = [
    ({"PENSTOCK_TOKEN": "t0k"}, Credentials(token="t0k")),
    ({"PENSTOCK_USERNAME": "ada", "PENSTOCK_PASSWORD": "pw"}, Credentials("ada", "pw")),
    ({"PENSTOCK_TOKEN": "t0k", "PENSTOCK_USERNAME": "ada", "PENSTOCK_PASSWORD": "pw"}, Credentials(token="t0k")),
]


@pytest.mark.parametrize(("environ", "found"), ENVIRONMENTS)
def test_the_environment_is_asked_first(environ: dict[str, str], found: Credentials) -> None:
    """A token before a user."""
    assert find_credentials(TARGET, environ=environ, trusted_url=True) == found


@pytest.mark.parametrize(("environ", "found"), ENVIRONMENTS)
def test_a_url_of_the_repository_gets_nothing_of_the_environment(environ: dict[str, str], found: Credentials) -> None:
    """Unless PENSTOCK_MANAGER names the same origin; the error says why, and the way out, and no secret."""
    with pytest.raises(CredentialError, match="merge request could redirect") as caught:
        find_credentials(TARGET, environ=environ, trusted_url=False)
    assert "PENSTOCK_MANAGER=https://nim.example:443" in caught.value.way_out
    assert not any(secret in str(caught.value) for secret in ("t0k", "pw"))
    for same in ("https://nim.example", "https://NIM.example:443/", "https://nim.example/api/platform/v1"):
        assert find_credentials(TARGET, environ={**environ, "PENSTOCK_MANAGER": same}, trusted_url=False) == found
    for other in ("https://nim.example:8443", "http://nim.example", "https://nim.example.evil", "", "nim.example"):
        with pytest.raises(CredentialError):
            find_credentials(TARGET, environ={**environ, "PENSTOCK_MANAGER": other}, trusted_url=False)


@pytest.mark.parametrize(("source", "name"), [("environment", "AWS_SECRET_ACCESS_KEY"), ("token-file", "/etc/passwd")])
def test_a_repository_cannot_send_any_secret_to_a_url_of_its_own(source: str, name: str) -> None:
    """A variable or a file that it names is only sent where the user said."""
    with pytest.raises(CredentialError, match="any secret"):
        find_credentials(target(source, name), environ={name: "x"}, trusted_url=False)


def test_a_token_file_is_read(tmp_path: Path) -> None:
    """Without the line end; an empty one, an absent one and one with two lines are errors that name it."""
    file = tmp_path / "token"
    file.write_text("t0k\n")
    environ = {"PENSTOCK_TOKEN_FILE": str(file)}
    assert find_credentials(TARGET, environ=environ, trusted_url=True) == Credentials(token="t0k")
    assert find_credentials(target("token-file", str(file)), environ={}, trusted_url=True) == Credentials(token="t0k")
    file.write_text(" \n")
    with pytest.raises(CredentialError, match="is empty"):
        find_credentials(TARGET, environ=environ, trusted_url=True)
    file.write_text("one\ntwo")
    with pytest.raises(CredentialError, match="line break"):
        find_credentials(TARGET, environ=environ, trusted_url=True)
    file.unlink()
    with pytest.raises(CredentialError, match="token"):
        find_credentials(TARGET, environ=environ, trusted_url=True)


def test_netrc_answers_to_its_host_alone(tmp_path: Path) -> None:
    """Also for a URL of the repository; a `default` line is for nobody, and others may not read the file."""
    file = tmp_path / ".netrc"
    file.write_text("machine nim.example login ada password pw\ndefault login eve password open\n")
    file.chmod(0o600)
    environ = {"HOME": str(tmp_path)}
    assert find_credentials(TARGET, environ=environ, trusted_url=False) == Credentials("ada", "pw")
    evil = TargetSettings("prod", "site", group="prod", manager="https://evil.example")
    with pytest.raises(CredentialError, match=r"evil\.example"):
        find_credentials(evil, environ=environ, trusted_url=False)
    file.chmod(0o644)
    with pytest.raises(CredentialError, match="chmod 600") as caught:
        find_credentials(TARGET, environ=environ, trusted_url=False)
    file.chmod(0o600)
    file.write_text("machine nim.example login ada pw")
    with pytest.raises(CredentialError, match="netrc") as caught:
        find_credentials(TARGET, environ=environ, trusted_url=False)
    assert "pw" not in str(caught.value)


def test_nobody_to_be_is_said_with_every_way() -> None:
    """Which variables, and netrc."""
    with pytest.raises(CredentialError, match="no credential") as caught:
        find_credentials(TARGET, environ={}, trusted_url=True)
    assert {"PENSTOCK_TOKEN,", "PENSTOCK_USERNAME"} <= set(caught.value.way_out.split())


def test_a_user_without_a_password_is_half_a_credential() -> None:
    """And is not sent."""
    with pytest.raises(CredentialError, match="PENSTOCK_PASSWORD"):
        find_credentials(TARGET, environ={"PENSTOCK_USERNAME": "ada"}, trusted_url=True)


def test_secrets_do_not_show() -> None:
    """Neither in repr nor in str."""
    assert "s3cret" not in repr(Credentials("ada", "s3cret", "s3cret")) + str(Credentials(token="s3cret"))


@pytest.mark.parametrize("bad", [{"token": "a b"}, {"token": "é"}, {"user": "a:b"}, {"password": "a\r\nb"}])
def test_what_cannot_stand_in_a_header_is_refused(bad: dict[str, str]) -> None:
    """Before it is sent."""
    with pytest.raises(CredentialError):
        Credentials(**bad)


def test_origins_are_compared_whole() -> None:
    """Scheme, host and port; a default port is written or not."""
    assert same_origin("https://a", "https://A:443/x")
    assert not same_origin("https://a", "https://a.b")
    assert not same_origin("", "")


class OneEntry(keyring.backend.KeyringBackend):
    """A keyring that holds ada's password for nim.example."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        return "pw" if (service, username) == ("penstock:https://nim.example:443", "ada") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


def test_the_keyring_answers_to_its_origin_alone() -> None:
    """Also for a URL of the repository; what it does not have is said with the command that adds it."""
    before = keyring.get_keyring()
    keyring.set_keyring(OneEntry())  # type: ignore[no-untyped-call]  # keyring has no types
    try:
        found = find_credentials(target("keyring", "ada"), environ={}, trusted_url=False)
        assert found == Credentials("ada", "pw")
        with pytest.raises(CredentialError) as caught:
            find_credentials(target("keyring", "eve"), environ={}, trusted_url=False)
        assert caught.value.way_out == "keyring set penstock:https://nim.example:443 eve"
    finally:
        keyring.set_keyring(before)
