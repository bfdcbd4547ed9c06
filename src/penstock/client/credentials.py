"""Who we are to a manager, and the rule that a merge request cannot send a credential somewhere else.

A URL in penstock.toml is a URL that whoever can open a merge request can change. What is bound to a host by the user
(netrc, the keyring) may answer to it; what is not (the environment, a token file) may not, unless PENSTOCK_MANAGER,
which the repository cannot set, names the same origin.
"""

from __future__ import annotations

import netrc
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from penstock.errors import CredentialError, MissingExtra, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.settings import TargetSettings

TOKEN = "PENSTOCK_TOKEN"  # noqa: S105 - the name of a variable
TOKEN_FILE = "PENSTOCK_TOKEN_FILE"  # noqa: S105 - likewise
USERNAME = "PENSTOCK_USERNAME"
PASSWORD = "PENSTOCK_PASSWORD"  # noqa: S105 - likewise
MANAGER = "PENSTOCK_MANAGER"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Credentials:
    """A token, or a user and a password; `repr` shows neither secret. All empty: nobody.

    Raises CredentialError for a secret that cannot stand in a header.
    """

    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for what, text in (("user", self.user), ("password", self.password), ("token", self.token)):
            if any(ord(char) < 32 or ord(char) == 127 for char in text):
                raise CredentialError(f"the {what} holds a control character or a line break")
        if ":" in self.user:
            raise CredentialError("a user name of HTTP Basic authentication holds no colon (RFC 7617)")
        if not self.token.isascii() or " " in self.token:
            raise CredentialError("the token holds a space or a character that is not ASCII")


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs name the same scheme, host and port; False for what is no URL."""
    try:
        return _origin(one) == _origin(other)
    except UsageError:
        return False


def _origin(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"the manager's URL cannot be read: {error}") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise UsageError(f"{parts.scheme}://{parts.hostname or ''} is no URL of a manager such as https://nim.example")
    return parts.scheme, parts.hostname.lower(), port or _PORTS[parts.scheme]


def find_credentials(target: TargetSettings, *, environ: Mapping[str, str], trusted_url: bool) -> Credentials:
    """Who to be towards the target's manager.

    trusted_url: whether the user gave the URL, by flag or environment, rather than a file of the repository.
    The environment comes first, then the source that the target names, then netrc.
    Raises CredentialError, with every way to give one, where there is none; MissingExtra for keyring.
    """
    url = target.manager
    trusted = trusted_url or same_origin(environ.get(MANAGER, ""), url)
    from_environment = _from_environment(environ) if trusted else None
    if from_environment:
        return from_environment
    found = _from_source(target, environ, trusted=trusted)
    if found:
        return found
    scheme, host, port = _origin(url)
    where = f"{scheme}://{host}:{port}"
    if not trusted and any(environ.get(name) for name in (TOKEN, TOKEN_FILE, USERNAME)):
        raise CredentialError(
            f"the URL {where} of the target {target.name} comes from a file of the repository, and a merge request "
            "could redirect your credential by it: the environment's is not sent there",
            way_out=f"Set {MANAGER}={where} beside it, or keep a credential for {host} in netrc or the keyring.",
        )
    raise CredentialError(
        f"there is no credential for {where} of the target {target.name}",
        way_out=f"Set {TOKEN}, {TOKEN_FILE}, or {USERNAME} and {PASSWORD}; or add a line for {host} to ~/.netrc.",
    )


def _from_environment(environ: Mapping[str, str]) -> Credentials | None:
    if token := environ.get(TOKEN, "").strip():
        return Credentials(token=token)
    if path := environ.get(TOKEN_FILE):
        return _from_token_file(Path(path), said_by=TOKEN_FILE)
    if user := environ.get(USERNAME):
        if PASSWORD not in environ:
            raise CredentialError(f"{USERNAME} is set and {PASSWORD} is not", way_out="Set both, or neither.")
        return Credentials(user=user, password=environ[PASSWORD])
    return None


def _from_source(target: TargetSettings, environ: Mapping[str, str], *, trusted: bool) -> Credentials | None:
    source, name = target.auth.source, target.auth.name
    if source in {"environment", "token-file"} and not trusted:
        raise CredentialError(
            f"the target {target.name} takes its manager's URL and the place of its credential ({source}) from the "
            "same file: a merge request could send any secret anywhere by it",
            way_out=f"Set {MANAGER} to the origin of the manager in the environment.",
        )
    if source == "environment":
        variable = name or TOKEN
        if token := environ.get(variable, "").strip():
            return Credentials(token=token)
        raise CredentialError(f"the variable {variable}, which the target {target.name} names, is not set")
    if source == "token-file":
        return _from_token_file(Path(name), said_by=f"the target {target.name}")
    if source == "keyring":
        return _from_keyring(target)
    return _from_netrc(target, environ)


def _from_token_file(path: Path, *, said_by: str) -> Credentials:
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise CredentialError(f"the token file {path}, named by {said_by}, cannot be read: {why}") from error
    if not token:
        raise CredentialError(f"the token file {path}, named by {said_by}, is empty")
    return Credentials(token=token)


def _from_keyring(target: TargetSettings) -> Credentials:
    """The keyring's entry for service `penstock:<origin>`: bound to the host by whoever stored it."""
    try:
        import keyring  # noqa: PLC0415 - an extra, and slow to import
        import keyring.errors  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtra("keyring is not installed", way_out="pip install 'penstock[keyring]'") from error
    scheme, host, port = _origin(target.manager)
    service = f"penstock:{scheme}://{host}:{port}"
    try:
        entry = keyring.get_credential(service, target.auth.name or None)
    except keyring.errors.KeyringError as error:
        raise CredentialError(f"the keyring could not be asked for {service}: {type(error).__name__}") from error
    if entry is None:
        user = target.auth.name or "USER"
        raise CredentialError(f"the keyring has nothing for {service}", way_out=f"keyring set {service} {user}")
    return Credentials(user=entry.username, password=entry.password)


def _from_netrc(target: TargetSettings, environ: Mapping[str, str]) -> Credentials | None:
    """The netrc line of exactly this host. `default` lines are for any host at all, so they are not for us."""
    home = environ.get("HOME", "")
    path = Path(environ.get("NETRC") or (f"{home}/.netrc" if home else "/nonexistent"))
    try:
        if not path.is_file():
            return None
        if path.stat().st_mode & 0o077:
            raise CredentialError(f"{path} can be read by others", way_out=f"chmod 600 {path}")
        entry = netrc.netrc(str(path)).hosts.get(_origin(target.manager)[1])
    except netrc.NetrcParseError as error:
        raise CredentialError(f"{path}:{error.lineno} is no netrc syntax") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialError(f"{path} cannot be read: {type(error).__name__}") from error
    if entry is None:
        return None
    user, _, password = entry
    return Credentials(user=user, password=password)
