"""Bytes to wire types and back, and the sentence that NIM answers to a body that does not fit."""

from __future__ import annotations

import re
from typing import Any, TypeVar, cast

import msgspec

from penstock.errors import UsageError

T = TypeVar("T")

ABSENT = msgspec.UNSET  # a member that is not there, neither null nor empty
Absent = msgspec.UnsetType

_PREFIX = "Request body has an error: "
_AT = re.compile(r"^(?P<reason>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_EXPECTED = re.compile(r"^Expected `(?P<want>[^`]*)`, got `(?P<got>[^`]*)`$")
_MISSING = re.compile(r"^Object missing required field `(?P<name>[^`]*)`$")
_WORDS = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "a boolean",
    "array": "an array",
    "object": "an object",
}


class Malformed(UsageError):
    """A body that is no JSON, or does not fit its type.

    pointer: the JSON pointer of the place, or empty. reason: what is wrong there.
    The message has the form that NIM's request validation gives.
    """

    def __init__(self, reason: str, *, pointer: str = "") -> None:
        super().__init__(_sentence(reason, pointer))
        self.pointer = pointer
        self.reason = reason


def _sentence(reason: str, pointer: str) -> str:
    if not pointer:
        return f"{_PREFIX}{reason}"
    return f'{_PREFIX}doesn\'t match the schema: Error at "{pointer}": {reason}'


def _pointer(path: str) -> str:
    """`$.files[3].contents` as `/files/3/contents`."""
    return re.sub(r"\[(\d+|\.\.\.)\]", r".\1", path.removeprefix("$")).replace(".", "/")


def _explain(error: msgspec.ValidationError) -> Malformed:
    match = _AT.match(str(error))
    reason, path = (match["reason"], match["path"] or "$") if match else (str(error), "$")
    if missing := _MISSING.match(reason):
        return Malformed(f'property "{missing["name"]}" is missing', pointer=f"{_pointer(path)}/{missing['name']}")
    if expected := _EXPECTED.match(reason):
        reason = f"value must be {_WORDS.get(expected['want'], expected['want'])}"
    return Malformed(reason, pointer=_pointer(path) or "/")


def _without_nulls(value: Any) -> Any:
    """The value without object members that are null: Go writes a missing list as null, and means absent."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return value


def decode(body: bytes, into: type[T]) -> T:
    """The body as a value of the wire type `into`: unknown fields ignored, null members taken as absent.

    Raises Malformed for what is no JSON, or does not fit.
    """
    try:
        raw = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"failed to decode request body: {error}") from error
    try:
        return msgspec.convert(_without_nulls(raw), into)
    except msgspec.ValidationError as error:
        raise _explain(error) from error


def with_members(value: T, **members: object) -> T:
    """A copy of a wire value with these members."""
    return cast("T", msgspec.structs.replace(cast("Any", value), **members))  # it gives what it got


def encode(value: object) -> bytes:
    """The wire value as compact JSON. Raises Malformed for text that UTF-8 cannot hold."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError as error:
        raise Malformed(f"a name is not UTF-8 and cannot be sent as JSON: {error.object!r}") from error
