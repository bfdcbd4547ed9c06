"""Settings: penstock.toml as frozen types. Flag > environment > file > default.

Only `cli` reads the environment; it hands it to `settings.load.load_settings` as a mapping.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from penstock.model import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.ports import Probe


@dataclass(frozen=True, slots=True)
class RuleSetting:
    """What a project says of one rule: `off`, another severity, or options."""

    enabled: bool = True
    severity: Severity | None = None
    options: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """[check]. nginx_version: a release, or empty for the newest. mapping: path on the target -> folder here.

    entries: files to check when none is named. policies: folders of the project's own declared policies.
    """

    entries: tuple[Path, ...] = ()
    profile: str = "default"
    fail_on: Severity = Severity.ERROR
    nginx_version: str = ""
    mapping: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    policies: tuple[Path, ...] = ()
    rules: Mapping[str, RuleSetting] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class ConfigSettings:
    """[configs.NAME]: either `path` (an entry file, published as it stands) or `template` and `values`.

    template: a folder of the project, or `penstock:NAME` for a shipped one. values: a folder that holds base.yaml,
    environments/NAME.yaml, sites/NAME.yaml and instances/NAME.yaml, weakest first; each may be absent but base.
    """

    name: str
    path: Path | None = None
    template: str = ""
    values: Path | None = None


@dataclass(frozen=True, slots=True)
class Auth:
    """How to authenticate. source: "" (environment, then netrc), "environment", "token-file", "keyring" or "netrc".

    name: the variable, file or user that the source needs.
    """

    source: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class TargetSettings:
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


@dataclass(frozen=True, slots=True)
class ManagerSettings:
    """[manager]: the manager that runs in this process or under `penstock serve`.

    data: the folder of its database. allow: directories whose masters may be managed. names: conf path -> name.
    groups: name -> names of instances.
    """

    data: Path = Path(".penstock")
    allow: tuple[str, ...] = ("/etc/nginx",)
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Settings:
    """A project. folder: what relative paths in the file are relative to. file: where it was read, or None."""

    folder: Path
    file: Path | None = None
    check: CheckSettings = CheckSettings()
    configs: Mapping[str, ConfigSettings] = field(default_factory=lambda: MappingProxyType({}))
    targets: Mapping[str, TargetSettings] = field(default_factory=lambda: MappingProxyType({}))
    manager: ManagerSettings = ManagerSettings()
    history: Path = Path(".penstock/history.git")
