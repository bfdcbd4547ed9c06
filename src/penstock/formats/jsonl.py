"""Findings for programs that read line by line: an object for each, as in `json`, and the summary last.

Every object has `type`: "finding" or "summary". Without a summary at the end the output was cut off.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from penstock.formats.json import document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.formats import About
    from penstock.model import FileSet, Report


def present(reports: Sequence[tuple[FileSet, Report]], about: About) -> str:
    """One line each; the summary has every key of the `json` form but `findings`."""
    whole = document(reports, about)
    lines = [json.dumps({"type": "finding", **finding}) for finding in whole.pop("findings")]
    lines.append(json.dumps({"type": "summary", **whole}))
    return "".join(f"{line}\n" for line in lines)
