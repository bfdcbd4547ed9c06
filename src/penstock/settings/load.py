"""From penstock.toml and the environment to Settings. Environment > file > default; flags are the commands' own.

The nearest of penstock.toml, .penstock.toml and pyproject.toml with [tool.penstock] counts, from the working folder
up to the root of the git work tree. Paths in the file are relative to the file's folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from penstock.errors import SettingsError
from penstock.settings import Settings
from penstock.settings.sections import read_check, read_configs, read_manager, read_targets
from penstock.settings.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAMES = ("penstock.toml", ".penstock.toml", "pyproject.toml")

ENVIRONMENT: Mapping[str, tuple[str, ...]] = {
    "PENSTOCK_PROFILE": ("check", "profile"),
    "PENSTOCK_FAIL_ON": ("check", "fail_on"),
    "PENSTOCK_NGINX_VERSION": ("check", "nginx_version"),
    "PENSTOCK_DATA": ("manager", "data"),
    "PENSTOCK_HISTORY": ("history", "path"),
}
"""Variable -> the setting that it replaces. PENSTOCK_MANAGER beside them replaces the manager of every target."""

MANAGER_VARIABLE = "PENSTOCK_MANAGER"
CONFIG_VARIABLE = "PENSTOCK_CONFIG"


def load_settings(folder: Path, environment: Mapping[str, str], *, config: Path | None = None) -> Settings:
    """The settings of the project that `folder` lies in; the defaults where there is no project.

    folder: absolute. config: the file to read instead of looking for one; PENSTOCK_CONFIG is the second choice.
    Every path in the result is absolute. Raises SettingsError, which names the file, the key and the way out.
    """
    named = config or (Path(environment[CONFIG_VARIABLE]) if environment.get(CONFIG_VARIABLE) else None)
    if named is not None:
        file = folder / named
        return _settings(_read(file), file, file.parent, environment)
    for at in (folder, *folder.parents):
        for name in FILE_NAMES:
            file = at / name
            if file.is_file():
                values = _read(file)
                if name != "pyproject.toml" or _has_table(values):
                    return _settings(values, file, at, environment)
        if (at / ".git").exists():
            break
    return _settings({}, None, folder, environment)


def _has_table(pyproject: Mapping[str, object]) -> bool:
    tool = pyproject.get("tool")
    return isinstance(tool, dict) and "penstock" in tool


def _read(file: Path) -> Mapping[str, object]:
    import tomllib  # noqa: PLC0415 - a project without a file does not pay for it

    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as exc:
        raise SettingsError(f"{file} is not TOML: {exc}") from exc
    except UnicodeDecodeError as exc:
        raise SettingsError(f"{file} is not UTF-8: byte {exc.start} is 0x{exc.object[exc.start]:02x}") from exc
    except FileNotFoundError as exc:
        raise SettingsError(f"{file}, named as the settings file, does not exist") from exc
    except OSError as exc:
        raise SettingsError(f"{file} could not be read: {exc.strerror}") from exc


def _settings(
    values: Mapping[str, object], file: Path | None, folder: Path, environment: Mapping[str, str]
) -> Settings:
    prefix = ""
    if file is not None and file.name == "pyproject.toml" and _has_table(values):
        values, prefix = values["tool"]["penstock"], "tool.penstock"  # type: ignore[index]
        if not isinstance(values, dict):
            raise SettingsError(f"{file}: tool.penstock must be a table")
    values, origins = _overlay(values, environment, prefix)
    top = Table(values, prefix, file=str(file or "no settings file"), folder=folder, origins=origins)
    configs = read_configs(top.table("configs"))
    history = top.table("history")
    settings = Settings(
        folder=folder,
        file=file,
        check=read_check(top.table("check")),
        configs=configs,
        targets=read_targets(top.table("targets"), configs, manager=environment.get(MANAGER_VARIABLE, "")),
        manager=read_manager(top.table("manager")),
        history=history.place("path") or folder / Settings(folder).history,
    )
    history.end()
    top.end()
    return settings


def _overlay(
    values: Mapping[str, object], environment: Mapping[str, str], prefix: str
) -> tuple[Mapping[str, object], Mapping[str, str]]:
    """The file's values with the environment's laid over them, and which variable gave which key."""
    merged = dict(values)
    origins: dict[str, str] = {}
    for variable, (table, key) in ENVIRONMENT.items():
        value = environment.get(variable)
        below = merged.get(table, {})
        if value and isinstance(below, dict):
            merged[table] = {**below, key: value}
            origins[".".join(filter(None, (prefix, table, key)))] = variable
    return merged, origins
