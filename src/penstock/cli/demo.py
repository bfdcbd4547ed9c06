"""`penstock demo`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("demo")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".demo"),
    show_default=True,
    help="Where the demo plays; new, empty or its own.",
)
@click.option("--only-publish", is_flag=True, help="Only publish once, and print how long that took.")
def command(folder: Path, *, only_publish: bool) -> None:
    """Lead the example project through the main job, on three real nginx on loopback.

    Needs nginx and the manager extra. Nothing outside the folder is written, and no process stays.
    """
    from penstock.cli.demonstration.stage import Stage, say
    from penstock.cli.demonstration.story import tell, time_one_publish

    stage = Stage(folder)
    try:
        stage.build()
        if only_publish:
            time_one_publish(stage)
            return
        tell(stage)
    finally:
        stage.close()
    say(f"\nEvery step did what it said. The three nginx are stopped; {stage.folder} is left to look at.")
