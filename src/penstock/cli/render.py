"""`penstock render`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli.exit_codes import DONE, FINDINGS
from penstock.cli.options import complete_target, config_option, find_target, format_option, project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from penstock.cli.instances import Place
    from penstock.model import FileSet
    from penstock.settings import Settings


@dataclass(frozen=True, slots=True)
class Rendered:
    """The files of one instance of one target."""

    place: Place
    files: FileSet

    @property
    def title(self) -> str:
        """target/instance, or the target alone where nobody knows its instances."""
        return "/".join(filter(None, (self.place.target.name, self.place.instance)))

    @property
    def texts(self) -> Mapping[str, bytes]:
        """The files inside the root by their names below it, sorted."""
        return {self.files.relative(path): data for path, data in sorted(self.files.inside.items())}


@click.command("render")
@click.argument("target", default="", shell_complete=complete_target)
@click.option("--instance", default="", help="Only this instance.")
@click.option(
    "--output",
    "-o",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write DIR/target/instance/... instead of printing. Files that are not from an earlier render stay untouched.",
    metavar="DIR",
)
@click.option(
    "--check", "only_check", is_flag=True, help="Print findings instead of files; with --output, also compare."
)
@click.option("--explain", metavar="PATH:LINE", help="Say which template line and which values made this line.")
@format_option
@config_option
def command(  # noqa: PLR0917 - Click calls it by name
    target: str,
    instance: str,
    output: Path | None,
    explain: str | None,
    form: str,
    config: Path | None,
    *,
    only_check: bool,
) -> int:
    """Make the configuration of TARGET's instances from templates and values; of every target without TARGET."""
    settings = project(config)
    found = _rendered(settings, target, instance)
    if explain:
        return _explain(found, explain)
    if only_check:
        code = _judge(settings, found, form)
        return code if output is None else max(code, _compare(found, output))
    if output is not None:
        return _write(found, output)
    _print(found, form)
    return DONE


def _rendered(settings: Settings, target: str, instance: str) -> Sequence[Rendered]:
    from penstock.cli.instances import DEFAULT_ROOT, Place, all_places, places
    from penstock.errors import NotFound, UsageError
    from penstock.render import desired

    if target:
        named = find_target(settings, target)
        # An instance that no file here names may still be one that the manager knows.
        chosen = (Place(named, instance, named.root or DEFAULT_ROOT),) if instance else places(settings, named)
    else:
        chosen = tuple(place for place in all_places(settings) if not instance or place.instance == instance)
    if instance and not chosen:
        raise NotFound(f"no target has an instance {instance!r}", way_out="Name its target, too.")
    if not chosen:
        raise UsageError(
            f"{settings.file or 'this folder'} has nothing to render",
            way_out="Describe a config in [configs.NAME] and a target in [targets.NAME].",
        )
    return tuple(
        Rendered(place, desired(settings, place.target, instance=place.instance, root=place.root)) for place in chosen
    )


def _print(found: Sequence[Rendered], form: str) -> None:
    from penstock.cli.terminal import plain, print_json, print_text, style

    if form == "json":
        print_json(
            {
                "files": [
                    {
                        "target": one.place.target.name,
                        "instance": one.place.instance,
                        "path": name,
                        "text": data.decode("utf-8", "replace"),
                    }
                    for one in found
                    for name, data in one.texts.items()
                ]
            }
        )
        return
    for one in found:
        for name, data in one.texts.items():
            text = plain(data.decode("utf-8", "surrogateescape"))
            print_text(f"{style(f'==> {one.title}: {name} <==', bold=True)}\n{text}")
            print_text("\n" if text.endswith("\n") else "\n\n")


def _judge(settings: Settings, found: Sequence[Rendered], form: str) -> int:
    from penstock.cli.judging import judge_of
    from penstock.cli.reporting import show
    from penstock.config import parse

    judge = judge_of(settings.check)
    return show([(one.files, judge.report(parse(one.files))) for one in found], judge, form)


def _explain(found: Sequence[Rendered], place: str) -> int:
    from penstock.cli.terminal import plain, print_text
    from penstock.errors import NotFound

    name, _, number = place.rpartition(":")
    if not name or not number.isdecimal():
        raise click.BadParameter(f"{place!r} is not PATH:LINE, such as nginx.conf:12", param_hint="--explain")
    seen = False
    for one in found:
        for path, data in one.files.inside.items():
            if name not in (path, one.files.relative(path)):
                continue
            seen = True
            lines = data.decode("utf-8", "surrogateescape").split("\n")
            origin = one.files.origins[path]
            at = int(number)
            if not 1 <= at <= len(lines):
                continue
            print_text(f"{one.title}: {one.files.relative(path)}:{at}: {plain(lines[at - 1])}\n")
            if at <= len(origin.lines):
                label, line, note = origin.lines[at - 1]
                print_text(f"  from {label}:{line}{f' ({plain(note)})' if note else ''}\n")
            else:
                print_text(f"  from {origin.label}:{at}, as it stands\n")
    if not seen:
        known = sorted({one.files.relative(path) for one in found for path in one.files.inside})
        raise NotFound(f"no file {name!r} is rendered", way_out=f"There are: {', '.join(known[:12])}.")
    return DONE


def _wanted(found: Sequence[Rendered]) -> Mapping[str, bytes]:
    return {f"{one.title}/{name}": data for one in found for name, data in one.texts.items()}


def _compare(found: Sequence[Rendered], output: Path) -> int:
    from penstock.cli.rendered_tree import differences
    from penstock.cli.terminal import print_text, tell

    differing = differences(output, _wanted(found))
    print_text("".join(f"{line}\n" for line in differing))
    if differing:
        tell(f"{output} is not what would be rendered; `penstock render --output {output}` makes it so")
    return FINDINGS if differing else DONE


def _write(found: Sequence[Rendered], output: Path) -> int:
    from penstock.cli.rendered_tree import write_tree
    from penstock.cli.terminal import print_text, tell

    changed = write_tree(output, _wanted(found))
    print_text("".join(f"{line}\n" for line in changed))
    count = len(_wanted(found))
    tell(f"{count} file{'' if count == 1 else 's'} in {output}, {len(changed)} changed")
    return DONE
