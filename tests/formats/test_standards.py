"""What the standards ask of the formats that have one, on the zoo of findings and on hostile text."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from penstock.formats import FORMATS, sarif
from penstock.model import FileSet, Finding, Origin, Report, Severity, Source, Verdict
from tests.formats.test_formats import ABOUT, FILE_SET, REPORT

if TYPE_CHECKING:
    from collections.abc import Sequence

REPORTS = [(FILE_SET, REPORT)]
OPEN = len(REPORT.open)


def finding_at(text: str, words: Sequence[str], message: str = "m") -> tuple[FileSet, Report]:
    """A file with a finding at the n-th occurrence of each word."""
    files = FileSet("/n", "/n/n.conf", {"/n/n.conf": text.encode()}, {"/n/n.conf": Origin("n.conf")})
    source = Source("/n/n.conf", text)
    verdicts, start = [], 0
    for word in words:
        start = text.index(word, start)
        span = source.span(start, start + len(word))
        verdicts.append(Verdict("a/b", Severity.ERROR, Finding(span, message)))
        start += 1
    return files, Report(files.digest, tuple(verdicts))


def fingerprints(report: tuple[FileSet, Report]) -> list[str]:
    return [row["fingerprint"] for row in json.loads(FORMATS["gitlab"]([report], ABOUT))]


def test_a_fingerprint_survives_lines_added_above_and_a_better_message() -> None:
    before = fingerprints(finding_at("a;\nbad;\n", ["bad"]))
    assert fingerprints(finding_at("a;\n\n# new\n\n  bad;\n", ["bad"], "said better")) == before
    assert fingerprints(finding_at("a;\nbad x;\n", ["bad"])) != before


def test_repeats_in_one_file_have_fingerprints_of_their_own() -> None:
    assert len(set(fingerprints(finding_at("bad;\nbad;\nbad;\n", ["bad"] * 3)))) == 3


def test_gitlab_has_the_keys_that_gitlab_asks_for() -> None:
    rows = json.loads(FORMATS["gitlab"](REPORTS, ABOUT))
    assert len(rows) == OPEN
    for row in rows:
        assert row["description"]
        assert row["check_name"]
        assert row["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert row["location"]["path"]
        assert 1 <= row["location"]["lines"]["begin"]
    assert len({row["fingerprint"] for row in rows}) == OPEN


def test_sarif_is_what_2_1_0_and_code_scanning_ask_for() -> None:
    document = json.loads(FORMATS["sarif"](REPORTS, ABOUT))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert len(run["results"]) == len(REPORT.verdicts)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"]
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        location = result["locations"][0]["physicalLocation"]
        uri = location["artifactLocation"]["uri"]
        assert ("uriBaseId" in location["artifactLocation"]) != uri.startswith("file:///")
        region = location["region"]
        start = (region["startLine"], region.get("startColumn", 1))
        assert (1, 1) <= start <= (region.get("endLine", start[0]), region.get("endColumn", start[1]))
    assert [s for r in run["results"] for s in r.get("suppressions", [])] == [
        {"kind": "inSource", "justification": "legacy app"}
    ]
    assert run["invocations"][0]["executionSuccessful"] is False  # a rule broke


def test_sarif_leaves_out_the_least_severe_and_says_so() -> None:
    files, report = finding_at("bad;\n", ["bad"])
    span = report.verdicts[0].finding.span
    many = tuple(
        Verdict("a/b", Severity.INFO if at < 10 else Severity.ERROR, Finding(span, f"number {at}"))
        for at in range(sarif.MOST + 5)
    )
    (run,) = json.loads(FORMATS["sarif"]([(files, Report(files.digest, many))], ABOUT))["runs"]
    assert len(run["results"]) == sarif.MOST
    assert sum(result["level"] == "note" for result in run["results"]) == 5
    assert "5 of 25005 findings" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


HOSTILE = "a <b> & \"c\" 'd' ]]> \x1b[31m \x00 :: % , | ` @all"


def test_xml_stays_xml_whatever_a_message_says() -> None:
    report = finding_at("bad;\n", ["bad"], HOSTILE)
    shown = HOSTILE.replace("\x1b", "\ufffd").replace("\x00", "\ufffd")
    error = ET.fromstring(FORMATS["checkstyle"]([report], ABOUT)).find("file/error")
    assert error is not None
    assert error.get("message") == shown
    failure = ET.fromstring(FORMATS["junit"]([report], ABOUT)).find("testsuite/testcase/failure")
    assert failure is not None
    assert failure.get("message") == shown


def test_junit_counts_what_it_holds_and_fails_what_blocks() -> None:
    root = ET.fromstring(FORMATS["junit"](REPORTS, ABOUT))
    for suite in root:
        assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
    blocking = {verdict.rule for verdict in REPORT.blocking}
    assert {case.get("name") for case in root.iter("testcase") if case.find("failure") is not None} == blocking


def test_a_workflow_command_is_one_line_and_no_message_begins_another() -> None:
    shown = FORMATS["github"]([finding_at("bad;\n", ["bad"], "x%\n::stop-commands::y")], ABOUT)
    assert shown.count("\n") == 1
    assert re.match(r"::error file=n\.conf,line=1,endLine=1,col=1,endColumn=4,title=a/b::n\.conf:1:1 a/b x%25", shown)


def test_rdjson_counts_bytes() -> None:
    report = finding_at("\u6771\u4eac bad;\n", ["bad"])
    (diagnostic,) = json.loads(FORMATS["rdjson"]([report], ABOUT))["diagnostics"]
    assert diagnostic["location"]["range"] == {"start": {"line": 1, "column": 8}, "end": {"line": 1, "column": 11}}


def test_jsonl_holds_what_json_holds() -> None:
    whole = json.loads(FORMATS["json"](REPORTS, ABOUT))
    *found, last = map(json.loads, FORMATS["jsonl"](REPORTS, ABOUT).splitlines())
    assert found == [{"type": "finding", **finding} for finding in whole.pop("findings")]
    assert last == {"type": "summary", **whole}


def test_no_message_breaks_out_of_its_cell() -> None:
    table = FORMATS["markdown"]([finding_at("bad;\n", ["bad"], "a | b `c | d` <img> @all")], ABOUT)
    assert table.splitlines()[-1].endswith(r"| a \| b `c \| d` \<img\> \@all |")
