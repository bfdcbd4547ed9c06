"""What nginx itself knows, by version: directives, contexts, arguments, variables, advisories.

Facts only, from data files in `data/`:
nginx-directives.json: from the command tables in the source of every open source release since 1.18.0.
nginx-reference.json: the directives of nginx's documentation, with NGINX Plus and the modules that ship apart.
nginx-cves.json: nginx.org/en/security_advisories.html.
"""

from __future__ import annotations

from penstock.catalog.advisories import Advisory
from penstock.catalog.catalog import Catalog, catalog
from penstock.catalog.facts import DirectiveFact, ReferenceFact, VariableFact

__all__ = ["Advisory", "Catalog", "DirectiveFact", "ReferenceFact", "VariableFact", "catalog"]
