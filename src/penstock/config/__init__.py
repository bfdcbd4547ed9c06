"""From files to a Config: load, parse, the include graph, and facts.

`load_path` is the only function here that touches the disk (with `find_entries`, which loads); `parse` and the facts
are functions of their arguments alone.
"""

from __future__ import annotations

from penstock.config.entries import find_entries
from penstock.config.load import load_bytes, load_path
from penstock.config.parse import parse
from penstock.config.problems import PROBLEM_KINDS

__all__ = ["PROBLEM_KINDS", "find_entries", "load_bytes", "load_path", "parse"]
