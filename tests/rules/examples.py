"""Running an example: what a rule finds in it, and whether nginx takes it."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

from penstock.analysis import Profile, analyse
from penstock.config import load_bytes, parse

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from penstock.analysis import Example
    from penstock.analysis.rule import Rule
    from penstock.model import Report

ENTRY = "/etc/nginx/nginx.conf"


def report(text: str, rules: Sequence[Rule[Any]], profile: Profile | None = None, **files: str) -> Report:
    """What these rules find in a configuration. files: others beside the entry, by name."""
    names = {ENTRY: text.encode()} | {f"/etc/nginx/{name}.conf": more.encode() for name, more in files.items()}
    fileset = load_bytes(names, root="/etc/nginx", entry=ENTRY)
    return analyse(parse(fileset), rules, profile or Profile(name="all"))


def mismatches(rule: Rule[Any], example: Example) -> list[str]:
    """What an example wants and does not get, and what it gets and does not want."""
    found = report(example.text, [rule], Profile(name="all", nginx_version=example.nginx_version))
    faults = [f"{name} raised {why}" for name, why in found.broken_rules]
    faults += [f"{each.rule}: {each.finding.message}" for each in found.verdicts if each.rule.startswith("syntax/")]
    wanted = list(example.wants)
    for verdict in found.verdicts:
        if verdict.rule != rule.id:
            continue
        line, message = verdict.finding.span.line, verdict.finding.message
        hit = next((want for want in wanted if want[0] == line and re.search(want[1], message)), None)
        if hit is None:
            faults.append(f"line {line}: unexpected: {message}")
        else:
            wanted.remove(hit)
    return faults + [f"line {line}: missing: {want}" for line, want in wanted]


def nginx_says(text: str, folder: Path) -> str:
    """What the real nginx has against a configuration; empty when it takes it."""
    (folder / "logs").mkdir(exist_ok=True)
    head = "" if re.search(r"^\s*events\b", text, re.MULTILINE) else "events {}\n"
    entry = folder / "nginx.conf"
    entry.write_text(f"{head}{text}")
    command = [
        "nginx",
        "-t",
        "-q",
        "-p",
        str(folder),
        "-c",
        str(entry),
        "-e",
        "stderr",
        "-g",
        f"pid {folder}/nginx.pid;",
    ]
    end = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return "" if end.returncode == 0 else end.stderr
