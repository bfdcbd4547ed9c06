"""One module of handlers for each resource, and all of them together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.manager.handlers import configs, deployments, groups, inventory, publishing, service

if TYPE_CHECKING:
    from penstock.manager.services import Services
    from penstock.manager.web import Binding


def bindings(services: Services) -> list[Binding]:
    """Every endpoint of the table with its handler."""
    return [
        binding
        for resource in (inventory, publishing, deployments, configs, groups, service)
        for binding in resource.bindings(services)
    ]
