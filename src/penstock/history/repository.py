"""The door to GitPython: one bare repository, its git children in an environment of ours, its objects.

GitPython starts and supervises the children; each is git plumbing, given as a list of arguments. No value of a user's
ever becomes a keyword argument of GitPython, whose security advisories are nearly all about such keywords.
Its own commit calls are not used: under concurrent writers they lose commits without a word.
"""

from __future__ import annotations

import re
import subprocess
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from penstock.errors import NotFound, PenstockError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from git import Repo

BRANCH = "refs/heads/main"

# What must not reach a git child from ours: Penstock may itself run inside a git hook, which sets most of these.
_REMOVED = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DEFAULT_HASH",
    "GIT_DIFF_OPTS",
    "GIT_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_TEMPLATE_DIR",
    "GIT_TRACE",
    "GIT_TRACE2",
    "GIT_TRACE2_EVENT",
    "GIT_TRACE2_PERF",
    "GIT_TRACE_CURL",
    "GIT_TRACE_FSMONITOR",
    "GIT_TRACE_PACKET",
    "GIT_TRACE_PACKFILE",
    "GIT_TRACE_PACK_ACCESS",
    "GIT_TRACE_PERFORMANCE",
    "GIT_TRACE_REFS",
    "GIT_TRACE_SETUP",
    "GIT_TRACE_SHALLOW",
    "GIT_WORK_TREE",
)
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "https:ssh",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
SETTINGS: Mapping[str, str] = {
    "core.fsync": "committed,reference",  # what `record` has answered for survives a power cut
    "core.hooksPath": "/dev/null",
    "core.quotePath": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.file.allow": "never",
    "receive.denyDeletes": "true",
    "receive.denyNonFastForwards": "true",
}
_READS_PER_CHILD = 10_000  # a reader's memory grows with what it has unpacked; a new one costs 3 ms


class GitFailed(PenstockError):
    """A git child that ended badly. stderr: what it said."""

    def __init__(self, what: str, stderr: str) -> None:
        super().__init__(
            f"git {what} failed: {stderr.strip()}",
            way_out="Run `penstock history verify`, and look at the disk that holds the history.",
        )
        self.stderr = stderr


@dataclass(frozen=True, slots=True)
class GitObject:
    """One object. kind: "commit", "tree" or "blob"."""

    sha: str
    kind: str
    data: bytes


class Repository:
    """One bare repository. Opening it starts no process; `close` ends every one that reading has started."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._repo: Repo | None = None
        self._reader: Any = None
        self._reads = 0
        self._mutex = threading.RLock()

    def close(self) -> None:
        """End the reading child and let go of GitPython's resources. The repository can be used again after it."""
        with self._mutex:
            self._stop_reader()
            if self._repo is not None:
                self._repo.close()
                self._repo = None

    # ------------------------------------------------------------------------------------------------ children

    def start(self, *arguments: str, pass_fds: tuple[int, ...] = ()) -> Any:
        """A git child with pipes, as GitPython's supervised process.

        pass_fds: descriptors that the child keeps open.
        """
        command = ["env", *(part for name in _REMOVED for part in ("-u", name)), "git", f"--git-dir={self.path}"]
        command += ["-c", f"safe.directory={self.path}"]
        for key, value in SETTINGS.items():
            command += ["-c", f"{key}={value}"]
        with self._mutex:
            if self._repo is None:
                self._repo = _opened(self.path)
            repo = self._repo
        return repo.git.execute([*command, *arguments], istream=subprocess.PIPE, as_process=True, pass_fds=pass_fds)

    def run(self, *arguments: str, pass_fds: tuple[int, ...] = ()) -> bytes:
        """What a git child prints. Raises GitFailed where its exit status is not 0."""
        status, out, err = self.outcome(*arguments, pass_fds=pass_fds)
        if status:
            raise GitFailed(arguments[0], err or f"it ended with the exit status {status}")
        return out

    def outcome(self, *arguments: str, pass_fds: tuple[int, ...] = ()) -> tuple[int, bytes, str]:
        """(exit status, what it printed, what it said on stderr) of a git child."""
        process = self.start(*arguments, pass_fds=pass_fds)
        out, err = process.communicate()
        return int(process.returncode), bytes(out), err.decode("utf-8", "replace")

    # ------------------------------------------------------------------------------------------------ objects

    def find(self, name: str) -> GitObject | None:
        """The object of this name (anything that gitrevisions(7) allows on one line), or None.

        Raises GitFailed where it is there and cannot be read.
        """
        with self._mutex:
            if self._reader is None or self._reads >= _READS_PER_CHILD:
                self._stop_reader()
                self._reader = self.start("cat-file", "--batch")
                self._reads = 0
            self._reads += 1
            try:
                return self._ask(name)
            except BrokenPipeError:
                raise self._reader_failed() from None
            except BaseException:
                # Ctrl-C between question and answer: the next question must not get this one's answer.
                self._reader.proc.kill()
                self._stop_reader()
                raise

    def _ask(self, name: str) -> GitObject | None:
        asked, answers = self._reader.stdin, self._reader.stdout
        asked.write(name.encode("utf-8", "surrogateescape") + b"\n")
        asked.flush()
        parts = answers.readline().split()
        if not parts:
            raise BrokenPipeError
        if parts[-1] in {b"missing", b"ambiguous"}:
            return None
        size = int(parts[2])
        data = answers.read(size + 1)
        if len(data) != size + 1:
            raise BrokenPipeError
        return GitObject(parts[0].decode("ascii"), parts[1].decode("ascii"), data[:-1])

    def get(self, name: str, kind: str) -> GitObject:
        """The object of this name and kind. Raises GitFailed where it is missing or another kind of thing."""
        found = self.find(name)
        if found is None or found.kind != kind:
            raise GitFailed("cat-file", f"the {kind} {name} is {'missing' if found is None else 'a ' + found.kind}")
        return found

    def head(self) -> GitObject | None:
        """The newest commit, or None where nothing has been recorded.

        Raises GitFailed where the branch is there and leads nowhere: that is damage, and no empty history.
        """
        found = self.find(BRANCH)
        if found is None and self._has_branch():
            found = self.find(BRANCH)  # it may have been born between the two looks
            if found is None:
                raise GitFailed("cat-file", f"{BRANCH} of {self.path} names no commit that is there")
        return found

    def _has_branch(self) -> bool:
        packed = self.path / "packed-refs"
        return (self.path / BRANCH).exists() or (packed.exists() and f" {BRANCH}\n" in packed.read_text("utf-8"))

    def _reader_failed(self) -> GitFailed:
        reader, self._reader = self._reader, None
        reader.stdin.close()
        said = reader.stderr.read().decode("utf-8", "replace")
        reader.stdout.close()
        reader.stderr.close()
        reader.proc.wait()
        return GitFailed("cat-file", said)

    def _stop_reader(self) -> None:
        if self._reader is not None:
            reader, self._reader = self._reader, None
            reader.communicate()

    # ------------------------------------------------------------------------------------------------ making one

    def create(self) -> None:
        """Make the repository, or finish one whose making was cut short. Safe to do again."""
        self.path.mkdir(parents=True, exist_ok=True)
        git = _gitpython().Git(str(self.path))
        git.update_environment(**_ENVIRONMENT)
        removed = [part for name in _REMOVED for part in ("-u", name)]
        command = ["env", *removed, "git", "-c", "core.fsync=all", "init", "--quiet", "--bare"]
        command += ["--template=", "--object-format=sha1", "--initial-branch=main", "--", str(self.path)]
        process = git.execute(command, istream=subprocess.PIPE, as_process=True)
        _, err = process.communicate()
        if process.returncode:
            raise GitFailed("init", err.decode("utf-8", "replace"))
        for key, value in SETTINGS.items():
            self.run("config", key, value)


def _opened(path: Path) -> Repo:
    git = _gitpython()
    try:
        repo: Repo = git.Repo(str(path), expand_vars=False)
    except git.exc.GitError as problem:
        raise GitFailed("init", f"{path} is no git repository ({type(problem).__name__})") from problem
    repo.git.update_environment(**_ENVIRONMENT)
    return repo


def _gitpython() -> Any:
    try:
        import git  # noqa: PLC0415 - 85 ms, and it refuses to be imported where there is no git
    except ImportError as problem:
        raise UsageError(
            "the history needs git, and there is none on this machine", way_out="Install it: apt-get install git"
        ) from problem
    return git


_REVISION = re.compile(r"(?:[0-9a-fA-F]{4,64}|HEAD|main|refs/heads/main)(?:\^|~\d{0,9}){0,20}")


def checked_revision(revision: str) -> str:
    """The revision, where it is one that the history takes: a commit or its beginning, HEAD or main, and ~N or ^.

    Raises NotFound otherwise.
    """
    if not _REVISION.fullmatch(revision):
        raise NotFound(
            f"{revision!r} is not a revision of the history",
            way_out="Give a commit or its first digits, or HEAD, HEAD~1 and so on; `penstock history log` shows them.",
        )
    return revision


def tree_items(data: bytes) -> Iterator[tuple[str, str, str]]:
    """(mode, name, object name) of each item of a tree object, in git's order."""
    at = 0
    while at < len(data):
        space = data.index(b" ", at)
        end = data.index(b"\0", space)
        name = data[space + 1 : end].decode("utf-8", "surrogateescape")
        yield data[at:space].decode("ascii"), name, data[end + 1 : end + 21].hex()
        at = end + 21
