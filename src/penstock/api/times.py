"""Times on the wire: RFC 3339, UTC, milliseconds, and Go's zero time for "never"."""

from __future__ import annotations

import re
from datetime import UTC, datetime

NEVER = "0001-01-01T00:00:00Z"  # what Go prints for a time that was never set

_RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,18}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def format_time(when: datetime | None) -> str:
    """`2023-03-08T08:46:28.826Z`, milliseconds cut off not rounded; NEVER for None. `when` has a zone."""
    if when is None:
        return NEVER
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"


def parse_time(text: str) -> datetime:
    """The moment in UTC, with what is finer than a microsecond cut off. Raises ValueError for anything but RFC 3339."""
    match = _RFC3339.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not a time such as 2023-02-22T17:10:02.677Z (RFC 3339)")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    offset = "+00:00" if zone in {"Z", "z"} else zone
    fraction = (fraction or "0")[:6].ljust(6, "0")
    try:
        moment = datetime.fromisoformat(f"{year}-{month}-{day}T{hour}:{minute}:{second}.{fraction}{offset}")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a time such as 2023-02-22T17:10:02.677Z (RFC 3339): {error}") from error
