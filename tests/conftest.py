"""Every test runs in a home of its own, in UTC, and reaches nothing but this machine."""

from __future__ import annotations

import ipaddress
import os
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Property tests find the same cases every time; a search for new ones is `HYPOTHESIS_PROFILE=search make test`.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
settings.register_profile("search", settings.get_profile("repeatable"), derandomize=False, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

_HOME = Path(tempfile.mkdtemp(prefix="penstock-test-home-"))
_GIT_IDENTITY = "[user]\n\tname = Ada Lovelace\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n"
for _name in [name for name in os.environ if name.startswith(("PENSTOCK_", "GIT_", "XDG_"))]:
    if _name != "PENSTOCK_UPDATE_GOLDEN":
        del os.environ[_name]
os.environ.pop("GITHUB_ACTIONS", None)  # it changes the default format
os.environ.update(HOME=str(_HOME), TZ="UTC", LC_ALL="C.UTF-8", NO_COLOR="1", GIT_CONFIG_NOSYSTEM="1", COLUMNS="120")
(_HOME / ".gitconfig").write_text(_GIT_IDENTITY)
time.tzset()


class OutsideWorldError(RuntimeError):
    """A test tried to leave this machine."""


def _only_this_machine(event: str, args: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    address = args[1]
    if not isinstance(address, tuple) or not isinstance(address[0], str):
        return  # a Unix socket
    host = address[0]
    try:
        local = ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        local = host in {"localhost", ""}
    if not local:
        raise OutsideWorldError(f"a test tried to connect to {host}")


sys.addaudithook(_only_this_machine)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test depends on the folder in which pytest was started."""
    monkeypatch.chdir(tmp_path)
