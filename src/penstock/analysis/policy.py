"""Declared policies: a rule as a YAML file, compiled to the very same Rule value as one written in code.

The language is closed: one selector (`each`, `within`), one requirement (`require`, `forbid` or `limit`) out of a
table, one message. There are no expressions and nothing is evaluated. What does not fit is a rule in Python.

    id: security/autoindex
    title: Directory listings are switched on
    why: What goes wrong, and what follows from it.
    source: https://...              # or sources: [...]
    severity: warning                # info, warning, error
    profiles: [default, strict]      # the default; [] leaves it to `all`
    each: autoindex                  # or a list of names
    within: [http, server]           # contexts as the catalogue names them; left out: anywhere
    forbid: {args: ["on"]}
    message: "{name} {args} lists directories"     # {name} and {args} are all there is
    hint: what to do
    examples: {bad: ..., good: ...}  # each a text or a list of texts; `# want "regexp"` on the bad lines
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from penstock.analysis.conditions import Effective, Test, compile_conditions, compile_limit
from penstock.analysis.fields import Fields
from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.analysis.standing import CONTEXTS
from penstock.config import facts
from penstock.documents import load_yaml
from penstock.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from penstock.documents import Document
    from penstock.model import Directive

RULE_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*/[a-z0-9]+(?:-[a-z0-9]+)*")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def compile_policy(path: Path) -> Rule[NoOptions]:
    """The rule that a policy file declares; its pack is the name of the folder that the file stands in.

    Raises SettingsError, which names file and line, for whatever the language does not have.
    """
    return compile_document(load_yaml(read_policy(path), str(path)), pack=path.parent.name)


def read_policy(path: Path) -> str:
    """The text of a policy file. Raises SettingsError for one that cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(f"the policy {path} cannot be read: {exc}") from exc


def compile_document(document: Document, *, pack: str) -> Rule[NoOptions]:
    """The rule that a document declares. Raises SettingsError as `compile_policy` does."""
    top = Fields(document)
    rule_id = top.text("id")
    if not RULE_ID.fullmatch(rule_id):
        top.fail("id", f"must be `category/slug` in small letters, such as security/autoindex, not {rule_id!r}")
    names, within = top.texts("each"), top.texts("within", default=())
    for context in within:
        top.choice("within", context, tuple(sorted(CONTEXTS)))
    message, hint = top.text("message"), top.text("hint", default="")
    for name in _PLACEHOLDER.findall(message + hint):
        if name not in {"args", "name"}:
            top.fail("message", f"has a placeholder {{{name}}}", way_out="There are {name} and {args}.")
    severity = Severity[top.choice("severity", top.text("severity"), ("info", "warning", "error")).upper()]
    profiles = top.texts("profiles", default=("default", "strict"))
    for profile in profiles:
        top.choice("profiles", profile, ("default", "strict", "all"))
    title, why = top.text("title"), top.text("why")
    sources = top.texts("sources", default=()) or top.texts("source")
    examples = top.mapping("examples")
    rule = Rule(
        id=rule_id,
        doc=_manual(title, why, examples.texts("bad"), examples.texts("good")),
        severity=severity,
        sources=sources,
        options=NoOptions(),
        check=_check(names, frozenset(within), _requirement(top), _say(message), hint),
        profiles=frozenset(profiles),
        pack=pack,
    )
    examples.end()
    top.end()
    return rule


def _requirement(top: Fields) -> Test:
    given = [word for word in ("require", "forbid", "limit") if top.has(word)]
    if not given:
        top.end()  # a misspelt requirement is said to be one
        top.fail("", "has no requirement", way_out="A policy has exactly one of require, forbid and limit.")
    if 1 < len(given):
        top.fail(given[1], "is a second requirement", way_out="A policy has exactly one of require, forbid and limit.")
    word = given[0]
    table = top.mapping(word)
    test = compile_limit(table) if word == "limit" else compile_conditions(table, negate=word == "forbid")
    table.end()
    return test


def _check(
    names: tuple[str, ...], within: frozenset[str], test: Test, say: Callable[[Directive], str], hint: str
) -> Callable[[Context, NoOptions], Iterable[Finding]]:
    def check(context: Context, _: NoOptions) -> Iterator[Finding]:
        inside = context.get(facts.contexts)
        for directive in context.each(*names):
            at = inside[directive.parent]
            if at in facts.DATA_BLOCKS or (within and at not in within):
                continue
            if not test.holds(directive, context):
                yield _finding(directive, test, context, say, hint)

    return check


def _finding(directive: Directive, test: Test, context: Context, say: Callable[[Directive], str], hint: str) -> Finding:
    culprit = test.culprit(directive, context) if isinstance(test, Effective) else None
    related = ((culprit.head_span, "set here"),) if culprit is not None else ()
    return Finding(directive.head_span, say(directive), hint, related)


def _say(message: str) -> Callable[[Directive], str]:
    """The message with its placeholders filled in; what a user wrote is text, never a format."""

    def say(directive: Directive) -> str:
        values = {"name": str(directive.name), "args": " ".join(directive.args)}
        return _PLACEHOLDER.sub(lambda found: values[found[1]], message)

    return say


def _manual(title: str, why: str, bad: tuple[str, ...], good: tuple[str, ...]) -> str:
    parts = [title, "", why.strip()]
    for kind, texts in (("bad", bad), ("good", good)):
        for text in texts:
            parts += ["", f"```nginx {kind}", text.rstrip("\n"), "```"]
    return "\n".join(parts) + "\n"


def is_policy(path: Path) -> bool:
    """Whether a file in a folder of policies is one."""
    return path.suffix in {".yaml", ".yml"} and not path.name.startswith(".")


def compile_folder(folder: Path) -> tuple[Rule[Any], ...]:
    """The policies of a folder and of those inside it, in the order of their paths.

    Raises SettingsError for a folder that is not there and for a policy that does not compile.
    """
    if not folder.is_dir():
        raise SettingsError(f"there is no folder of policies {folder}", way_out="[check] policies names it.")
    return tuple(compile_policy(path) for path in policy_files(folder))


def policy_files(folder: Path) -> tuple[Path, ...]:
    """The policy files of a folder and of those inside it, in the order of their paths."""
    return tuple(path for path in sorted(folder.rglob("*")) if path.is_file() and is_policy(path))
