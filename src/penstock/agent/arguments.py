"""What a master was started with, read from its title, where nginx joins its arguments with blanks.

Facts: src/core/nginx.c, ngx_get_options. Flags may be joined (`-qc path`), a value may stick to its letter (`-cpath`),
and the last of several wins. What `-g` was given ends with `;`, or nginx would not have started.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FLAGS = "?hvVtTq"
_DIRECTIVES = re.compile(r"(.*?;)\s*(?= -[?hvVtTqpecgs]|$)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Arguments:
    """The values of -p, -c, -e and -g as given; empty where not given."""

    prefix: str = ""
    conf: str = ""
    error_log: str = ""
    directives: str = ""


def read_arguments(title: str) -> Arguments | None:
    """What stands after `nginx: master process `; None where it cannot be told apart: a path holds a blank."""
    values = dict.fromkeys("pceg", "")
    words = title.strip().split(" ")[1:]
    while words:
        word = words.pop(0)
        if not word:
            continue
        letters = word[1:].lstrip(_FLAGS)
        if not word.startswith("-") or (letters and letters[0] not in values):
            return None
        if not letters:
            continue
        rest = [letters[1:], *words] if letters[1:] else words
        if letters[0] == "g":
            text = " ".join(rest)
            found = _DIRECTIVES.match(text)
            if found is None:
                return None
            values["g"], words = found[1].strip(), text[found.end() :].split(" ")
        elif rest:
            values[letters[0]], words = rest[0], rest[1:]
    return Arguments(prefix=values["p"], conf=values["c"], error_log=values["e"], directives=values["g"])
