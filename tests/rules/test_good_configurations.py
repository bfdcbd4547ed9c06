"""What is well written is left alone: no error and no warning in the default profile."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from penstock.analysis import Profile, analyse
from penstock.config import load_path, parse
from penstock.model import Severity
from penstock.rules.registry import load_rules

GOOD = sorted(Path(__file__).with_name("good").glob("*.conf"))


def alarms(path: Path) -> list[str]:
    """The errors and warnings that the default profile gives for a configuration on this disk."""
    report = analyse(parse(load_path(path)), load_rules(), Profile())
    assert not report.broken_rules
    return [
        f"{each.finding.span.line}: {each.rule}: {each.finding.message}"
        for each in report.verdicts
        if Severity.WARNING <= each.severity
    ]


@pytest.mark.nginx
@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_raises_no_alarm_over_a_good_configuration(path: Path, tmp_path: Path) -> None:
    """The shipped default, a hardened static site, WordPress, Mozilla's TLS, an application: silence."""
    entry = tmp_path / "nginx.conf"
    entry.write_text(path.read_text().replace("/etc/nginx/mime.types", "mime.types"))
    (tmp_path / "mime.types").write_text("types { text/html html; application/json json; return ret; }\n")
    assert alarms(entry) == []


@pytest.mark.nginx
@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_the_good_configurations_are_what_nginx_takes(path: Path, tmp_path: Path, certificate: Path) -> None:
    """Silence over what nginx refuses would prove nothing."""
    for name in ("example.crt", "example.key"):
        shutil.copy(certificate / name, tmp_path / name)
    (tmp_path / "logs").mkdir()
    entry = tmp_path / "nginx.conf"
    text = path.read_text().replace("pid /run/nginx.pid;", "").replace("/var/log/nginx/", f"{tmp_path}/logs/")
    entry.write_text(text.replace("/tmp/penstock-test", f"{tmp_path}/cache"))
    command = ["nginx", "-t", "-q", "-p", str(tmp_path), "-c", str(entry), "-e", "stderr", "-g", f"pid {tmp_path}/pid;"]
    end = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert end.returncode == 0, end.stderr


@pytest.mark.nginx
def test_raises_no_alarm_over_this_machines_nginx() -> None:
    """What the distribution installs, its default site included."""
    if not Path("/etc/nginx/nginx.conf").exists():
        pytest.skip("there is no /etc/nginx here")
    assert alarms(Path("/etc/nginx/nginx.conf")) == []
