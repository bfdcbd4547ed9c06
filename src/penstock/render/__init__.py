"""Templates and layers of values to configurations, with the origin of every line. The only door to jinja2, jsonschema.

A template runs in a sandbox, over values that its schema has accepted; what it makes is a FileSet like any other.
"""

from __future__ import annotations

from penstock.render.manifest import Template, find_template, shipped_templates
from penstock.render.rendering import render
from penstock.render.schema import complete
from penstock.render.targets import desired, render_probes, target_facts, target_values
from penstock.render.values import Setting, Values, load_values

__all__ = [
    "Setting",
    "Template",
    "Values",
    "complete",
    "desired",
    "find_template",
    "load_values",
    "render",
    "render_probes",
    "shipped_templates",
    "target_facts",
    "target_values",
]
