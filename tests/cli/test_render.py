"""`penstock render`: files to look at, a tree to keep, and where each line came from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import penstock

MANIFEST = """
schema:
  type: object
  required: [listen_port]
  properties:
    listen_port: {type: integer}
"""
TEMPLATE = """events {}
http {
    server_tokens off;
    server {
        listen {{ listen_port }};
        return 404;
    }
}
"""
SETTINGS = """
[configs.web]
template = "template"
values = "values"
[targets.staging]
config = "web"
instance = "stage-1"
[targets.production]
config = "web"
group = "edge"
"""
GROUPS = '[manager.groups]\nedge = ["edge-1", "edge-2"]\n'


@pytest.fixture(autouse=True)
def _project() -> None:
    for name, text in {
        "template/template.yaml": MANIFEST,
        "template/nginx.conf.j2": TEMPLATE,
        "values/base.yaml": "listen_port: 8080\n",
        "values/instances/edge-2.yaml": "listen_port: 8082\n",
        "penstock.toml": SETTINGS + GROUPS,
    }.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)


def rendered(*arguments: str) -> dict[str, str]:
    """target/instance/path -> the listen line of the rendered file."""
    end = penstock("render", *arguments, "--format", "json")
    assert end.code == 0, end.stderr
    return {
        f"{file['target']}/{file['instance']}/{file['path']}": file["text"].splitlines()[4].strip()
        for file in json.loads(end.stdout)["files"]
    }


EVERYTHING = {
    "staging/stage-1/nginx.conf": "listen 8080;",
    "production/edge-1/nginx.conf": "listen 8080;",
    "production/edge-2/nginx.conf": "listen 8082;",
}

CASES: dict[str, tuple[list[str], list[str]]] = {
    "everything": ([], list(EVERYTHING)),
    "one target": (["production"], ["production/edge-1/nginx.conf", "production/edge-2/nginx.conf"]),
    "one instance": (["production", "--instance", "edge-2"], ["production/edge-2/nginx.conf"]),
    "one instance of any target": (["--instance", "stage-1"], ["staging/stage-1/nginx.conf"]),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_rendered(case: str) -> None:
    """Each instance with its own values."""
    arguments, names = CASES[case]
    assert rendered(*arguments) == {name: EVERYTHING[name] for name in names}


def test_a_group_that_only_a_manager_knows_has_the_instances_with_values() -> None:
    """Without [manager.groups], the instances that have a file of values are taken, and not another target's."""
    Path("penstock.toml").write_text(SETTINGS)
    Path("values/instances/stage-1.yaml").write_text("listen_port: 8083\n")
    assert rendered("production") == {"production/edge-2/nginx.conf": "listen 8082;"}


def test_a_person_reads_files_with_headers() -> None:
    """Which file of which instance stands above each."""
    end = penstock("render", "staging")
    assert end.code == 0
    assert end.stdout == f"==> staging/stage-1: nginx.conf <==\n{TEMPLATE.replace('{{ listen_port }}', '8080')}\n"
    assert end.stderr == ""


def test_an_unknown_target_is_2_with_its_neighbour() -> None:
    """The nearest name is the hint."""
    end = penstock("render", "stagin")
    assert (end.code, end.stdout) == (2, "")
    assert "there is no target 'stagin'" in end.stderr
    assert "Did you mean 'staging'?" in end.stderr


def test_a_value_that_does_not_fit_is_1() -> None:
    """A template that does not render is refused, with the place of the value."""
    Path("values/instances/edge-2.yaml").write_text("listen_port: many\n")
    end = penstock("render", "production")
    assert (end.code, end.stdout) == (1, "")
    assert "values/instances/edge-2.yaml:1" in end.stderr


def test_explain_names_the_template_and_the_value() -> None:
    """A line of the output leads back to what made it."""
    end = penstock("render", "production", "--explain", "nginx.conf:5")
    assert end.code == 0
    assert end.stdout.splitlines()[2] == "production/edge-2: nginx.conf:5:         listen 8082;"
    assert "template/nginx.conf.j2:5" in end.stdout.splitlines()[3]
    assert "values/instances/edge-2.yaml:1" in end.stdout.splitlines()[3]
    assert penstock("render", "--explain", "nginx.conf").code == 2
    assert penstock("render", "--explain", "gone.conf:1").code == 2


def test_findings_name_the_template_and_each_once() -> None:
    """What three instances share is one finding; `penstock check` and `render --check` see the same."""
    Path("template/nginx.conf.j2").write_text(TEMPLATE.replace("return 404;", "return 404"))
    end = penstock("render", "--check")
    assert end.code == 1
    assert end.stdout.count("\n  from template/nginx.conf.j2:") == end.stdout.count(" error ")
    assert end.stdout.count(" error ") == 1
    assert end.stderr == "1 error in 3 files\n"
    check = penstock("check")
    assert (check.code, check.stdout, check.stderr) == (end.code, end.stdout, end.stderr)


def test_a_tree_is_written_and_kept() -> None:
    """Each instance in a folder of its own; a second run changes nothing, and what is gone is removed."""
    end = penstock("render", "--output", "out")
    assert end.code == 0
    assert end.stdout.splitlines() == sorted(f"new {name}" for name in EVERYTHING)
    assert "listen 8082;" in Path("out/production/edge-2/nginx.conf").read_text()
    assert penstock("render", "--output", "out").stdout == ""
    assert penstock("render", "--check", "--output", "out").code == 0
    Path("values/instances/edge-2.yaml").write_text("listen_port: 8089\n")
    Path("penstock.toml").write_text(SETTINGS + GROUPS.replace('"edge-1", ', ""))
    differing = penstock("render", "--check", "--output", "out")
    assert differing.code == 1
    assert differing.stdout.splitlines() == [
        "gone production/edge-1/nginx.conf",
        "changed production/edge-2/nginx.conf",
    ]
    assert penstock("render", "--output", "out").stdout == differing.stdout
    assert not Path("out/production/edge-1/nginx.conf").exists()
    assert penstock("render", "--check", "--output", "out").code == 0


@pytest.mark.parametrize("when", ["before the first render", "after it"])
def test_somebodys_file_is_not_overwritten(when: str) -> None:
    """Neither a file that was there, nor one that was edited since; and nothing else is written then."""
    if when == "after it":
        penstock("render", "--output", "out")
    mine = Path("out/production/edge-2/nginx.conf")
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text("# mine\n")
    Path("values/base.yaml").write_text("listen_port: 9090\n")
    end = penstock("render", "--output", "out")
    assert (end.code, end.stdout) == (1, "")
    assert "out/production/edge-2/nginx.conf is in the way" in end.stderr
    assert mine.read_text() == "# mine\n"
    assert not any("9090" in path.read_text() for path in Path("out").rglob("*.conf"))


def test_a_record_cannot_lead_out_of_the_folder() -> None:
    """Names in it are checked before anything is removed."""
    Path("out").mkdir()
    Path("victim").write_text("")
    Path("out/.penstock-render.json").write_text(json.dumps({"../victim": "e3b0c44298fc1c149afbf4c8996fb924"}))
    assert penstock("render", "--output", "out").code == 2
    assert Path("victim").exists()
