"""`make bench`: each figure beside its yardstick, taken in the same run on this machine.

A goal that is missed is said, and the exit code is 1.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.history import Entry, Journal
from penstock.model import Outcome, State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PYTHON = sys.executable
PENSTOCK = str(Path(PYTHON).with_name("penstock"))
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ratio and limit_ms are goals; None where there is none."""

    what: str
    seconds: float
    yardstick: str = ""
    yardstick_seconds: float = 0.0
    most_ratio: float | None = None
    most_ms: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times the yardstick."""
        return self.seconds / self.yardstick_seconds if self.yardstick_seconds else None

    @property
    def met(self) -> bool:
        """Whether each goal of the row is met."""
        slow = self.most_ms is not None and self.most_ms < self.seconds * 1000
        far = self.most_ratio is not None and self.ratio is not None and self.most_ratio < self.ratio
        return not slow and not far

    def __str__(self) -> str:
        beside = f"{self.ratio:5.2f}x {self.yardstick} ({self.yardstick_seconds * 1000:.0f} ms)" if self.ratio else ""
        goals = [
            f"at most {self.most_ratio}x" if self.most_ratio else "",
            f"under {self.most_ms:.0f} ms" if self.most_ms else "",
        ]
        goal = " and ".join(filter(None, goals))
        verdict = f"goal {goal}: {'met' if self.met else 'MISSED'}" if goal else ""
        return f"{self.what:<58} {self.seconds * 1000:8.1f} ms  {beside:<50} {verdict}"


def middle(repeats: int, action: Callable[[], object]) -> float:
    """The median of the seconds that the action takes."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def command(*words: str, cwd: Path, allowed: Sequence[int] = (0,)) -> Callable[[], None]:
    """An action that runs a command and fails loudly when it ends otherwise than allowed."""

    def run() -> None:
        end = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
        if end.returncode not in allowed:
            raise SystemExit(
                f"{' '.join(words)} ended with {end.returncode}:\n{end.stdout[-2000:]}{end.stderr[-2000:]}"
            )

    return run


def big_config(folder: Path) -> Path:
    """A config of about 1 MB that nginx accepts: many servers, as in a hosting company."""
    head = (
        f"pid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{}}\nhttp {{\n    access_log off;\n"
        f"    server_tokens off;\n    server_names_hash_max_size 65536;\n    server_names_hash_bucket_size 128;\n"
    )
    servers = []
    size = 0
    while size < MEGABYTE:
        n = len(servers)
        text = f"""
    # shop {n}
    upstream shop_{n} {{
        server 127.0.0.1:{20000 + n % 20000} max_fails=3 fail_timeout=10s;
        server 127.0.0.2:{20000 + n % 20000} backup;
        keepalive 16;
    }}
    server {{
        listen 127.0.0.1:18080;
        server_name shop{n}.example.org www.shop{n}.example.org;
        root /srv/www/shop{n};
        location / {{
            proxy_pass http://shop_{n};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_read_timeout 30s;
        }}
        location ~* "\\.(?:css|js|png|jpg|svg|woff2)$" {{
            expires 7d;
            add_header Cache-Control "public";
        }}
        location = /health {{ return 200 "ok\\n"; }}
    }}
"""
        servers.append(text)
        size += len(text)
    path = folder / "nginx.conf"
    path.write_text(head + "".join(servers) + "}\n")
    return path


def check_rows(work: Path) -> list[Row]:
    """`check` on 1 MB and on one small file."""
    big = big_config(work)
    small = work / "small.conf"
    small.write_text(
        "events {}\nhttp {\n    server_tokens off;\n"
        "    server {\n        listen 8080 default_server;\n        return 404;\n    }\n}\n"
    )
    ours = middle(
        5,
        command(
            PENSTOCK,
            "check",
            "--profile",
            "all",
            "--fail-on",
            "error",
            str(big),
            cwd=work,
            allowed=(0, 1),
        ),
    )
    parse = f"import crossplane; crossplane.parse({str(big)!r})"
    theirs = middle(5, command(PYTHON, "-c", parse, cwd=work))
    native = middle(5, command(shutil.which("nginx") or "/usr/sbin/nginx", "-t", "-q", "-c", str(big), cwd=work))
    cold = middle(21, command(PENSTOCK, "check", str(small), cwd=work))
    bare = middle(21, command(PYTHON, "-c", "import click, crossplane", cwd=work))
    return [
        Row("penstock check, 1 MB, all rules", ours, "crossplane parse", theirs, most_ratio=2.0),
        Row("penstock check, 1 MB, all rules", ours, "nginx -t", native),
        Row(
            "penstock check, one small file, cold", cold, "import click, crossplane", bare, most_ratio=2.5, most_ms=150
        ),
    ]


def history_row(work: Path) -> Row:
    """One commit that changes one file, into a repository of 10,000 files."""
    entry = {"author": "Bench <bench@example.org>", "message": "bench", "target": "bench", "outcome": Outcome.ACTIVE}
    with Journal(work / "history.git") as journal:
        fleet = {f"edge-{n}": {f"conf.d/{m}.conf": b"# %d %d\n" % (n, m) for m in range(100)} for n in range(100)}
        journal.record(
            Entry(**entry, when=datetime.now(UTC), plan="0" * 64, results=dict.fromkeys(fleet, State.ACTIVE)), fleet
        )
        count = iter(range(1, 1000))

        def commit() -> None:
            n = next(count)
            files = fleet["edge-7"] | {"conf.d/7.conf": b"# changed %d\n" % n}
            journal.record(
                Entry(**entry, when=datetime.now(UTC), plan=f"{n:064d}", results={"edge-7": State.ACTIVE}),
                {"edge-7": files},
            )

        ours = middle(15, commit)
    plain = work / "plain"
    subprocess.run(["git", "init", "-q", str(plain)], check=True)
    for name, files in fleet.items():
        for path, data in files.items():
            file = plain / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    subprocess.run(["git", "-C", str(plain), "add", "-A"], check=True)
    identity = ["-c", "user.name=Bench", "-c", "user.email=bench@example.org"]
    subprocess.run(["git", "-C", str(plain), *identity, "commit", "-qm", "first"], check=True)

    def git_commit() -> None:
        (plain / "edge-7/conf.d/7.conf").write_text(f"# changed {next(count)}\n")
        subprocess.run(["git", "-C", str(plain), *identity, "commit", "-qam", "next"], check=True)

    return Row("one history commit into 10,000 files", ours, "git commit -a", middle(15, git_commit), most_ms=50)


def publish_row(work: Path) -> Row:
    """One publish to three instances, end to end, against three bare reloads."""
    end = subprocess.run(
        [PYTHON, "-m", "penstock", "demo", "--folder", str(work / "demo"), "--only-publish"],
        capture_output=True,
        text=True,
        check=False,
    )
    if end.returncode:
        raise SystemExit(f"the publish of the benchmark ended with {end.returncode}:\n{end.stdout}{end.stderr}")
    figures = dict(line.split("=", 1) for line in end.stdout.splitlines() if "=" in line)
    return Row(
        "one publish to 3 instances, end to end, proven",
        float(figures["publish_s"]),
        "nginx -t and reload, one after the other, unproven",
        float(figures["reload_s"]),
    )


def main() -> int:
    """Print the table; 1 when a goal is missed."""
    # As pip installs it, Penstock is compiled once; a switch that keeps Python from that would measure the compiler.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="penstock-bench-") as folder:
        work = Path(folder)
        rows = [*check_rows(work), history_row(work), publish_row(work)]
    for row in rows:
        print(row)
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
