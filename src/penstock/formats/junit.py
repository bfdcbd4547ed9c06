"""JUnit's XML: a suite for each file, a case for each rule that found something there.

A case fails where the gate blocks, as the exit code does; what only warns is written to the case's `system-out`.
"""

from __future__ import annotations

from html import escape
from posixpath import normpath
from typing import TYPE_CHECKING

from penstock.formats._findings import is_rendered, name, rows, visible
from penstock.formats._places import place_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from penstock.formats import About
    from penstock.formats._findings import Row
    from penstock.model import FileSet, Report


def present(reports: Sequence[tuple[FileSet, Report]], about: About) -> str:  # noqa: ARG001 - a format takes both
    """Every file that was read is a suite; one without findings has a single case, which passes.

    What a template made is no file here: the template is, where something was found in it.
    """
    suites: dict[str, dict[str, list[Row]]] = {}
    for row in rows(reports):
        if row.verdict.suppressed is None:
            suites.setdefault(place_of(row).path, {}).setdefault(row.verdict.rule, []).append(row)
    for files, _ in reports:
        for path in files.files:
            if not is_rendered(files, path):
                suites.setdefault(normpath(name(files, path)), {})
    broken = sorted({pair for _, report in reports for pair in report.broken_rules})
    body = "".join(_suite(path, suites[path]) for path in sorted(suites))
    if broken:
        cases = "".join(
            f'    <testcase classname="penstock" name="{escape(rule)}">\n'
            f'      <error message="{escape(visible(why))}"/>\n    </testcase>\n'
            for rule, why in broken
        )
        body += (
            f'  <testsuite name="penstock" tests="{len(broken)}" failures="0" errors="{len(broken)}">\n'
            f"{cases}  </testsuite>\n"
        )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="penstock">\n{body}</testsuites>\n'


def _suite(path: str, by_rule: Mapping[str, Sequence[Row]]) -> str:
    file = escape(visible(path))
    failures = sum(any(row.blocking for row in found) for found in by_rule.values())
    cases = "".join(_case(file, rule, found) for rule, found in by_rule.items())
    if not by_rule:
        cases = f'    <testcase classname="{file}" name="penstock"/>\n'
    return (
        f'  <testsuite name="{file}" tests="{len(by_rule) or 1}" failures="{failures}" errors="0">\n'
        f"{cases}  </testsuite>\n"
    )


def _case(file: str, rule: str, found: Sequence[Row]) -> str:
    said = "\n".join(escape(f"{visible(str(place_of(row)))} {visible(row.verdict.finding.message)}") for row in found)
    worst = next((row for row in found if row.blocking), None)
    if worst is None:
        inside = f"<system-out>{said}</system-out>"
    else:
        message = escape(visible(worst.verdict.finding.message))
        inside = f'<failure type="{worst.verdict.severity.word}" message="{message}">{said}</failure>'
    return f'    <testcase classname="{file}" name="{escape(rule)}">\n      {inside}\n    </testcase>\n'
