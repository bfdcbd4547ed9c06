"""Which instances a target has, as far as the project itself says: what is rendered without asking a manager."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.settings import TargetSettings

if TYPE_CHECKING:
    from penstock.settings import Settings

DEFAULT_ROOT = "/etc/nginx"


@dataclass(frozen=True, slots=True)
class Place:
    """One instance of one target. root: where its files stand there. A target nobody knows instances of has none."""

    target: TargetSettings
    instance: str
    root: str


def places(settings: Settings, target: TargetSettings) -> tuple[Place, ...]:
    """A target's instances: its own, or the members of its group.

    A group that [manager.groups] does not name is known to a manager alone. Then the instances that have a file of
    values stand for it, without those that belong to another target or group.
    """
    root = target.root or DEFAULT_ROOT
    if target.instance:
        return (Place(target, target.instance, root),)
    names = settings.manager.groups.get(target.group) or _with_values(settings, target)
    return tuple(Place(target, name, root) for name in names or ("",))


def _with_values(settings: Settings, target: TargetSettings) -> tuple[str, ...]:
    values = settings.configs[target.config].values
    if values is None:
        return ()
    others = {other.instance for other in settings.targets.values()}
    others.update(name for group, names in settings.manager.groups.items() if group != target.group for name in names)
    return tuple(sorted(file.stem for file in (values / "instances").glob("*.yaml") if file.stem not in others))


def all_places(settings: Settings) -> tuple[Place, ...]:
    """Every instance of every target, and each template that no target names, once with its base values."""
    named = [place for target in settings.targets.values() for place in places(settings, target)]
    used = {target.config for target in settings.targets.values()}
    alone = [Place(TargetSettings(name, name), "", DEFAULT_ROOT) for name in settings.configs if name not in used]
    return (*named, *alone)
