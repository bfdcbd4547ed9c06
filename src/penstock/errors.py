"""The error tree: what the world or the request did wrong.

What a *user wrote* wrong in a config is data (a Problem or a Finding), never an exception.

    PenstockError                 exit code
    |- UsageError                 2    the request, the settings or a credential is wrong; nothing was attempted
    |  |- SettingsError           2    penstock.toml
    |  |- CredentialError         2    nobody to be, or not believed (401, 403)
    |  |- NotFound                2    a target, instance, revision or file that is not there
    |  `- MissingExtra            2    a part of Penstock that is not installed
    |- Refused                    1    what was handed in does not pass: a template, a value, a gate
    |- Conflict                   4    somebody moved it: a stale plan, a held lock (409, 412, 423)
    |- Unreachable                5    no answer, or a request to come back later, before anything was changed
    `- StateUnknown               8    we cannot say what runs

Each message is a sentence that names the object, what was tried and the way out.
No secret ever stands in one.
"""

from __future__ import annotations


class PenstockError(Exception):
    """The root of every error that Penstock raises on purpose; `exit_code` is the command line's answer to it."""

    exit_code = 70

    def __init__(self, message: str, *, way_out: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.way_out = way_out

    def __str__(self) -> str:
        return f"{self.message}\n  {self.way_out}" if self.way_out else self.message


class UsageError(PenstockError):
    """The request cannot be carried out as asked; nothing was attempted."""

    exit_code = 2


class SettingsError(UsageError):
    """penstock.toml, or what stands for it in the environment, is wrong."""


class CredentialError(UsageError):
    """No credential, or one that the manager does not accept."""


class NotFound(UsageError):
    """The named thing does not exist."""


class MissingExtra(UsageError):
    """A part of Penstock that is not installed; `way_out` is the command that installs it."""


class Refused(PenstockError):
    """What was handed in does not pass: a template that does not render, a gate that stays shut."""

    exit_code = 1


class Conflict(PenstockError):
    """Somebody else moved it first, or holds it: nothing was changed by us."""

    exit_code = 4


class Unreachable(PenstockError):
    """The manager gave no answer, or asked us to come back later; nothing was changed.

    retry_after_s: seconds that the manager asked for, or None.
    """

    exit_code = 5

    def __init__(self, message: str, *, way_out: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, way_out=way_out)
        self.retry_after_s = retry_after_s


class StateUnknown(PenstockError):
    """It cannot be said what the target runs; a person must look."""

    exit_code = 8
