"""The nouns: frozen types that flow from step to step. Standard library only, no effects.

    FileSet --parse--> Config --analyse--> Report --gate--> Accepted --plan/stage/publish--> Outcome

Paths of configuration files are the names that nginx on the *target* uses: absolute, POSIX, normalised.
Where a file was read from, or which template made it, is beside it in `FileSet.origins`, for messages only.
"""

from penstock.model.files import FileSet, Origin
from penstock.model.fleet import EXIT_CODES, Base, Group, Instance, LiveConfig, Outcome, Result, State
from penstock.model.text import Source, Span, Word
from penstock.model.tree import Comment, Config, Directive, Problem
from penstock.model.verdicts import Accepted, Edit, Finding, Report, Severity, Verdict

__all__ = [
    "EXIT_CODES",
    "Accepted",
    "Base",
    "Comment",
    "Config",
    "Directive",
    "Edit",
    "FileSet",
    "Finding",
    "Group",
    "Instance",
    "LiveConfig",
    "Origin",
    "Outcome",
    "Problem",
    "Report",
    "Result",
    "Severity",
    "Source",
    "Span",
    "State",
    "Verdict",
    "Word",
]
