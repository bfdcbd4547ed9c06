"""find_entries: which entry points a changed file belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.config import find_entries

FILES = {
    "a/nginx.conf": "events { }\nhttp {\n include conf.d/*.conf;\n include ../shared/x.inc;\n}",
    "a/conf.d/site.conf": "server { }",
    "b/main.conf": "stream\n{\n include ../shared/x.inc; }",
    "shared/x.inc": "gzip on;",
    "shared/unused.inc": "gzip on;",
    "broken/nginx.conf": "events {\n include near.conf",
    "broken/near.conf": "a;",
    ".git/nginx.conf": "events { }",
    "notes.conf": "# http { } in a comment\nevents = 1",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "entries"),
    [
        (["a/nginx.conf"], ["a/nginx.conf"]),
        (["a/conf.d/site.conf"], ["a/nginx.conf"]),
        (["shared/x.inc"], ["a/nginx.conf", "b/main.conf"]),
        (["a/conf.d/site.conf", "b/main.conf"], ["a/nginx.conf", "b/main.conf"]),
        (["broken/near.conf"], ["broken/nginx.conf"]),
        (["shared/unused.inc"], []),
        (["notes.conf"], []),
        (["gone.conf"], []),
        ([".git/nginx.conf"], [".git/nginx.conf"]),
    ],
)
def test_entries(changed: list[str], entries: list[str], project: Path) -> None:
    """Entry points that include a changed file, or are it; a file that belongs to none gives none."""
    found = find_entries([Path(name) for name in changed], search_root=Path())
    assert [str(path) for path in found] == entries


def test_known_entries_come_first(project: Path) -> None:
    """Where the project's own entry points account for the files, nothing else is looked for."""
    known = [Path("b/main.conf"), Path("gone/nginx.conf")]
    assert find_entries([Path("shared/x.inc")], search_root=Path(), known=known) == (Path("b/main.conf"),)
    assert find_entries([Path("a/conf.d/site.conf")], search_root=Path(), known=known) == (Path("a/nginx.conf"),)


def test_absolute_includes_need_the_mapping(project: Path) -> None:
    """An entry whose includes are absolute is found through the folder that they are mapped to."""
    (project / "a" / "nginx.conf").write_text("events { }\ninclude /etc/nginx/conf.d/*.conf;")
    changed = [Path("a/conf.d/site.conf")]
    assert find_entries(changed, search_root=Path()) == ()
    assert find_entries(changed, search_root=Path(), mapping={"/etc/nginx": "a"}) == (Path("a/nginx.conf"),)
