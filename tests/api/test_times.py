"""Times: what Go and others print is read, milliseconds are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.api.times import NEVER, format_time, parse_time


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2023-02-22T17:10:02Z", datetime(2023, 2, 22, 17, 10, 2, tzinfo=UTC)),
        ("2023-02-22T17:10:02.677Z", datetime(2023, 2, 22, 17, 10, 2, 677000, tzinfo=UTC)),
        ("2023-01-14T04:35:47.566082799Z", datetime(2023, 1, 14, 4, 35, 47, 566082, tzinfo=UTC)),
        ("2023-02-22t19:10:02.5+02:00", datetime(2023, 2, 22, 17, 10, 2, 500000, tzinfo=UTC)),
        (NEVER, datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_rfc_3339_is_read(text: str, moment: datetime) -> None:
    """Nanoseconds, as Go prints them, are cut to microseconds."""
    assert parse_time(text) == moment


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2023-02-22", "2023-02-22T17:10:02", "2023-02-30T00:00:00Z", "2023-W08-3T00:00:00Z",
     "2023-02-22T17:10:02.Z", "0001-01-01T00:00:00+05:00", "\uff12023-02-22T17:10:02Z"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    """A time without a zone is no moment."""
    with pytest.raises(ValueError, match="is not a time such as"):
        parse_time(text)


def test_milliseconds_are_cut_off() -> None:
    """A client that sends the time back must not seem to be later than we said."""
    assert format_time(datetime(2023, 3, 8, 8, 46, 28, 826999, tzinfo=UTC)) == "2023-03-08T08:46:28.826Z"
    eastern = timezone(timedelta(hours=2))
    assert format_time(datetime(2023, 3, 8, 8, 46, 28, tzinfo=eastern)) == "2023-03-08T06:46:28.000Z"
    assert format_time(None) == NEVER


@settings(derandomize=True)
@given(st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)))
def test_a_time_comes_back_to_the_millisecond(moment: datetime) -> None:
    """Formatting and parsing lose less than a millisecond, and never add."""
    assert timedelta(0) <= moment - parse_time(format_time(moment)) < timedelta(milliseconds=1)
