"""The hooks as a user gets them: installed by the real pre-commit from a clone of this repository's newest commit."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
SHOP = CHECKOUT / "examples" / "shop"  # it ships with a fault, which the demonstration shows and fixes
HOOKS = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text())

MAIN = """\
worker_processes auto;
events {}
http {
    include conf.d/*.conf;
}
"""
GOOD = """\
server {
    listen 127.0.0.1:8080;
    server_name shop.example;
    location / {
        return 204;
    }
}
"""
BAD = GOOD.replace("return 204;", "retrun 204;")


class Repository:
    """A sample repository whose commits pass through pre-commit."""

    def __init__(self, folder: Path, store: Path) -> None:
        self.folder = folder
        # Git's own variables would lead to the repository of whoever runs these tests.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        self.environment = {
            **inherited,
            "PRE_COMMIT_HOME": str(store),
            "PRE_COMMIT_COLOR": "never",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "Ann",
            "GIT_AUTHOR_EMAIL": "ann@example.com",
            "GIT_COMMITTER_NAME": "Ann",
            "GIT_COMMITTER_EMAIL": "ann@example.com",
            "NO_COLOR": "1",
        }
        folder.mkdir(parents=True)
        self.run("git", "init", "--quiet")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False, timeout=600
        )

    def commit(self, files: dict[str, str]) -> tuple[int, str]:
        """(exit status, what was said) of a commit of these files."""
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)
        self.run("git", "add", "--all")
        done = self.run("git", "commit", "--message", "A change")
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    if not (CHECKOUT / ".git").exists():
        pytest.skip("this is no git checkout, so there is nothing for pre-commit to clone")
    folder = tmp_path_factory.mktemp("precommit")
    one = Repository(folder / "sample", folder / "store")
    clone = folder / "penstock"
    cloned = one.run("git", "clone", "--quiet", str(CHECKOUT), str(clone))
    assert cloned.returncode == 0, cloned.stderr
    revision = one.run("git", "-C", str(clone), "rev-parse", "HEAD").stdout.strip()
    hooks = [{"id": hook["id"]} for hook in HOOKS]
    config = {"repos": [{"repo": str(clone), "rev": revision, "hooks": hooks}]}
    (one.folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    installed = one.run(sys.executable, "-m", "pre_commit", "install", "--install-hooks")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    return one


@pytest.mark.slow
def test_a_good_commit_passes_a_bad_fragment_fails_at_its_line_and_a_fix_passes(repository: Repository) -> None:
    """The fragment alone is no configuration: the hook finds nginx.conf, which includes it, by itself."""
    status, said = repository.commit({"nginx.conf": MAIN, "conf.d/shop.conf": GOOD})
    assert status == 0, said
    assert re.search(r"check NGINX configuration\.+Passed", said)
    assert re.search(r"render and check NGINX templates\.+\(no files to check\)Skipped", said)

    status, said = repository.commit({"conf.d/shop.conf": BAD})
    assert status == 1
    assert re.search(r"check NGINX configuration\.+Failed", said)
    assert re.search(r"conf\.d/shop\.conf:5:9\b.*\berror\b.*retrun", said), said

    status, said = repository.commit({"conf.d/shop.conf": GOOD.replace("204", "200")})
    assert status == 0, said


@pytest.mark.slow
def test_a_file_of_another_shape_is_formatted_and_then_passes(repository: Repository) -> None:
    """pre-commit fails for a hook that changes files, and the next commit brings what it made of them."""
    shape = GOOD.replace("return 204;", "return 205;")
    status, said = repository.commit({"nginx.conf": MAIN, "conf.d/shop.conf": shape.replace("    ", "  ")})
    assert status == 1
    assert re.search(r"format NGINX configuration\.+Failed", said)
    assert "files were modified by this hook" in said
    assert (repository.folder / "conf.d" / "shop.conf").read_text() == shape
    status, said = repository.commit({})
    assert status == 0, said


@pytest.mark.slow
def test_a_bad_value_fails_the_render_check_and_a_fix_passes(repository: Repository) -> None:
    shop = {
        file.relative_to(SHOP).as_posix(): file.read_text().replace("location /assets {", "location /assets/ {")
        for file in SHOP.rglob("*")
        if file.is_file()
    }
    status, said = repository.commit(shop)
    assert status == 0, said
    assert re.search(r"render and check NGINX templates\.+Passed", said)

    status, said = repository.commit({"values/base.yaml": shop["values/base.yaml"] + "listen_prot: 80\n"})
    assert status == 1
    assert re.search(r"render and check NGINX templates\.+Failed", said)
    assert "listen_prot" in said

    status, said = repository.commit({"values/base.yaml": shop["values/base.yaml"] + "# fixed\n"})
    assert status == 0, said


@pytest.mark.parametrize(
    ("hook", "name", "runs"),
    [
        ("penstock-check", "nginx.conf", True),
        ("penstock-check", "etc/nginx/conf.d/a.conf", True),
        ("penstock-check", "sites/shop.nginx", True),
        ("penstock-check", "nginx.conf.md", False),
        ("penstock-check", "mime.types", False),
        ("penstock-fmt", "etc/nginx/conf.d/a.conf", True),
        ("penstock-fmt", "templates/edge/nginx.conf.j2", False),
        ("penstock-render-check", "penstock.toml", True),
        ("penstock-render-check", "templates/edge/nginx.conf.j2", True),
        ("penstock-render-check", "values/environments/production.yaml", True),
        ("penstock-render-check", "shop/values/base.yaml", True),
        ("penstock-render-check", "README.md", False),
    ],
)
def test_each_hook_runs_for_the_files_that_it_is_about(hook: str, name: str, *, runs: bool) -> None:
    pattern = next(one["files"] for one in HOOKS if one["id"] == hook)
    assert bool(re.search(pattern, name)) is runs


def test_the_hooks_say_what_pre_commit_accepts(tmp_path: Path) -> None:
    shutil.copy(CHECKOUT / ".pre-commit-hooks.yaml", tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml"],
        cwd=tmp_path,
        env={**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "store")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stdout.lower()
