"""The table of endpoints: complete in itself, and unambiguous."""

from __future__ import annotations

import re

import pytest

from penstock.api import endpoints
from penstock.api.endpoints import BASE, ENDPOINTS, NOTHING, Endpoint


def _constants() -> list[Endpoint[object, object]]:
    return [value for value in vars(endpoints).values() if isinstance(value, Endpoint)]


def test_every_endpoint_is_in_the_table_once() -> None:
    """A constant that is not in the table would be called and never served."""
    assert sorted(one.name for one in _constants()) == sorted(one.name for one in ENDPOINTS)
    assert len({one.name for one in ENDPOINTS}) == len(ENDPOINTS)
    assert len({(one.method, one.base, one.path) for one in ENDPOINTS}) == len(ENDPOINTS)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_an_endpoint_makes_sense(endpoint: Endpoint[object, object]) -> None:
    """GET and DELETE send no body, 204 answers none, a list has its pages, each says what it is for."""
    assert endpoint.doc.endswith(".")
    if endpoint.method in {"GET", "DELETE"}:
        assert endpoint.body is NOTHING
    else:
        assert endpoint.body is not NOTHING
    assert (endpoint.reply is NOTHING) == (endpoint.status == 204)
    assert {query.kind for query in endpoint.query} <= {str, int, bool}


def test_a_fixed_word_comes_before_a_variable_part() -> None:
    """Otherwise `/systems/tags` would be a system named tags."""
    for index, later in enumerate(ENDPOINTS):
        for earlier in ENDPOINTS[:index]:
            if (earlier.method, earlier.base) == (later.method, later.base):
                pattern = re.sub(r"\{\w+\}", "[^/]+", earlier.path)
                assert not re.fullmatch(pattern, later.path), f"{earlier.name} hides {later.name}"


def test_a_part_of_a_path_cannot_leave_its_place() -> None:
    """Every part is quoted, slashes too."""
    url = endpoints.GET_INSTANCE.url(system="a/b?c", instance="..é")
    assert url == f"{BASE}/systems/a%2Fb%3Fc/instances/..%C3%A9"
    with pytest.raises(KeyError):
        endpoints.GET_INSTANCE.url(system="a")
