"""What a target should run: the files of its config, raw or rendered, and the probes that prove it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from penstock.config import load_path
from penstock.errors import Refused, SettingsError
from penstock.render.manifest import find_template
from penstock.render.rendering import render, render_text
from penstock.render.schema import complete
from penstock.render.values import Values, load_values

if TYPE_CHECKING:
    from penstock.model import FileSet
    from penstock.ports import Probe
    from penstock.settings import ConfigSettings, Settings, TargetSettings

_URL = re.compile(r"https?://[^\s/?#]+(?:[/?][!-~]*)?")


def desired(settings: Settings, target: TargetSettings, *, instance: str, root: str) -> FileSet:
    """The files that an instance of a target should run, named as on the target, below `root`.

    instance: the instance's name, which chooses its layer of values. Raises what `render`, `load_values` and
    `find_template` raise; NotFound when a raw config is not there.
    """
    config = settings.configs[target.config]
    if config.path is not None:
        return _raw(config, target, root)
    template = find_template(config.template, project=settings.folder)
    values = _values(settings, config, target, instance)
    return render(
        template, values, root=root, entry_name=target.entry, facts=target_facts(target, instance=instance, root=root)
    )


def target_values(settings: Settings, target: TargetSettings, *, instance: str) -> Values:
    """The values of an instance of a target, the template's defaults filled in and checked; none for a raw config."""
    config = settings.configs[target.config]
    if config.path is not None:
        return Values({})
    template = find_template(config.template, project=settings.folder)
    return complete(template, _values(settings, config, target, instance))


def target_facts(target: TargetSettings, *, instance: str, root: str) -> dict[str, object]:
    """What the reserved variable `penstock` holds in a template."""
    return {
        "instance": instance,
        "root": root,
        "environment": target.environment,
        "site": target.site,
        "target": target.name,
    }


def render_probes(target: TargetSettings, values: Values, *, instance: str, root: str) -> tuple[Probe, ...]:
    """The target's probes with the values of an instance put into `url`, `host` and `contains`.

    values: as `target_values` gives them. Raises Refused for a value that is not there, or a url that is none.
    """
    facts = target_facts(target, instance=instance, root=root)

    def put(text: str, name: str) -> str:
        return render_text(text, f"target {target.name}, {name}", values, facts) if "{" in text else text

    probes = []
    for at, probe in enumerate(target.probes, 1):
        url = put(probe.url, f"probe {at} url")
        if not _URL.fullmatch(url):
            raise Refused(
                f"target {target.name}: probe {at} asks {url!r}, which is not a URL",
                way_out="It must come out as http://address:port/path or https://...",
            )
        host, contains = put(probe.host, f"probe {at} host"), put(probe.contains, f"probe {at} contains")
        probes.append(probe._replace(url=url, host=host, contains=contains))
    return tuple(probes)


def _values(settings: Settings, config: ConfigSettings, target: TargetSettings, instance: str) -> Values:
    assert config.values is not None
    return load_values(
        config.values,
        environment=target.environment,
        site=target.site,
        instance=instance,
        shown_from=settings.folder,
    )


def _raw(config: ConfigSettings, target: TargetSettings, root: str) -> FileSet:
    assert config.path is not None
    if config.path.name != target.entry:
        raise SettingsError(
            f"target {target.name}: its entry is {target.entry}, and config {config.name} has {config.path.name}",
            way_out="Name the file as it is named on the target, or set the target's entry.",
        )
    return load_path(config.path, mapping={root: str(config.path.parent)})
