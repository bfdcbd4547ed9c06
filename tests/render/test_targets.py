"""What a target should run: raw or rendered, and how it is probed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from penstock.errors import NotFound, PenstockError, SettingsError
from penstock.render import desired, find_template, render_probes, target_values
from penstock.settings.load import load_settings
from penstock.shipped import shipped
from tests.render.making import write

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.settings import Settings

PROJECT = {
    "penstock.toml": """
[configs.raw]
path = "nginx/nginx.conf"
[configs.edge]
template = "templates/edge"
values = "values"
[configs.www]
template = "penstock:static-site"
values = "www"

[targets.raw]
config = "raw"
instance = "one"
[targets.staging]
config = "edge"
environment = "staging"
site = "berlin"
instance = "edge-1"
entry = "main.conf"
[[targets.staging.probes]]
url = "http://127.0.0.1:{{ port }}/{{ penstock.instance }}"
host = "{{ name }}"
contains = "{{ name | upper }} {"
[[targets.staging.probes]]
url = "http://127.0.0.1:8080/plain"
[targets.www]
config = "www"
group = "web"
""",
    "nginx/nginx.conf": "events {}\nhttp {\n    include /etc/nginx/conf.d/*.conf;\n    include sub/x.conf;\n}\n",
    "nginx/conf.d/a.conf": "server { listen 80; }\n",
    "nginx/sub/x.conf": "charset utf-8;\n",
    "templates/edge/template.yaml": "schema:\n  properties:\n    port: {type: integer, default: 80}\n",
    "templates/edge/nginx.conf.j2": (
        "{% set p = penstock %}# {{ p.target }} {{ p.environment }} {{ p.site }} {{ p.instance }} {{ p.root }}\n"
        "listen {{ port }};\n"
    ),
    "values/base.yaml": "name: shop\n",
    "values/environments/staging.yaml": "port: 8080\n",
    "values/sites/berlin.yaml": "name: laden\n",
    "www/base.yaml": "server_names: [www.example.org]\nroot: /srv/www\n",
}


def project(folder: Path, **changes: str) -> Settings:
    """A project on the disk, and its settings."""
    write(folder, {**PROJECT, **changes})
    return load_settings(folder, {})


def test_a_raw_config_is_named_as_on_the_target(tmp_path: Path) -> None:
    """The folder stands for the root, absolute includes and all; the bytes are untouched."""
    settings = project(tmp_path)
    files = desired(settings, settings.targets["raw"], instance="one", root="/etc/nginx")
    assert {
        "/etc/nginx/nginx.conf": PROJECT["nginx/nginx.conf"].encode(),
        "/etc/nginx/conf.d/a.conf": PROJECT["nginx/conf.d/a.conf"].encode(),
        "/etc/nginx/sub/x.conf": PROJECT["nginx/sub/x.conf"].encode(),
    } == dict(files.files)
    assert ("/etc/nginx", "/etc/nginx/nginx.conf") == (files.root, files.entry)


def test_a_template_knows_its_target(tmp_path: Path) -> None:
    """Layers by the target's names, facts in `penstock`, labels as seen from the project."""
    settings = project(tmp_path)
    files = desired(settings, settings.targets["staging"], instance="edge-1", root="/srv/nginx")
    assert {"/srv/nginx/main.conf": b"# staging staging berlin edge-1 /srv/nginx\nlisten 8080;\n"} == dict(files.files)
    origin = files.origins["/srv/nginx/main.conf"]
    assert origin.lines[1] == ("templates/edge/nginx.conf.j2", 2, "port = 8080 (values/environments/staging.yaml:1)")


def test_a_shipped_template_is_named_by_its_prefix(tmp_path: Path) -> None:
    """`penstock:NAME` needs no folder in the project."""
    settings = project(tmp_path)
    files = desired(settings, settings.targets["www"], instance="web-1", root="/etc/nginx")
    assert b"root /srv/www;" in files.files["/etc/nginx/conf.d/site.conf"]
    assert files.origins["/etc/nginx/conf.d/site.conf"].label == "penstock:static-site/conf.d/site.conf.j2"


def test_probes_take_values(tmp_path: Path) -> None:
    """The same values, defaults and facts as the config; a probe without braces stays as it is."""
    settings = project(tmp_path)
    target = settings.targets["staging"]
    values = target_values(settings, target, instance="edge-1")
    first, second = render_probes(target, values, instance="edge-1", root="/etc/nginx")
    assert ("http://127.0.0.1:8080/edge-1", "laden", "LADEN {") == (first.url, first.host, first.contains)
    assert second.url == "http://127.0.0.1:8080/plain"
    raw = settings.targets["raw"]
    assert target_values(settings, raw, instance="one").tree == {}


PROBES = {
    "an undefined value": ("http://127.0.0.1:{{ prot }}/", "probe 1 url:1: prot is not defined\n  Did you mean port?"),
    "no URL": ("{{ name }}", "probe 1 asks 'laden', which is not a URL"),
    "a line end": ("http://x/{{ '\\\\r\\\\n' }}", "which is not a URL"),
    "an open brace": ("http://x/{{ port", "the template is not well formed"),
}


@pytest.mark.parametrize(("url", "message"), PROBES.values(), ids=PROBES)
def test_a_probe_that_cannot_be_asked_is_refused(url: str, message: str, tmp_path: Path) -> None:
    """Target and probe are named."""
    text = PROJECT["penstock.toml"].replace("http://127.0.0.1:{{ port }}/{{ penstock.instance }}", url)
    settings = project(tmp_path, **{"penstock.toml": text})
    target = settings.targets["staging"]
    with pytest.raises(PenstockError) as caught:
        render_probes(target, target_values(settings, target, instance="edge-1"), instance="edge-1", root="/etc/nginx")
    assert message in str(caught.value)
    assert "target staging" in str(caught.value)


TOML = PROJECT["penstock.toml"]
FAULTS: dict[str, tuple[dict[str, str], str, type[PenstockError], str]] = {
    "no such environment": (
        {"penstock.toml": TOML.replace('environment = "staging"', 'environment = "stagign"')},
        "staging",
        NotFound,
        "values/environments/stagign.yaml does not exist\n  Did you mean staging?",
    ),
    "no such template": (
        {"penstock.toml": TOML.replace("templates/edge", "templates/egde")},
        "staging",
        NotFound,
        "there is no template templates/egde: it would be a folder with a template.yaml\n  Did you mean templates/e",
    ),
    "no such shipped template": (
        {"penstock.toml": TOML.replace("penstock:static-site", "penstock:static-sit")},
        "www",
        NotFound,
        "no template penstock:static-sit ships with Penstock\n  Did you mean penstock:static-site?",
    ),
    "another entry": (
        {"penstock.toml": TOML.replace('instance = "one"', 'instance = "one"\nentry = "main.conf"')},
        "raw",
        SettingsError,
        "its entry is main.conf, and config raw has nginx.conf",
    ),
    "no such file": (
        {"penstock.toml": TOML.replace("nginx/nginx.conf", "ngin/nginx.conf")},
        "raw",
        NotFound,
        "nginx.conf",
    ),
    "an unknown key of the manifest": (
        {"templates/edge/template.yaml": "title: x\nscema: {}\n"},
        "staging",
        SettingsError,
        "templates/edge/template.yaml:2: scema is not a key of a manifest\n  Did you mean schema?",
    ),
    "a manifest that is a list": (
        {"templates/edge/template.yaml": "- x\n"},
        "staging",
        SettingsError,
        "templates/edge/template.yaml:1: a manifest is a mapping",
    ),
    "an entry that is not there": (
        {"templates/edge/template.yaml": "title: x\nentry: ngin.conf\n"},
        "staging",
        SettingsError,
        "the entry is ngin.conf, and there is no templates/edge/ngin.conf.j2\n  Did you mean nginx.conf?",
    ),
    "a schema that is a text": (
        {"templates/edge/template.yaml": "schema: x\n"},
        "staging",
        SettingsError,
        "templates/edge/template.yaml:1: schema must be a mapping",
    ),
    "a title that is a number": (
        {"templates/edge/template.yaml": "title: 1\n"},
        "staging",
        SettingsError,
        "templates/edge/template.yaml:1: title must be text",
    ),
}


@pytest.mark.parametrize(("files", "target", "error", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named(
    files: dict[str, str], target: str, error: type[PenstockError], message: str, tmp_path: Path
) -> None:
    """The file and line as seen from the project, and the nearest name."""
    settings = project(tmp_path, **files)
    with pytest.raises(error) as caught:
        desired(settings, settings.targets[target], instance="edge-1", root="/etc/nginx")
    assert message in str(caught.value)


def test_a_link_out_of_a_template_is_not_followed(tmp_path: Path) -> None:
    """What stands elsewhere on the machine does not get into a config."""
    write(tmp_path, {"t/template.yaml": "title: x", "t/nginx.conf.j2": "x", "outside": "s3cret"})
    (tmp_path / "t/leak.j2").symlink_to(tmp_path / "outside")
    with pytest.raises(SettingsError, match=re.escape("t/leak.j2 is a link that leads out of the template")):
        find_template("t", project=tmp_path)


def test_a_template_that_is_not_text_is_named(tmp_path: Path) -> None:
    """The line of the first byte that is not UTF-8."""
    write(tmp_path, {"t/template.yaml": "title: x", "t/nginx.conf.j2": "x"})
    (tmp_path / "t/latin.conf.j2").write_bytes(b"a\nb\xe9\n")
    with pytest.raises(SettingsError, match=re.escape("t/latin.conf.j2:2: byte 0xe9 is not UTF-8")):
        find_template("t", project=tmp_path)
    (tmp_path / "t/latin.conf.j2").write_bytes(b"a" * (1024 * 1024 + 1))
    with pytest.raises(SettingsError, match=re.escape("t/latin.conf.j2 is larger than 1,048,576 bytes")):
        find_template("t", project=tmp_path)


def test_the_example_project_renders(tmp_path: Path) -> None:
    """What the demo shows works for each of its targets."""
    settings = load_settings(shipped("examples") / "shop", {})
    for target in settings.targets.values():
        files = desired(settings, target, instance=target.instance or "edge-1", root="/etc/nginx")
        assert "/etc/nginx/nginx.conf" in files.files
