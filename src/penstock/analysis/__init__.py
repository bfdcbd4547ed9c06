"""The rule API, the engine, policies, suppressions, profiles and the gate.

Rules are handed in and found elsewhere (`penstock.rules.registry`); this package imports none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.engine import analyse
from penstock.analysis.examples import Example, examples
from penstock.analysis.policy import compile_policy
from penstock.analysis.profile import PROFILES, Profile
from penstock.model import Accepted

if TYPE_CHECKING:
    from penstock.model import FileSet, Report

__all__ = ["PROFILES", "Example", "Profile", "accept", "analyse", "compile_policy", "examples"]


def accept(files: FileSet, report: Report) -> Accepted:
    """The files as accepted by this report. Raises Refused where anything speaks against them."""
    return Accepted(files, report)
