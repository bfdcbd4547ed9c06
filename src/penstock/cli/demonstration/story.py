"""The demo's story: each step does what it says, or the demo ends with an error."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from penstock.cli.demonstration.hammer import Hammer
from penstock.cli.demonstration.stage import say
from penstock.errors import StateUnknown

if TYPE_CHECKING:
    from penstock.cli.demonstration.stage import Stage

SITE = "templates/edge/conf.d/shop.conf.j2"
PRODUCTION = "values/environments/production.yaml"
METRICS = """
server {
    listen 127.0.0.1:{{ metrics_port }};
    server_name metrics.internal;

    location = /status {
        stub_status;
        allow 127.0.0.1;
        deny all;
    }
}
"""


def tell(stage: Stage) -> None:
    """Play the whole story. Raises StateUnknown at the first step that does not end as told."""
    say(f"Three nginx run on loopback, in {stage.folder}; a git repository holds their template and values.")
    _show(stage, "They were set up by hand:")
    with Hammer(stage.edges) as hammer:
        _check_and_fix(stage)
        _publish(stage)
        _refuse(stage)
        _fail_to_activate(stage)
        _roll_back(stage)
        _look_back(stage)
    _step("Traffic")
    say(f"A client asked all along, {hammer.asked} times; requests that failed: {hammer.failed}.")
    if hammer.failed or not hammer.asked:
        raise StateUnknown(f"traffic was interrupted: {hammer.first_failure or 'nothing was asked'}")


def _check_and_fix(stage: Stage) -> None:
    _step("Render: what staging would get")
    stage.run("penstock", "render", "staging")
    _step("Check: the gate finds a mistake in what the template makes")
    stage.run("penstock", "check", expect=1)
    _step("Fix it")
    stage.edit(SITE, "location /assets {", "location /assets/ {")
    stage.run("git", "diff", "--unified=1")
    stage.run("penstock", "check")
    stage.commit("Close the alias traversal")


def _publish(stage: Stage) -> None:
    _step("Plan: everything that would happen, in one file")
    stage.run("penstock", "plan", "production", "--message", "First release", "--output", "release-1.plan.json")
    _step("Publish exactly that plan to the group")
    _show(stage, "Served before:")
    stage.run("penstock", "publish", "release-1.plan.json")
    _serve(stage, "Welcome to the shop from {name}", "Served after:")


def _refuse(stage: Stage) -> None:
    _step("A change that the rules refuse: a visitor would choose where the proxy connects to")
    stage.edit(
        SITE,
        "    location = /health {",
        "    location /fetch {\n        proxy_pass http://$arg_host;\n    }\n\n    location = /health {",
    )
    stage.run("penstock", "plan", "production", "--output", "refused.plan.json", expect=1)
    stage.git("checkout", "--quiet", "--", SITE)
    if (stage.project / "refused.plan.json").exists():
        raise StateUnknown("a refused change has a plan file")


def _fail_to_activate(stage: Stage) -> None:
    _step("A change that passes our rules and nginx -t, and yet cannot go live: another process holds the port")
    say(f"Held by process {os.getpid()}: 127.0.0.1:{stage.held_port}. {stage.edges[-1].name} is about to ask for it.")
    site = stage.project / SITE
    site.write_text(site.read_text() + METRICS)
    stage.run("penstock", "check")
    stage.run("penstock", "plan", "production", "--message", "Serve metrics", "--output", "metrics.plan.json")
    stage.run("penstock", "publish", "metrics.plan.json", expect=6)
    _serve(stage, "Welcome to the shop from {name}", "Served after it was rolled back:")
    stage.git("checkout", "--quiet", "--", SITE)


def _roll_back(stage: Stage) -> None:
    _step("A second release, and a change of mind")
    stage.edit(PRODUCTION, "greeting: Welcome to the shop", "greeting: Everything must go")
    stage.commit("A new greeting")
    stage.run("penstock", "publish", "production", "--yes", "--message", "Second release")
    _serve(stage, "Everything must go from {name}", "Served:")
    stage.run("penstock", "rollback", "production", "--yes", "--message", "Too pushy")
    _serve(stage, "Welcome to the shop from {name}", "Served after the rollback:")


def _look_back(stage: Stage) -> None:
    _step("The history: who published what, when, and how it ended")
    stage.run("penstock", "history", "log")
    stage.run("penstock", "history", "diff", "HEAD~1", "HEAD", "--instance", "edge-1")
    stage.run("penstock", "history", "verify")
    stage.run("penstock", "status", "production")


def _step(title: str) -> None:
    say(f"\n{'=' * 100}\n{title}\n{'=' * 100}")


def _show(stage: Stage, title: str) -> None:
    say(f"\n{title}")
    for edge, answer in zip(stage.edges, stage.served(), strict=True):
        say(f"  http://127.0.0.1:{edge.listen_port}/  {answer}")


def _serve(stage: Stage, answer: str, title: str) -> None:
    """Show what is served, and hold it to what should be."""
    _show(stage, title)
    expected = tuple(answer.format(name=edge.name) for edge in stage.edges)
    if stage.served() != expected:
        raise StateUnknown(f"served is {stage.served()}, and should be {expected}")


def time_one_publish(stage: Stage) -> None:
    """Publish the fixed example once; print `publish_s` and, for comparison, `reload_s`: three bare reloads."""
    stage.edit(SITE, "location /assets {", "location /assets/ {")
    stage.timed("penstock", "plan", "production", "--output", "release-1.plan.json")
    say(f"publish_s={stage.timed('penstock', 'publish', 'release-1.plan.json'):.3f}")
    reload_s = 0.0
    for edge in stage.edges:
        words = (stage.nginx, "-q", "-c", str(edge.conf), "-p", str(edge.folder), "-e", str(edge.run_dir / "error.log"))
        reload_s += stage.timed(*words, "-t") + stage.timed(*words, "-s", "reload")
    say(f"reload_s={reload_s:.3f}")
