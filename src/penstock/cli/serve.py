"""`penstock serve`."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli.exit_codes import DONE
from penstock.cli.options import config_option, project

if TYPE_CHECKING:
    from typing import TextIO

    from penstock.settings import Settings

LOOPBACK = ("localhost", "127.0.0.1")  # the names in a certificate where none is given
_PATH = click.Path(dir_okay=False, path_type=Path)


@click.command("serve")
@click.option("--listen", metavar="HOST:PORT", default="127.0.0.1:8443", show_default=True)
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Default: manager.data.")
@click.option("--certificate", type=_PATH, metavar="FILE", help="Default: the one that --init made, if it did.")
@click.option("--key", type=_PATH, metavar="FILE", help="The certificate's private key.")
@click.option("--init", is_flag=True, help="Make the database, a user and a certificate, and end.")
@click.option("--user", metavar="NAME", help="With --init: whose password to set.")
@click.option("--password-file", type=click.File("r"), metavar="FILE", help="With --init: its first line.")
@click.option("--password-stdin", is_flag=True, help="With --init: the first line of standard input.")
@click.option("--hostname", multiple=True, metavar="NAME", help="A name in the certificate that is made; repeatable.")
@click.option(
    "--admin-password-file",
    type=click.File("r"),
    metavar="FILE",
    help="First make what --init makes where it is absent, with the user admin and the password on the first line.",
)
@config_option
def command(  # noqa: PLR0917 - Click calls it by name
    listen: str,
    data: Path | None,
    certificate: Path | None,
    key: Path | None,
    user: str | None,
    password_file: TextIO | None,
    hostname: tuple[str, ...],
    admin_password_file: TextIO | None,
    config: Path | None,
    *,
    init: bool,
    password_stdin: bool,
) -> int:
    """Run the manager: NGINX Instance Manager's API over the nginx masters of this machine.

    \b
    penstock serve --init --user ada --hostname manager.example.com    once
    penstock serve --listen 0.0.0.0:8443

    Both in one, for a container: penstock serve --listen 0.0.0.0:8443 --admin-password-file FILE

    Anything but loopback is served over TLS only.
    """
    from penstock.cli.embedded import require_manager

    settings = project(config)
    require_manager()
    data = data or settings.manager.data
    if init and admin_password_file:
        raise click.UsageError("--init ends when it is done; --admin-password-file goes on to serve. Choose one.")
    if init:
        return _initialise(data, user, password_file, hostname, password_stdin=password_stdin)
    if user or password_file or password_stdin:
        raise click.UsageError("--user, --password-file and --password-stdin belong to --init.")
    if admin_password_file:
        _make_admin(data, admin_password_file, hostname)
    elif hostname:
        raise click.UsageError("--hostname belongs to --init or --admin-password-file.")
    return _serve(settings, data, listen, certificate, key)


def _initialise(
    data: Path,
    user: str | None,
    password_file: TextIO | None,
    hostnames: tuple[str, ...],
    *,
    password_stdin: bool,
) -> int:
    from penstock.cli.embedded import now
    from penstock.cli.terminal import print_text
    from penstock.manager import initialise

    if not user:
        raise click.UsageError("--init needs --user: whose password is set?")
    if password_file and password_stdin:
        raise click.UsageError("--password-file and --password-stdin are two answers to one question.")
    made = initialise(
        data,
        user=user,
        password=_password(password_file, user, from_stdin=password_stdin),
        hostnames=hostnames or LOOPBACK,
        clock=now,
    )
    print_text(
        f"database     {made.database}\nuser         {made.user}\ncertificate  {made.certificate.path}\n"
        f"fingerprint  {made.certificate.fingerprint}\n"
    )
    return DONE


def _make_admin(data: Path, password_file: TextIO, hostnames: tuple[str, ...]) -> None:
    """The user admin with this password, and a certificate; one that is there already keeps its names."""
    from penstock.cli.embedded import now
    from penstock.manager import initialise
    from penstock.manager.certificates import read_certificate

    made, key = data / "certificate.pem", data / "key.pem"
    if not hostnames and made.exists() and key.exists():
        hostnames = tuple(read_certificate(made, key).hostnames)
    initialise(
        data,
        user="admin",
        password=_password(password_file, "admin", from_stdin=False),
        hostnames=hostnames or LOOPBACK,
        clock=now,
    )


def _password(file: TextIO | None, user: str, *, from_stdin: bool) -> str:
    """The first line of the file or of stdin, or what a person types unseen. Never a flag: others could read that."""
    if file or from_stdin:
        return (file or sys.stdin).readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("a password is needed: --password-stdin, --password-file, or a terminal to ask.")
    answer: str = click.prompt(f"Password of {user}", hide_input=True, confirmation_prompt=True, err=True)
    return answer


def _serve(settings: Settings, data: Path, listen: str, certificate: Path | None, key: Path | None) -> int:
    from penstock.cli.embedded import open_embedded
    from penstock.cli.terminal import tell
    from penstock.manager import serve

    host, port = _address(listen)
    made, made_key = data / "certificate.pem", data / "key.pem"
    if certificate is None and key is None and made.exists() and made_key.exists():
        certificate, key = made, made_key
    manager = open_embedded(settings, data=data)
    # The server takes SIGTERM while it runs and hands it on when it has finished what ran: the good end of a service.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tell(f"Serving {'https' if certificate else 'http'}://{listen}, data in {data}. Ctrl-C ends it.")
    try:
        serve(manager, host=host, port=port, certificate=certificate, key=key)
    except KeyboardInterrupt:
        tell("Stopped; every deployment that ran was finished.")
    return DONE


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or 65535 < int(port):
        raise click.BadParameter(f"{listen!r} is not HOST:PORT, such as 127.0.0.1:8443", param_hint="--listen")
    return host, int(port)
