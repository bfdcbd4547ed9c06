"""The filter that keeps keys and tokens out of plans and of the history.

What it looks for has a form of its own (a PEM header, a token's prefix) or stands where only a credential stands (an
Authorization header, the user part of a URL). It cannot see a secret that looks like any other word.
A value that begins with `$` is an nginx variable and no secret.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# The markers of a key block: RFC 7468 and RFC 5958 (PRIVATE KEY, ENCRYPTED PRIVATE KEY), OpenSSL's older RSA, EC and
# DSA, OpenSSH's PROTOCOL.key, RFC 4880 6.2 (PGP), RFC 4716's sibling of SSH2, and PuTTY's format.
_KEY_BLOCK = re.compile(
    rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
    rb"|---- BEGIN SSH2 ENCRYPTED PRIVATE KEY|PuTTY-User-Key-File-\d"
)
_BASE64_PEM = re.compile(rb"LS0tLS1CRUdJTi[A-Za-z0-9+/]{30,}")  # base64 of "-----BEGIN "
# DER: SEQUENCE { INTEGER 0, INTEGER | SEQUENCE } is PKCS#1 or PKCS#8 (RFC 8017 A.1.2, RFC 5958); { INTEGER 1, OCTET
# STRING } is SEC 1 (RFC 5915); { INTEGER 3, SEQUENCE } is PKCS#12 (RFC 7292). JKS begins with FE ED FE ED.
_DER_KEY = re.compile(
    rb"\x30(?:\x82..|\x81.|[\x00-\x7f])(?:\x02\x01\x00[\x02\x30]|\x02\x01\x01\x04|\x02\x01\x03\x30)|\xfe\xed\xfe\xed",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Form:
    """A form of secrets. words: in lower case; the pattern can match only where one of them is (searched first)."""

    kind: str
    words: tuple[bytes, ...]
    pattern: re.Pattern[bytes]


def _form(kind: str, words: str, *pattern: bytes) -> _Form:
    return _Form(kind, tuple(word.encode() for word in words.split()), re.compile(b"".join(pattern)))


_FORMS = (
    _form("AWS access key", "akia asia", rb"\b(?:AKIA|ASIA)(?![A-Z0-9]{9}EXAMPLE\b)[A-Z0-9]{16}\b"),
    _form(
        "AWS secret key",
        "aws",
        rb"(?i)aws_?secret_?(?:access_?)?key[\"']?[\s=:]+[\"']?(?P<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])",
    ),
    _form("GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", rb"\bgh[pousr]_[A-Za-z0-9]{36,}"),
    _form("GitHub token", "github_pat_", rb"\bgithub_pat_[A-Za-z0-9_]{22,}"),
    _form(
        "GitLab token", "glpat- gldt- glrt- glcbt- glptt-", rb"\bgl(?:pat|dt|rt|cbt|ptt)-(?P<value>[A-Za-z0-9_-]{20,})"
    ),
    _form("Slack token", "xox", rb"\bxox[abeprs]-(?P<value>[A-Za-z0-9-]{10,})"),
    _form("Google API key", "aiza", rb"\bAIza[A-Za-z0-9_-]{35}"),
    _form("Stripe key", "k_live_", rb"\b[sr]k_live_(?P<value>[A-Za-z0-9]{16,})"),
    _form("JSON web token", "eyj", rb"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    _form(
        "credential in an Authorization header",
        "authorization",
        rb"(?i)authorization[\"']?\s*[\s:=]\s*[\"']?(?:bearer|basic|token|digest)\s+",
        rb"(?P<value>[A-Za-z0-9._~+/=:-]{6,})",
    ),
    _form(
        "credential in a header value",
        "bearer basic",
        rb"(?i)[\"'](?:bearer|basic)\s+(?P<value>[A-Za-z0-9._~+/=-]{16,})",
    ),
    _form(
        "key in a request header",
        "api-key api_key apikey auth-token auth_token access-token access_token secret passwd password",
        rb"(?i)\b(?:proxy_set_header|grpc_set_header|add_header|(?:fastcgi|uwsgi|scgi)_param)\s+[\"']?",
        rb"[a-z0-9_-]*(?:api[-_]?key|(?:auth|access)[-_]token|secret|passw(?:or)?d)[\"']?\s+",
        rb"[\"']?(?P<value>[^\s\"';$]{12,})",
    ),
    _form("password in a URL", "://", rb"://[^\s/@:\"'$]*:(?P<value>[^\s/@\"'$]+)@"),
    _form(
        "token in a URL",
        "token= api_key= apikey= client_secret= password= secret=",
        rb"(?i)[?&](?:access_token|auth_token|token|api_?key|client_secret|password|secret)=",
        rb"(?P<value>[^\s&\"';$<{]{8,})",
    ),
)


@dataclass(frozen=True, slots=True)
class SecretFound:
    """Where a secret stands, never what it is. line: from 1, 0 in a binary file. kind: a noun for messages."""

    path: str
    line: int
    kind: str


def secrets_in(path: str, data: bytes) -> tuple[SecretFound, ...]:
    """Every key and token in a file's bytes, in the order of lines; empty where there is none.

    path: only for the answer. The secret itself is in no answer.
    """
    found = {(data.count(b"\n", 0, at) + 1, kind) for at, kind in _matches(data)}
    if _DER_KEY.match(data):
        found.add((0, "private key"))
    return tuple(SecretFound(path, line, kind) for line, kind in sorted(found))


def _matches(data: bytes) -> Iterator[tuple[int, str]]:
    lowered = data.lower()
    if b"private key" in lowered or b"putty-user-key" in lowered:
        for match in _KEY_BLOCK.finditer(data):
            yield match.start(), "private key"
    for match in _BASE64_PEM.finditer(data):
        if _hides_a_key(match[0]):
            yield match.start(), "private key in base64"
    for form in _FORMS:
        if any(word in lowered for word in form.words):
            for match in form.pattern.finditer(data):
                value = match.groupdict().get("value")
                if value is None or len(set(value)) > 1:  # xxxxxxxx and ******** stand for a secret, and are none
                    yield match.start(), form.kind


def _hides_a_key(encoded: bytes) -> bool:
    whole = encoded[: len(encoded) // 4 * 4]
    try:
        return _KEY_BLOCK.search(base64.b64decode(whole)) is not None
    except binascii.Error:
        return False
