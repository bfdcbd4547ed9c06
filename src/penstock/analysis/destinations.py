"""Where a value leads: the part of a URL that names the host, and who decides it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.taint import PATHS, Opaque, Source

if TYPE_CHECKING:
    from penstock.analysis.taint import Piece, Value

_SCHEMES = ("https://", "http://", "grpcs://", "grpc://")
_DELIMITERS = "/.:@?#%[\\"


def authority(value: Value) -> tuple[Piece, ...]:
    """The pieces of a URL between its scheme and its path; empty for a path without a host.

    A variable that always begins with `/` ends it. A URL that is one variable is all authority.
    """
    pieces = list(value)
    if pieces and isinstance(pieces[0], Opaque) and pieces[0].name == "scheme" and len(pieces) != 1:
        del pieces[0]
        pieces[0] = _without(pieces[0], "://")
    elif pieces:
        for scheme in _SCHEMES:
            pieces[0] = _without(pieces[0], scheme)
    host: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str):
            head, slash, _ = piece.partition("/")
            head, question, _ = head.partition("?")
            if host and head and isinstance(host[-1], str):
                host[-1] += head
            elif head:
                host.append(head)
            if slash or question:
                break
        elif piece.slash if isinstance(piece, Source) else piece.name in PATHS:
            break
        else:
            host.append(piece)
    return tuple(host)


def _without(piece: Piece, start: str) -> Piece:
    return piece.removeprefix(start) if isinstance(piece, str) else piece


def chosen_by_client(host: tuple[Piece, ...]) -> Source | None:
    """The piece of a host that lets the client choose another one, or None.

    A piece that can only be what is written out is no choice; nor is a label that can hold no delimiter, where a
    suffix that is written out follows (`$user.example.com`).
    """
    for at, piece in enumerate(host):
        if not isinstance(piece, Source) or piece.finite:
            continue
        rest = host[at + 1] if at + 1 < len(host) else ""
        bound = isinstance(rest, str) and "." in rest.partition(":")[0].rstrip(".")
        if bound and not piece.can_hold(_DELIMITERS):
            continue
        return piece
    return None
