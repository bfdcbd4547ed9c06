"""Layers of values: how they merge, and where each value came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.documents import Document
from penstock.errors import NotFound, SettingsError
from penstock.render import load_values
from penstock.render.values import copied, key_text, merge
from tests.render.making import values_of, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from penstock.render import Values

LAYERS = {
    "values/base.yaml": "port: 80\nlog: {level: warn, path: /a}\nnames: [a, b]\n",
    "values/environments/staging.yaml": "port: 8080\nlog:\n  level: debug\n",
    "values/environments/production.yaml": "names: [c]\n",
    "values/sites/berlin.yaml": "log: {path: /b}\n",
    "values/instances/edge-1.yaml": "port: 18080\n",
}


def loaded(project: Path, names: Mapping[str, str]) -> Values:
    """The values of a project for these names of layers."""
    return load_values(
        project / "values",
        environment=names.get("environment", ""),
        site=names.get("site", ""),
        instance=names.get("instance", ""),
        shown_from=project,
    )


MERGED: dict[str, tuple[dict[str, str], object]] = {
    "base alone": ({}, {"port": 80, "log": {"level": "warn", "path": "/a"}, "names": ["a", "b"]}),
    "tables merge": (
        {"environment": "staging"},
        {"port": 8080, "log": {"level": "debug", "path": "/a"}, "names": ["a", "b"]},
    ),
    "lists replace": (
        {"environment": "production"},
        {"port": 80, "log": {"level": "warn", "path": "/a"}, "names": ["c"]},
    ),
    "all four": (
        {"environment": "staging", "site": "berlin", "instance": "edge-1"},
        {"port": 18080, "log": {"level": "debug", "path": "/b"}, "names": ["a", "b"]},
    ),
    "a site and an instance without a file": (
        {"site": "paris", "instance": "edge-9"},
        {"port": 80, "log": {"level": "warn", "path": "/a"}, "names": ["a", "b"]},
    ),
}


@pytest.mark.parametrize(("names", "tree"), MERGED.values(), ids=MERGED)
def test_layers_merge_in_their_order(names: dict[str, str], tree: object, tmp_path: Path) -> None:
    """base < environment < site < instance; tables key by key, lists as a whole."""
    write(tmp_path, LAYERS)
    assert tree == loaded(tmp_path, names).tree


def test_every_value_knows_its_layers(tmp_path: Path) -> None:
    """`explain` lists who set it, weakest first; `origin` is the last of them."""
    write(tmp_path, LAYERS)
    values = load_values(
        tmp_path / "values", environment="staging", site="berlin", instance="edge-1", shown_from=tmp_path
    )
    told = [(setting.label, setting.line, setting.value) for setting in values.explain(("port",))]
    assert [
        ("values/base.yaml", 1, 80),
        ("values/environments/staging.yaml", 1, 8080),
        ("values/instances/edge-1.yaml", 1, 18080),
    ] == told
    origins = {
        ("port",): ("values/instances/edge-1.yaml", 1),
        ("log", "level"): ("values/environments/staging.yaml", 3),
        ("log", "path"): ("values/sites/berlin.yaml", 1),
        ("names", 1): ("values/base.yaml", 3),
        ("names", 7): ("values/base.yaml", 3),
        ("absent",): ("values/instances/edge-1.yaml", 1),
    }
    assert origins == {path: values.origin(path) for path in origins}
    assert values.explain(("absent",)) == ()


def test_a_replaced_list_has_no_old_items() -> None:
    """What a stronger layer's shorter list hides is not given as an origin of what stands there."""
    values = values_of("a: [1, 2, 3]", "\n\na: [9]")
    assert values.tree == {"a": [9]}
    assert values.origin(("a", 0)) == ("layer1.yaml", 3)


def test_a_scalar_replaces_a_table_and_back() -> None:
    """A stronger layer may change the kind; nothing of the weaker one shines through."""
    assert values_of("a: {b: 1}", "a: 2").tree == {"a": 2}
    assert values_of("a: {b: 1}", "a: 2", "a: {c: 3}").tree == {"a": {"c": 3}}
    assert values_of("a: {b: 1}", "a: null").tree == {"a": None}


FAULTS: dict[str, tuple[dict[str, str], dict[str, str], type[Exception], str]] = {
    "no base": ({"values/base.yaml": ""}, {}, NotFound, "there is no values/base.yaml"),
    "no such environment": ({}, {"environment": "stagin"}, NotFound, "Did you mean staging?"),
    "nothing like it": ({}, {"environment": "x"}, NotFound, "There is: production, staging."),
    "an environment that leads out": ({}, {"environment": "../base"}, SettingsError, "cannot name a file of values"),
    "an instance that leads out": ({}, {"instance": "../base"}, SettingsError, "cannot name a file of values"),
    "a hidden instance": ({}, {"instance": ".git"}, SettingsError, "cannot name a file of values"),
    "an instance with a NUL": ({}, {"instance": "a\0b"}, SettingsError, "cannot name a file of values"),
    "a list": (
        {"values/instances/edge-1.yaml": "- a"},
        {"instance": "edge-1"},
        SettingsError,
        "values/instances/edge-1.yaml:1: a layer",
    ),
    "not YAML": (
        {"values/instances/edge-1.yaml": "a: ["},
        {"instance": "edge-1"},
        SettingsError,
        "values/instances/edge-1.yaml:",
    ),
    "the reserved name": (
        {"values/instances/edge-1.yaml": "a: 1\npenstock: {}"},
        {"instance": "edge-1"},
        SettingsError,
        "values/instances/edge-1.yaml:2: penstock is the name of what Penstock knows",
    ),
}


@pytest.mark.parametrize(("files", "names", "error", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named(
    files: dict[str, str], names: dict[str, str], error: type[Exception], message: str, tmp_path: Path
) -> None:
    """The file, and what to do."""
    write(tmp_path, {**LAYERS, **files})
    if files.get("values/base.yaml") == "":
        (tmp_path / "values/base.yaml").unlink()
    with pytest.raises(error) as caught:
        loaded(tmp_path, names)
    assert message in str(caught.value)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    """A pull request cannot have another file of the machine read, and shown in an error."""
    write(tmp_path, LAYERS)
    (tmp_path / "outside.yaml").write_text("a: 1")
    (tmp_path / "values/instances/edge-2.yaml").symlink_to(tmp_path / "outside.yaml")
    with pytest.raises(SettingsError, match="is a link that leads out of values/"):
        load_values(tmp_path / "values", instance="edge-2")


def test_an_empty_layer_changes_nothing() -> None:
    """A file of comments is a layer that says nothing."""
    values = values_of("a: 1", "# nothing yet")
    assert values.tree == {"a": 1}
    assert values.origin(("a",)) == ("base.yaml", 1)


def test_a_path_reads_as_people_write_it() -> None:
    """Dots for keys, brackets for indices."""
    assert key_text(("upstreams", 0, "servers", 12, "port")) == "upstreams[0].servers[12].port"


trees = st.recursive(
    st.integers(0, 9) | st.text("ab", max_size=2),
    lambda inside: st.dictionaries(st.sampled_from("abc"), inside, max_size=3) | st.lists(inside, max_size=2),
    max_leaves=8,
)
tables = st.dictionaries(st.sampled_from("abc"), trees, max_size=3)


def layer(tree: object) -> Document:
    return Document(tree, {(): 1}, "layer")


@given(st.lists(tables, max_size=4))
def test_merging_in_parts_is_merging_at_once(layers: list[dict[str, object]]) -> None:
    """((a < b) < c) is (a < b < c), nothing handed in is changed, and an equal layer over itself changes nothing."""
    before = copied(list(layers))
    whole = merge([layer(tree) for tree in layers]).tree
    assert layers == before
    step: dict[str, object] = {}
    for tree in layers:
        step = dict(merge([layer(step), layer(tree)]).tree)
    assert whole == step
    assert merge([layer(whole), layer(whole)]).tree == whole
