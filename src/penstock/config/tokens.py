"""nginx's tokenizer, with the place of everything kept.

The rules are those of ngx_conf_read_token (nginx, src/core/ngx_conf_file.c):
white space is space, TAB, CR and LF; `;`, `{` and, between words, `}` and `#` are special; a backslash protects the
next character, and only \\" \\' \\\\ \\t \\r \\n are decoded; quotes open a string only at the start of a word; a brace
after `$` belongs to the word; after a closing quote only white space, `;`, `{` or `)` may stand.

What nginx refuses becomes a Problem, and reading goes on in a way that keeps the tokens well-formed: every statement
ends in `;` or `{ ... }`, and braces match.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from penstock.config.lua import LUA_BLOCK, lua_block_end
from penstock.config.problems import printable
from penstock.model import Comment, Problem, Source, Word

TOKEN_LIMIT = 4096
"""NGX_CONF_BUFFER, in bytes. It must hold a word or comment and what ends it; the closing quote of a string, too."""

PROBLEM_LIMIT = 100
"""Problems after which the rest of a file is not read: it is no nginx configuration."""

_LONG_LINE = 1000  # characters; no indent is longer

_WORD, _MARK, _QUOTED, _COMMENT = range(1, 5)
SPACE = r"[ \t\r\n]"
WORD = r"""(?: [^ \t\r\n;{}\#"'\\$] | \\.?+ | \$\{*+ ) (?: [^ \t\r\n;{\\$]++ | \\.?+ | \$\{*+ )*+"""
QUOTED = r"""(?: " [^"\\]*+ (?: \\. [^"\\]*+ )*+ " | ' [^'\\]*+ (?: \\. [^'\\]*+ )*+ ' )"""
"""Parts of verbose, dot-matches-all expressions; a word that cannot be anything else, and a whole quoted one."""

_TOKEN = re.compile(
    rf"""{SPACE}*+ (?: ( {WORD} ) | ( [;{{}}] ) | ( {QUOTED} ) | ( \#[^\n]*+ ) | ( ["'] ) )""", re.VERBOSE | re.DOTALL
)
_ESCAPE = re.compile(r"""\\(["'\\trn])""")
_DECODED = {"t": "\t", "r": "\r", "n": "\n"}
_AFTER_QUOTE = " \t\r\n;{})"  # `}` is told of as a missing semicolon
_ODD_SPACE = re.compile("[\v\f\x1c-\x1f\x85\xa0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff]")
_LONE_CR = re.compile(r"\r(?!\n)")
_NOT_UTF8 = re.compile("[\udc80-\udcff]")


class Head(Word):
    """The first word of a statement; it also knows where the statement ends, and a Lua block's text."""

    __slots__ = ("body", "stop")
    stop: int
    body: str | None


Token = tuple[str, int, bool]
"""What crossplane's parser reads: the text, a line (not used), and whether it is quoted."""

SEMICOLON: Token = (";", 0, False)
OPEN: Token = ("{", 0, False)
CLOSE: Token = ("}", 0, False)


@dataclass(slots=True)
class Scan:
    """The tokens of one file, well-formed whatever the file holds.

    depth: of its deepest block. statements: how many there are.
    """

    source: Source
    tokens: list[Token] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    depth: int = 0
    statements: int = 0


def scan(source: Source) -> Scan:
    """Tokenise a file as nginx does."""
    return _Scanner(source).run()


def unescape(raw: str) -> str:
    """The value of a word as written, quotes left off."""
    if "\\" not in raw:
        return raw
    return _ESCAPE.sub(lambda found: _DECODED.get(found[1], found[1]), raw)


class _NoConfigurationError(Exception):
    """So many problems that reading on is of no use."""


class _Scanner:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.result = Scan(source)
        self.tokens = self.result.tokens
        self.head: Head | None = None  # of the statement that is being read
        self.last_end = 0  # of its last word
        self.open: list[Head | None] = []  # None: a `{` that belongs to no statement
        self.closed: list[tuple[Head, int]] = []  # for messages: which block each `}` ended
        self.odd_spaces = _ODD_SPACE.search(self.text) is not None

    def run(self) -> Scan:
        self._whole_file()
        position = 1 if self.text.startswith("\ufeff") else 0
        try:
            while (resume := self._read(position)) is not None:
                position = resume
        except _NoConfigurationError:
            self._wind_up()
        self.result.problems.sort(key=lambda problem: problem.span.start_byte)
        return self.result

    def _problem(self, start: int, end: int, kind: str, message: str, hint: str = "") -> None:
        self.result.problems.append(Problem(self.source.span(start, end), kind, message, hint))
        if PROBLEM_LIMIT <= len(self.result.problems):
            raise _NoConfigurationError

    def _read(self, position: int) -> int | None:
        """Read on from here: the offset to go on from after a Lua block, or None at the end."""
        for found in _TOKEN.finditer(self.text, position):
            kind = found.lastindex
            if kind == _WORD:
                start, end = found.span(1)
                self._word(found[1], start, end, "")
            elif kind == _MARK:
                resume = self._mark(found[2], found.end())
                if resume is not None:
                    return resume
            elif kind == _QUOTED:
                start, end = found.span(3)
                self._word(self.text[start + 1 : end - 1], start, end, self.text[start])
                if self.text[end : end + 1] not in _AFTER_QUOTE:
                    self._text_after_quote(start, end)
            elif kind == _COMMENT:
                self._comment(found)
            else:
                self._unterminated(found.start(5))
                return None
        self._end_of_file()
        return None

    def _word(self, raw: str, start: int, end: int, quote: str) -> None:
        value = raw if "\\" not in raw else unescape(raw)
        word: Word
        if self.head is None:
            self.head = word = str.__new__(Head, value)
            word.body = None
        else:
            word = str.__new__(Word, value)
        word.start = start
        word.end = self.last_end = end
        word.quote = quote
        self.tokens.append((word, 0, quote != ""))
        if 1000 < end - start or self.odd_spaces:
            self._odd_word(word, raw)

    def _mark(self, mark: str, end: int) -> int | None:
        """Take `;`, `{` or `}`; the offset to go on from where that is not the next one."""
        head = self.head
        if mark == "}":
            self._close(end - 1, end)
        elif head is None:
            self._without_name(mark, end)
        else:
            self.head = None
            head.stop = end
            self.result.statements += 1
            if mark == ";":
                self.tokens.append(SEMICOLON)
                return None
            self.tokens.append(OPEN)
            if LUA_BLOCK.search(head):
                return self._lua(head, end)
            self.open.append(head)
            self.result.depth = max(self.result.depth, len(self.open))
        return None

    def _without_name(self, mark: str, end: int) -> None:
        hint = "Remove it." if mark == ";" else "Write the name of the block before it."
        message = f'unexpected "{mark}": no directive stands before it'
        self._problem(end - 1, end, "syntax/unexpected-token", message, hint)
        if mark == "{":
            self.open.append(None)

    def _close(self, start: int, end: int) -> None:
        if self.head is not None:
            self._missing_semicolon('a "}" follows')
        if not self.open:
            hint = "Remove it, or find the block that was closed too early."
            if self.closed:
                head, at = self.closed[-1]
                opened, closed = self.source.position(head.start)[0], self.source.position(at)[0]
                hint = f'"{_short(head)}", opened on line {opened}, is closed by line {closed} already. {hint}'
            self._problem(start, end, "syntax/unbalanced-braces", 'unexpected "}": no block is open here', hint)
            return
        block = self.open.pop()
        if block is not None:
            block.stop = end
            self.tokens.append(CLOSE)
            self.closed.append((block, start))

    def _lua(self, head: Head, start: int) -> int:
        end = lua_block_end(self.text, start)
        head.stop = len(self.text) if end is None else end
        head.body = self.text[start:] if end is None else self.text[start : end - 1]
        self.tokens.append(CLOSE)
        if end is None:
            message = f'the Lua code of "{_short(head)}" has no end'
            hint = 'Close it with "}"; braces in Lua strings and comments do not count.'
            self._problem(head.start, head.end, "syntax/unbalanced-braces", message, hint)
        return head.stop

    def _comment(self, found: re.Match[str]) -> None:
        start, end = found.span(4)
        text = found[4]
        if 1000 < end - start and TOKEN_LIMIT <= (size := _size(text)) and (TOKEN_LIMIT < size or end < len(self.text)):
            self._too_long(start, f"a comment of {size} bytes", "Break it into several lines.")
        if text.endswith("\r"):
            end, text = end - 1, text[:-1]
        alone = found.start() == 0 or "\n" in self.text[found.start() : start]
        self.result.comments.append(Comment(self.source.span(start, end), text, alone))

    def _missing_semicolon(self, because: str) -> None:
        head, end = self.head, self.last_end
        assert head is not None
        statement = _short(self.text[head.start : end])
        self._problem(
            end, end, "syntax/missing-semicolon", f'";" is missing after "{statement}": {because}', 'Add ";" here.'
        )
        head.stop = end
        self.tokens.append(SEMICOLON)
        self.head = None

    def _text_after_quote(self, start: int, end: int) -> None:
        found = _TOKEN.match(self.text, end)
        stop = min(found.end() if found else end + 1, end + 60)
        hint = "Put a space between them, or the whole word inside the quotes."
        first, last = self.source.position(start)[0], self.source.position(end)[0]
        if first != last:
            hint = f"This quote ends a string that was opened on line {first}: is its own closing quote missing there?"
        message = f'unexpected "{self.text[end]}" directly after a closing quote'
        self._problem(end, stop, "syntax/text-after-quote", message, hint)

    def _odd_word(self, word: Word, raw: str) -> None:
        """Problems inside one word: too long for nginx, or white space that is none to nginx."""
        size = _size(raw)
        if TOKEN_LIMIT <= size + len(word.quote):
            hint = "Split it: over several arguments, or with a variable."
            self._too_long(word.start, f"a parameter of {size} bytes", hint)
        if word.quote:
            return
        odd = _ODD_SPACE.search(raw)
        if odd:
            at = word.start + odd.start()
            inside = word is not self.head and _ODD_SPACE.sub("", raw)
            kind = "syntax/odd-whitespace" if inside else "syntax/invalid-whitespace"
            message = f"U+{ord(odd[0]):04X} looks like white space, but nginx takes it for a part of the word"
            self._problem(at, at + 1, kind, message, "Replace it by a space.")

    def _too_long(self, start: int, what: str, hint: str) -> None:
        message = f"{what} does not fit into nginx's buffer of {TOKEN_LIMIT}"
        self._problem(start, start + 40, "syntax/parameter-too-long", message, hint)

    def _unterminated(self, start: int) -> None:
        message = f"the string that {self.text[start]} opens here has no end"
        hint = f"nginx reads up to the end of the file, line {self.source.position(len(self.text))[0]}."
        self._problem(start, start + 1, "syntax/unterminated-string", message, hint)
        self._wind_up()

    def _end_of_file(self) -> None:
        if self.head is not None:
            self._missing_semicolon("the file ends")
        heads = [head for head in self.open if head is not None]
        if heads:
            head = self._left_open(heads)
            count = f" ({len(heads)} blocks are open there)" if 1 < len(heads) else ""
            line = self.source.position(len(self.text))[0]
            self._problem(
                head.start,
                head.end,
                "syntax/unbalanced-braces",
                f'the block "{_short(head)}" that is opened here is never closed',
                f'nginx reaches the end of the file, line {line}, and still expects "}}"{count}.',
            )
        self._wind_up()

    def _left_open(self, heads: list[Head]) -> Head:
        """The block that lacks its brace: the first that a less indented `}` closed, else the innermost one."""
        for head, at in self.closed:
            before = self._line_before(at)
            if not before.strip(" \t"):
                line = self._line_before(head.start)
                if len(before) < len(line) - len(line.lstrip(" \t")):
                    return head
        return heads[-1]

    def _line_before(self, at: int) -> str:
        """What stands before this place on its line; of a very long line, some of it."""
        start = at - self.source.position(at)[1] + 1
        return self.text[start : min(at, start + _LONG_LINE)]

    def _wind_up(self) -> None:
        """End what is open, without a word."""
        tokens, end = self.tokens, len(self.text)
        if self.head is not None:
            self.head.stop = self.last_end
            tokens.append(SEMICOLON)
        for head in reversed(self.open):
            if head is not None:
                head.stop = end
                tokens.append(CLOSE)

    def _whole_file(self) -> None:
        """Problems of the encoding, each told once, where it is first seen."""
        text = self.text
        if text.startswith("\ufeff"):
            hint = "Save the file as UTF-8 without a BOM: nginx takes it for a part of the first word."
            self._problem(0, 1, "syntax/bom", "the file starts with a byte order mark", hint)
        if "\0" in text:
            at = text.index("\0")
            message = f"a NUL byte{_times(text.count(chr(0)))}"
            hint = "Remove it: nginx compares many values only up to a NUL, so it does not read what stands here."
            self._problem(at, at + 1, "syntax/nul-byte", message, hint)
        if "\r" in text and (found := _LONE_CR.search(text)):
            count = sum(1 for _ in _LONE_CR.finditer(text))
            message = f"a carriage return that does not end a line{_times(count)}"
            hint = "nginx takes it for a space, editors for a new line: what they show is not what nginx reads."
            self._problem(found.start(), found.end(), "syntax/lone-cr", message, hint)
        if not self.source.is_ascii and (found := _NOT_UTF8.search(text)):
            count = sum(1 for _ in _NOT_UTF8.finditer(text))
            message = f"byte 0x{ord(found[0]) - 0xDC00:02X} is not UTF-8{_times(count)}"
            hint = "Save the file as UTF-8: tools that read it otherwise will change it."
            self._problem(found.start(), found.end(), "syntax/invalid-encoding", message, hint)


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))


def _times(count: int) -> str:
    return f" (and {count - 1} more in this file)" if 1 < count else ""


def _short(text: str) -> str:
    """A stretch of text for a message: one line, at most 40 characters, nothing a terminal would act on."""
    line = printable(" ".join(text[:60].split()))
    return line if len(line) <= 40 else line[:37] + "..."
