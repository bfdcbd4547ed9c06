"""The documentation page: behind the API's credentials, from this origin alone."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from penstock.api.openapi import openapi

if TYPE_CHECKING:
    from tests.manager.rig import Rig

PAGES = ["/ui/docs", "/docs"]


def _named(html: str) -> list[str]:
    return re.findall(r'(?:src|href)="([^"]*)"', html)


@pytest.mark.parametrize("path", PAGES)
def test_the_page_loads_everything_from_here(rig: Rig, path: str) -> None:
    """Every address in it is a path of ours that answers with what it is named for."""
    page = rig.call("GET", path, base="")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=UTF-8")
    assert "//" not in page.text
    media = {".js": "text/javascript", ".css": "text/css", ".png": "image/png", ".json": "application/json"}
    for address in _named(page.text):
        assert address.startswith("/ui/docs/")
        answer = rig.call("GET", address, base="")
        kind = re.search(r"\.\w+(?=$|\?)", address)
        assert answer.status_code == 200
        assert kind is not None
        assert answer.headers["content-type"].startswith(media[kind[0]])
        assert answer.content


@pytest.mark.parametrize("path", PAGES)
def test_the_browser_is_told_to_load_nothing_else(rig: Rig, path: str) -> None:
    """The policy names no other origin, no inline script, and no frame around the page."""
    policy = rig.call("GET", path, base="").headers["content-security-policy"]
    rules = {rule.split()[0]: rule.split()[1:] for rule in policy.split(";")}
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == rules["connect-src"] == ["'self'"]
    assert rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == ["'none'"]
    assert {source for sources in rules.values() for source in sources} <= {
        "'none'",
        "'self'",
        "'unsafe-inline'",
        "data:",
    }


def test_what_starts_swagger_ui_names_nobody_else(rig: Rig) -> None:
    """No address but our own, and the validator of Swagger UI's makers switched off."""
    script = rig.call("GET", "/ui/docs/start.js", base="").text
    assert "//" not in script
    assert "validatorUrl: null" in script


def test_it_shows_the_specification(rig: Rig) -> None:
    """The same that is committed."""
    assert json.loads(rig.call("GET", "/ui/docs/openapi.json", base="").text) == openapi()


@pytest.mark.parametrize("path", [*PAGES, "/ui/docs/openapi.json", "/ui/docs/swagger-ui.css"])
def test_the_browser_is_asked_to_log_in(rig: Rig, path: str) -> None:
    """So that it has the credentials when a request is tried out."""
    rig.credentials = None
    answer = rig.call("GET", path, base="")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_a_changed_file_has_a_new_address(rig: Rig) -> None:
    """What may be kept for ever is named after its bytes."""
    named = _named(rig.call("GET", "/docs", base="").text)
    kept = [one for one in named if "immutable" in rig.call("GET", one, base="").headers["cache-control"]]
    assert len(kept) == 3
    assert all(re.search(r"\?[0-9a-f]{12}$", one) for one in kept)


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 201), ("none", 201)]
)
def test_a_page_of_another_site_cannot_write(rig: Rig, site: str, status: int) -> None:
    """A browser would send the credentials with it; it also says where the page came from."""
    answer = rig.call("POST", "/instance-groups", {"name": "made"}, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == status, answer.text
