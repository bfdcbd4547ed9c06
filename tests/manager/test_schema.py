"""The manager keeps the promises of its specification whatever is sent: schemathesis asks, over a simulated fleet."""

from __future__ import annotations

import base64
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from penstock.api.endpoints import ENDPOINTS, NOTHING, Endpoint
from penstock.api.openapi import openapi
from tests.manager.rig import Rig, config_files

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CASES = 8  # for each endpoint in each mode


def _there(rig: Rig) -> Mapping[str, str]:
    """Name of a part of a path -> something of that kind that is there."""
    staged = rig.call("POST", "/configs", {"configName": "kept", "configFiles": config_files("events {}\n")}).json()
    instance = rig.path_of("edge-3")
    ended = rig.publish(instance, "events {}\n# published\n")
    return {
        "system": instance.split("/")[2],
        "instance": rig.uid_of("edge-3"),
        "group": rig.group_path("edges").rpartition("/")[2],
        "config": staged["uid"],
        "deployment": ended["id"],
        "service": "core",
    }


def _ask(rig: Rig, endpoint: Endpoint[object, object], mode: GenerationMode) -> Counter[int]:
    """How often which status came; raises for an answer that the specification has not."""
    there = _there(rig)
    schema = schemathesis.openapi.from_dict(openapi())
    schema.app = rig.manager.app
    operation = schema[endpoint.base + endpoint.path][endpoint.method]
    name, password = rig.manager.session_credentials()
    basic = f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"
    seen: Counter[int] = Counter()

    @settings(
        max_examples=CASES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(operation.as_strategy(generation_mode=mode), st.sampled_from([True, True, False]), st.booleans())
    def ask(case: Any, is_there: bool, has_files: bool) -> None:
        if is_there:
            case.path_parameters = {part: there[part] for part in case.path_parameters or {}}
        is_publish = isinstance(case.body, dict) and "configFiles" in case.body
        if is_publish and has_files and mode is GenerationMode.POSITIVE:
            case.body["configFiles"] = config_files("events {}\n")
        case.headers = {**(case.headers or {}), "Authorization": basic}
        seen[case.call_and_validate(checks=CHECKS).status_code] += 1

    ask()
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_what_fits_the_specification_is_answered_as_it_says(rig: Rig, endpoint: Endpoint[object, object]) -> None:
    """No 5xx, and no status, header, media or body that is not promised; most of them ask for what is there."""
    seen = _ask(rig, endpoint, GenerationMode.POSITIVE)
    assert 401 not in seen


WITH_BODY = [endpoint for endpoint in ENDPOINTS if endpoint.body is not NOTHING]


@pytest.mark.slow
@pytest.mark.parametrize("endpoint", WITH_BODY, ids=lambda one: one.name)
def test_what_does_not_fit_is_refused_as_it_says(rig: Rig, endpoint: Endpoint[object, object]) -> None:
    """Wrong types, missing members, wild text: a promised answer all the same, and mostly a 400."""
    seen = _ask(rig, endpoint, GenerationMode.NEGATIVE)
    assert 400 in seen
