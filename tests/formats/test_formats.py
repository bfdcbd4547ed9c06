"""The report formats: golden files for a zoo of findings, and the properties that hold for any text."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.formats import FORMATS, About, summary
from penstock.model import Edit, FileSet, Finding, Origin, Report, Severity, Source, Span, Verdict

GOLDEN = Path(__file__).parent / "golden"
ABOUT = About(nginx_version="1.31.4", profile="default", rules=34, width=80)

FILES = {
    "/etc/nginx/nginx.conf": b"events {}\nhttp {\n\tinclude\tconf.d/*.conf;\n}\n",
    "/etc/nginx/conf.d/app.conf": b"server {\n    listen 80 80;\n    server_name a.example;\n    root /a;\n}\n",
    "/etc/nginx/conf.d/wide.conf": "server_name \u6771\u4eac.example e\u0301t\u00e9.example bad;\n".encode(),
    "/etc/nginx/conf.d/long.conf": b"map $a $b { default " + b"x" * 200 + b" BAD " + b"y" * 200 + b"; }\n",
    "/etc/nginx/conf.d/bytes.conf": b"add_header X caf\xe9\x1b[31m\r\n",
    "/etc/nginx/conf.d/made.conf": b"server {\n    listen 8080;\n}\n",
}
ORIGINS = {
    **{path: Origin(path.removeprefix("/etc/")) for path in FILES},
    "/etc/nginx/conf.d/made.conf": Origin(
        "templates/app/made.conf.j2",
        (
            ("templates/app/made.conf.j2", 1, ""),
            ("templates/app/made.conf.j2", 12, "listen_port = 8080, values/base.yaml:3"),
            ("templates/app/made.conf.j2", 13, ""),
        ),
    ),
}
FILE_SET = FileSet("/etc/nginx", "/etc/nginx/nginx.conf", FILES, ORIGINS)


def at(name: str, words: str) -> Span:
    """Where the words stand in a file; the end of the file for no words."""
    path = f"/etc/nginx/{name}"
    source = Source(path, FILES[path].decode("utf-8", "surrogateescape"))
    start = source.text.index(words) if words else len(source.text)
    return source.span(start, start + len(words))


def verdict(severity: Severity, rule: str, finding: Finding, suppressed: str | None = None) -> Verdict:
    """A verdict, in the order that reads best here."""
    return Verdict(rule, severity, finding, suppressed)


ZOO = (
    verdict(
        Severity.ERROR,
        "syntax/wrong-argument-count",
        Finding(
            at("conf.d/app.conf", "80 80"),
            'two ports in one "listen"',
            hint="Write one listen for each port.",
            related=((at("nginx.conf", "include\tconf.d/*.conf"), "included here"),),
            fix=(Edit(at("conf.d/app.conf", " 80"), ""),),
        ),
    ),
    verdict(Severity.WARNING, "style/tabs", Finding(at("nginx.conf", "conf.d"), "a pattern after a tab")),
    verdict(Severity.INFO, "names/idn", Finding(at("conf.d/wide.conf", "bad"), "under the third name")),
    verdict(Severity.INFO, "names/idn", Finding(at("conf.d/wide.conf", "\u6771\u4eac"), "four columns wide")),
    verdict(Severity.ERROR, "style/long", Finding(at("conf.d/long.conf", "BAD"), "in the middle of a long line")),
    verdict(Severity.ERROR, "style/long", Finding(at("conf.d/long.conf", "map"), "at its beginning")),
    verdict(
        Severity.WARNING, "text/bytes", Finding(at("conf.d/bytes.conf", "caf"), "before a byte and an \x1b[31mescape")
    ),
    verdict(Severity.ERROR, "syntax/end", Finding(at("conf.d/bytes.conf", ""), "where the file ends")),
    verdict(
        Severity.ERROR,
        "syntax/block",
        Finding(at("conf.d/app.conf", FILES["/etc/nginx/conf.d/app.conf"].decode()), "more than a line"),
    ),
    verdict(Severity.ERROR, "network/port", Finding(at("conf.d/made.conf", "8080"), "a value of a template")),
    verdict(Severity.ERROR, "files/missing", Finding(Span("/etc/nginx/gone.conf", 1), "a file that was not read")),
    verdict(
        Severity.ERROR, "names/root", Finding(at("conf.d/app.conf", "root /a"), "but a reason was given"), "legacy app"
    ),
)
REPORT = Report(FILE_SET.digest, ZOO, broken_rules=(("x/broken", "KeyError: 'x'"),))


@pytest.mark.parametrize("name", [*FORMATS, "text-in-colour"])
def test_the_zoo_is_golden(name: str) -> None:
    """Every shape of finding, in every format, byte by byte."""
    about = ABOUT._replace(color=name == "text-in-colour")
    shown = FORMATS[name.removesuffix("-in-colour")]([(FILE_SET, REPORT)], about)
    golden = GOLDEN / f"zoo.{name}"
    if os.environ.get("PENSTOCK_UPDATE_GOLDEN"):
        golden.write_text(shown)
    assert shown == golden.read_text()


def test_the_formats_are_the_files() -> None:
    """Sorted by name, and nothing else is one."""
    assert list(FORMATS) == [
        "checkstyle",
        "github",
        "gitlab",
        "json",
        "jsonl",
        "junit",
        "markdown",
        "rdjson",
        "sarif",
        "text",
    ]
    assert len(FORMATS) == 10
    with pytest.raises(KeyError):
        FORMATS["_findings"]


@pytest.mark.parametrize("name", FORMATS)
def test_two_entries_that_share_a_file_report_it_once(name: str) -> None:
    """The same finding through two configurations is one finding."""
    once = FORMATS[name]([(FILE_SET, REPORT)], ABOUT)
    assert FORMATS[name]([(FILE_SET, REPORT), (FILE_SET, REPORT)], ABOUT) == once


SUMMARIES = {
    "all kinds": (ZOO, "7 errors, 2 warnings, 2 notes in 6 files, 1 suppressed"),
    "one": (ZOO[1:2], "1 warning in 6 files"),
    "none": ((), "No findings in 6 files (nginx 1.31.4, 34 rules)"),
    "suppressed alone": (ZOO[-1:], "No findings in 6 files (nginx 1.31.4, 34 rules, 1 suppressed)"),
}


@pytest.mark.parametrize("case", SUMMARIES)
def test_the_last_line_counts(case: str) -> None:
    """Open findings by severity, worst first, or what was clean and by what it was measured."""
    verdicts, line = SUMMARIES[case]
    assert summary([(FILE_SET, Report(FILE_SET.digest, verdicts))], ABOUT) == line


def test_json_blocks_what_the_gate_blocks() -> None:
    """`blocking` is the report's own judgement, at its own fail_on."""
    report = Report(FILE_SET.digest, ZOO, fail_on=Severity.WARNING)
    document = json.loads(FORMATS["json"]([(FILE_SET, report)], ABOUT))
    blocking = {(row["rule"], row["line"]) for row in document["findings"] if row["blocking"]}
    assert blocking == {(found.rule, found.finding.span.line) for found in report.blocking}
    assert document["summary"]["blocking"] == len(report.blocking)


def config_of(data: bytes) -> FileSet:
    """A configuration of one file."""
    return FileSet("/n", "/n/n.conf", {"/n/n.conf": data}, {"/n/n.conf": Origin("n.conf")})


@given(data=st.binary(max_size=300), ends=st.tuples(st.integers(0, 300), st.integers(0, 300)), width=st.integers(0, 90))
def test_any_span_of_any_bytes_can_be_shown(data: bytes, ends: tuple[int, int], width: int) -> None:
    """Nothing that a file holds reaches the terminal as a control, and the underline stays within the line."""
    files = config_of(data)
    source = Source("/n/n.conf", data.decode("utf-8", "surrogateescape"))
    start, end = sorted(min(offset, len(source.text)) for offset in ends)
    found = verdict(Severity.ERROR, "a/b", Finding(source.span(start, end), "here"))
    reports = [(files, Report(files.digest, (found,)))]
    shown = FORMATS["text"](reports, ABOUT._replace(width=width))
    assert all(line.isprintable() for line in shown.split("\n"))
    quoted, underline = shown.split("\n")[1:3]
    assert re.fullmatch(r" +\| *\^+", underline)
    assert len(underline) <= max(len(quoted) * 2, 8) + 1
    json.loads(FORMATS["json"](reports, ABOUT)).get("version")
    assert "\\ud8" not in FORMATS["json"](reports, ABOUT)


@given(before=st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=150), width=st.integers(26, 90))
def test_the_underline_is_under_the_words(before: str, width: int) -> None:
    """However far right the words stand and however narrow the report is."""
    text = f"{before}@@@;"
    files = config_of(text.encode())
    start = len(before)
    found = verdict(Severity.ERROR, "a/b", Finding(Source("/n/n.conf", text).span(start, start + 3), "here"))
    lines = FORMATS["text"]([(files, Report(files.digest, (found,)))], ABOUT._replace(width=width)).split("\n")
    column = lines[2].index("^")
    assert lines[1][column : column + 3] == "@@@"
    assert len(lines[1]) <= width
