"""The journal in git: who published what, where and why, and the bytes of every version.

It is the door to GitPython, which is imported at the first use of a repository: `secrets_in` costs no git.
"""

from penstock.history.entries import Entry, Version
from penstock.history.journal import Journal
from penstock.history.secrets import SecretFound, secrets_in

__all__ = ["Entry", "Journal", "SecretFound", "Version", "secrets_in"]
