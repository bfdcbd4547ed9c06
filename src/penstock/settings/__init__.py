"""Settings: penstock.toml as frozen types. Flag > environment > file > default.

Only `cli` reads the environment; it hands it to `settings.load.load_settings` as a mapping.
"""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from penstock.model import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.ports import Probe


class RuleSetting(NamedTuple):
    """What a project says of one rule: `off`, another severity, or options."""

    enabled: bool = True
    severity: Severity | None = None
    options: Mapping[str, object] = MappingProxyType({})


class CheckSettings(NamedTuple):
    """[check]. nginx_version: a release, or empty for the newest. mapping: path on the target -> folder here.

    entries: files to check when none is named. policies: folders of the project's own declared policies.
    """

    entries: tuple[Path, ...] = ()
    profile: str = "default"
    fail_on: Severity = Severity.ERROR
    nginx_version: str = ""
    mapping: Mapping[str, str] = MappingProxyType({})
    policies: tuple[Path, ...] = ()
    rules: Mapping[str, RuleSetting] = MappingProxyType({})


class ConfigSettings(NamedTuple):
    """[configs.NAME]: either `path` (an entry file, published as it stands) or `template` and `values`.

    template: a folder of the project, or `penstock:NAME` for a shipped one. values: a folder that holds base.yaml,
    environments/NAME.yaml, sites/NAME.yaml and instances/NAME.yaml, weakest first; each may be absent but base.
    """

    name: str
    path: Path | None = None
    template: str = ""
    values: Path | None = None


class Auth(NamedTuple):
    """How to authenticate. source: "" (environment, then netrc), "environment", "token-file", "keyring" or "netrc".

    name: the variable, file or user that the source needs.
    """

    source: str = ""
    name: str = ""


class TargetSettings(NamedTuple):
    """[targets.NAME]: where a config goes. Exactly one of group and instance.

    manager: an URL, or empty for the manager in this process. root, entry: names on the target.
    """

    name: str
    config: str
    group: str = ""
    instance: str = ""
    environment: str = ""
    site: str = ""
    manager: str = ""
    cacert: Path | None = None
    auth: Auth = Auth()
    root: str = ""  # empty: the instance's own
    entry: str = "nginx.conf"
    probes: tuple[Probe, ...] = ()  # their urls may use {{ values }}
    deadline_s: float = 60.0


class ManagerSettings(NamedTuple):
    """[manager]: the manager that runs in this process or under `penstock serve`.

    data: the folder of its database. allow: directories whose masters may be managed. names: conf path -> name.
    groups: name -> names of instances.
    """

    data: Path = Path(".penstock")
    allow: tuple[str, ...] = ("/etc/nginx",)
    names: Mapping[str, str] = MappingProxyType({})
    groups: Mapping[str, tuple[str, ...]] = MappingProxyType({})


class Settings(NamedTuple):
    """A project. folder: what relative paths in the file are relative to. file: where it was read, or None."""

    folder: Path
    file: Path | None = None
    check: CheckSettings = CheckSettings()
    configs: Mapping[str, ConfigSettings] = MappingProxyType({})
    targets: Mapping[str, TargetSettings] = MappingProxyType({})
    manager: ManagerSettings = ManagerSettings()
    history: Path = Path(".penstock/history.git")
