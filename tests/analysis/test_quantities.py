"""Sizes, times and numbers, as nginx reads them."""

from __future__ import annotations

import pytest

from penstock.analysis.quantities import parse_quantity


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("512", "size", 512),
        ("4k", "size", 4096),
        ("4M", "size", 4 * 1024**2),
        ("1g", "size", None),
        ("1g", "offset", 1024**3),
        ("10mb", "size", None),
        ("-1", "size", None),
        ("", "size", None),
        ("30", "time", 30),
        ("1h30m", "time", 5400),
        ("1m30", "time", 90),
        ("1h 30m", "time", 5400),
        ("500ms", "time", 0.5),
        ("500ms", "time_s", None),
        ("1M", "time_s", 2_592_000),
        ("1M", "time_ms", None),
        ("30s1m", "time", None),
        ("1s1s", "time", None),
        ("1.5s", "time", None),
        ("", "time", None),
        ("12", "number", 12),
        ("1k", "number", None),
        ("\u0661", "number", None),
    ],
)
def test_a_quantity_is_read_as_nginx_reads_it(text: str, unit: str, value: float | None) -> None:
    """Units in falling order, each once; no fractions, no signs."""
    assert value == parse_quantity(text, unit)
