"""Which configurations the paths of a command line mean."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from penstock.cli.selection import named
from penstock.errors import NotFound
from penstock.settings.load import load_settings

FILES = {
    "nginx/nginx.conf": "events {}\nhttp { include conf.d/*.conf; }\n",
    "nginx/conf.d/app.conf": "server { include snippets/tls.conf; }\n",
    "nginx/conf.d/other.conf": "server { }\n",
    "nginx/snippets/tls.conf": "ssl_protocols TLSv1.3;\n",
    "mail/mail.conf": "events {}\nmail { }\n",
    "loose/maps.conf": "map $a $b { default 1; }\n",
    "loose/headers.conf": "proxy_set_header Host $host;\nproxy_pass http://x;\n",
    "loose/peers.conf": "server 127.0.0.1:80 weight=2;\nkeepalive 3;\n",
    "notes/readme.txt": "hello\n",
}


@pytest.fixture(autouse=True)
def _project(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)


def entries(*paths: str, settings: str = "") -> list[str]:
    """The entries that the paths mean, as a report would name them."""
    if settings:
        Path("penstock.toml").write_text(settings)
    found = named([Path(path) for path in paths], load_settings(Path.cwd(), {}), mapping={})
    return [config.files.label(config.files.entry) for config in found]


CASES: dict[str, tuple[list[str], list[str]]] = {
    "an entry": (["nginx/nginx.conf"], ["nginx/nginx.conf"]),
    "an entry twice": (["nginx/nginx.conf", "./nginx/nginx.conf"], ["nginx/nginx.conf"]),
    "a folder with nginx.conf": (["nginx"], ["nginx/nginx.conf"]),
    "a folder with another main file": (["mail"], ["mail/mail.conf"]),
    "a fragment": (["nginx/conf.d/app.conf"], ["nginx/nginx.conf"]),
    "a fragment of a fragment": (["nginx/snippets/tls.conf"], ["nginx/nginx.conf"]),
    "two fragments of one entry": (["nginx/conf.d/app.conf", "nginx/conf.d/other.conf"], ["nginx/nginx.conf"]),
    "an entry and its fragment": (["nginx/nginx.conf", "nginx/conf.d/app.conf"], ["nginx/nginx.conf"]),
    "a fragment of nobody": (["loose/maps.conf"], ["<around loose/maps.conf>"]),
    "two of nobody": (
        ["loose/maps.conf", "loose/headers.conf"],
        ["<around loose/maps.conf>", "<around loose/headers.conf>"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_paths_mean_entries(case: str) -> None:
    """A path stands for the configurations that nginx would read it in."""
    paths, expected = CASES[case]
    assert sorted(entries(*paths)) == sorted(expected)


def test_the_projects_entries_are_asked_first(tmp_path: Path) -> None:
    """A main file with another name than *.conf is found when the project names it."""
    (tmp_path / "main.nginx").write_text("events {}\nhttp { include loose/maps.conf; }\n")
    assert entries("loose/maps.conf", settings='[check]\nentries = ["main.nginx"]\n') == ["main.nginx"]


AROUND = {
    "loose/maps.conf": "http",
    "loose/headers.conf": "location",
    "loose/peers.conf": "upstream",
    "nginx/conf.d/other.conf": "http",
    "nginx/snippets/tls.conf": "http",
}


@pytest.mark.parametrize("path", AROUND)
def test_a_fragment_of_nobody_stands_where_it_belongs(path: str, tmp_path: Path) -> None:
    """It is read inside the blocks in which its directives may stand."""
    (tmp_path / "nginx/nginx.conf").unlink()
    (config,) = named([Path(path)], load_settings(Path.cwd(), {}), mapping={})
    (include,) = (directive for directive in config.walk() if directive.name == "include" and path in directive.args[0])
    assert include.parent is not None
    assert include.parent.name == AROUND[path]


def test_a_missing_file_is_named_with_its_neighbour() -> None:
    """The nearest name in the same folder is the hint."""
    with pytest.raises(NotFound, match=r"there is no file nginx/ngnix.conf\n  Did you mean nginx/nginx.conf\?"):
        entries("nginx/ngnix.conf")


def test_a_folder_without_a_main_file_is_named() -> None:
    """A folder of something else is a mistake, and no clean result."""
    with pytest.raises(NotFound, match="notes holds no main configuration file"):
        entries("notes")


def test_a_symbolic_link_is_the_file(tmp_path: Path) -> None:
    """sites-enabled links into sites-available: the named file may be either."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "nginx/conf.d/linked.conf").symlink_to(tmp_path / "loose/maps.conf")
    assert entries(os.path.relpath(tmp_path / "loose/maps.conf")) == ["nginx/nginx.conf"]
