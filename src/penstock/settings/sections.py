"""The tables of penstock.toml, one function each. What these functions ask for is the schema."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from penstock.model import Severity
from penstock.ports import Probe
from penstock.settings import (
    Auth,
    CheckSettings,
    ConfigSettings,
    ManagerSettings,
    RuleSetting,
    TargetSettings,
)
from penstock.settings.table import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.settings.table import Table

SEVERITIES = tuple(severity.word for severity in Severity)
AUTH_SOURCES = ("environment", "token-file", "keyring", "netrc")

_VERSION = re.compile(r"(\d+\.\d+\.\d+)?")
_MANAGER_URL = re.compile(r"https?://[^/\s?#]+(/[^\s?#]*)?")
_PROBE_URL = re.compile(r"(https?://\S|\{\{).*")


def read_check(table: Table) -> CheckSettings:
    """[check], [check.map] and [check.rules."id"]."""
    version = table.text("nginx_version")
    if not _VERSION.fullmatch(version):
        table.fail("nginx_version", f"must be a release such as 1.26.3, not {version!r}")
    mapping = table.table("map")
    check = CheckSettings(
        entries=table.places("entries"),
        profile=table.text("profile", "default"),
        fail_on=Severity[table.choice("fail_on", SEVERITIES, "error").upper()],
        nginx_version=version,
        mapping=MappingProxyType({key: str(table.folder / path) for key, path in mapping.strings().items()}),
        policies=table.places("policies"),
        rules=MappingProxyType({name: _read_rule(rule) for name, rule in table.table("rules").named()}),
    )
    for key in check.mapping:
        if not key.startswith("/"):
            mapping.fail(key, "must be a path on the target, which begins with /")
    table.end()
    return check


def _read_rule(table: Table) -> RuleSetting:
    word = table.choice("severity", ("off", *SEVERITIES), "") if table.has("severity") else ""
    return RuleSetting(
        enabled=word != "off",
        severity=None if word in ("", "off") else Severity[word.upper()],
        options=MappingProxyType(dict(table.rest())),
    )


def read_configs(table: Table) -> Mapping[str, ConfigSettings]:
    """[configs.NAME]."""
    return MappingProxyType({name: _read_config(name, config) for name, config in table.named()})


def _read_config(name: str, table: Table) -> ConfigSettings:
    path, template, values = table.place("path"), table.text("template"), table.place("values")
    if (path is None) == (not template):
        table.fail("", "must have exactly one of path and template")
    if template and values is None:
        table.fail("", "has a template and no values", way_out="values names the folder that holds base.yaml.")
    if path is not None and values is not None:
        table.fail("values", "belongs to a template, and this config is a path")
    table.end()
    if template and not template.startswith("penstock:"):
        template = str(table.folder / template)
    return ConfigSettings(name, path=path, template=template, values=values)


def read_targets(table: Table, configs: Mapping[str, ConfigSettings], *, manager: str) -> Mapping[str, TargetSettings]:
    """[targets.NAME]. manager: the URL from the environment, which replaces the file's, or an empty string."""
    return MappingProxyType(
        {name: _read_target(name, target, configs, manager=manager) for name, target in table.named()}
    )


def _read_target(name: str, table: Table, configs: Mapping[str, ConfigSettings], *, manager: str) -> TargetSettings:
    config = table.text("config")
    if config not in configs:
        guess = nearest(config, tuple(configs))
        table.fail(
            "config",
            f"names no config: {config!r}" if config else "is missing: which of the configs goes there?",
            way_out=f"Did you mean {guess!r}?" if guess else f"There is: {', '.join(configs) or 'none'}.",
        )
    group, instance = table.text("group"), table.text("instance")
    if bool(group) == bool(instance):
        table.fail("", "must have exactly one of group and instance")
    entry, root = table.text("entry", "nginx.conf"), table.text("root")
    if not entry or entry.startswith(("/", "..")) or posixpath.normpath(entry) != entry:
        table.fail("entry", f"must name a file below the root, such as nginx.conf, not {entry!r}")
    if root and (not root.startswith("/") or posixpath.normpath(root) != root):
        table.fail("root", f"must be an absolute path without . and .., not {root!r}")
    target = TargetSettings(
        name,
        config,
        group=group,
        instance=instance,
        environment=table.text("environment"),
        site=table.text("site"),
        manager=_read_manager_url(table, manager),
        cacert=table.place("cacert"),
        auth=_read_auth(table.table("auth")),
        root=root,
        entry=entry,
        probes=tuple(_read_probe(probe) for probe in table.tables("probes")),
        deadline_s=table.seconds("deadline_s", 60.0),
    )
    table.end()
    return target


def _read_manager_url(table: Table, override: str) -> str:
    """The manager's URL. A file that a pull request can change may not say both where and whose secret."""
    written = table.text("manager")
    if written and table.has("auth"):
        table.fail(
            "auth",
            "stands beside a manager URL: whoever edits this file could send the credential elsewhere",
            way_out="Keep one of them here and give the other in the environment: PENSTOCK_MANAGER, or PENSTOCK_TOKEN.",
        )
    url = override or written
    if url and not _MANAGER_URL.fullmatch(url):
        table.fail("manager", "must be a URL such as https://nim.example.com")
    if "@" in url.partition("://")[2].partition("/")[0]:
        table.fail("manager", "holds a user or password", way_out="Give credentials by environment, keyring or netrc.")
    return url.rstrip("/")


def _read_auth(table: Table) -> Auth:
    source = table.choice("source", AUTH_SOURCES, "") if table.has("source") else ""
    name = table.text("name")
    if source == "environment" and not name:
        table.fail("", 'with source = "environment" needs the name of the variable')
    if source == "token-file" and not name:
        table.fail("", 'with source = "token-file" needs the name of the file')
    if name and not source:
        table.fail("name", "needs a source beside it", way_out=f"One of {', '.join(AUTH_SOURCES)}.")
    table.end()
    return Auth(source=source, name=str(table.folder / name) if source == "token-file" else name)


def _read_probe(table: Table) -> Probe:
    url = table.text("url")
    if not _PROBE_URL.fullmatch(url):
        table.fail("url", f"must be http://address:port/path or https://..., not {url!r}")
    probe = Probe(
        url=url,
        status=table.number("status", 200, low=100, high=599),
        host=table.text("host"),
        contains=table.text("contains"),
    )
    table.end()
    return probe


def read_manager(table: Table) -> ManagerSettings:
    """[manager], [manager.names] and [manager.groups]."""
    names, groups = table.table("names"), table.table("groups")
    default = ManagerSettings()
    manager = ManagerSettings(
        data=table.place("data") or table.folder / default.data,
        allow=table.texts("allow") if table.has("allow") else default.allow,
        names=names.strings(),
        groups=groups.lists(),
    )
    for path in (*manager.allow, *manager.names):
        if not Path(path).is_absolute():
            table.fail("names" if path in manager.names else "allow", f"holds {path!r}, which is not absolute")
    table.end()
    return manager
