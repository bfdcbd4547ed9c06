"""A tree as Debian's package lays it out, published to as a whole."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from penstock.model import State
from tests.agent.nginxes import Nginx, free_port, hammering

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.nginx

PACKAGED = Path("/etc/nginx")


@pytest.fixture
def debian(tmp_path: Path) -> Iterator[Nginx]:
    """A copy of the packaged tree with its own paths, logs and port, running."""
    if not (PACKAGED / "sites-available" / "default").exists():
        pytest.skip("no /etc/nginx of Debian's package on this machine")
    tmp_path.chmod(0o755)
    nginx = Nginx(tmp_path, free_port())
    shutil.copytree(PACKAGED, nginx.root, symlinks=True)
    for path in (nginx.conf, nginx.root / "sites-available" / "default"):
        text = path.read_text().replace("/etc/nginx/", f"{nginx.root}/").replace("/var/log/nginx", str(tmp_path))
        text = text.replace("/run/nginx.pid", f"{tmp_path}/nginx.pid").replace("[::]:80", f"[::1]:{nginx.port}")
        text = text.replace("listen 80 ", f"listen 127.0.0.1:{nginx.port} ").replace("/var/www/html", str(tmp_path))
        path.write_text(text.replace("server_name _;", "server_name _; location = / { return 200 old; }", 1))
    enabled = nginx.root / "sites-enabled" / "default"
    enabled.unlink(missing_ok=True)
    enabled.symlink_to(nginx.root / "sites-available" / "default")
    try:
        nginx.start()
        yield nginx
    finally:
        nginx.stop()


def test_the_packaged_tree_takes_a_change_and_gives_it_back(debian: Nginx) -> None:
    """Snippets, MIME types, links and modules stay as they are; the site changes and changes back, unnoticed."""
    before = debian.tree()
    site = (debian.root / "sites-available" / "default").read_bytes()
    changed = site.replace(b"return 200 old;", b"return 200 new;")
    assert changed != site
    with hammering(debian) as answers:
        assert debian.publish({"sites-enabled/default": changed}).state is State.ACTIVE
        assert debian.serves() == "new"
        assert debian.publish({"sites-enabled/default": site}).state is State.ACTIVE
    assert {"old", "new"} == set(answers)
    assert debian.tree() == before
