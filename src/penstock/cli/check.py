"""`penstock check`: what a commit hook and a pipeline call. It reads files, and neither git nor the network."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli.options import config_option, project
from penstock.cli.reporting import Output, default_format, outputs, show
from penstock.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from penstock.model import Config, FileSet, Report
    from penstock.settings import CheckSettings, Settings


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--nginx-version", metavar="V", help="The release of nginx that runs it. Default: the newest known.")
@click.option("--profile", metavar="NAME", help="default, strict or all.")
@click.option("--fail-on", type=click.Choice(["info", "warning", "error"]), help="Exit with 1 from this severity on.")
@click.option("--select", metavar="RULE", multiple=True, help="Only this rule or category; repeat it for more.")
@click.option("--ignore", metavar="RULE", multiple=True, help="Not this rule or category; repeat it for more.")
@click.option("--named-files-only", is_flag=True, help="Report only what concerns the files that are named.")
@click.option("--fix", is_flag=True, help="Make the safe fixes, each proved, and report what remains.")
@click.option("--unsafe-fixes", is_flag=True, help="Like --fix, with those that may change more than they say.")
@click.option("--diff", is_flag=True, help="Write nothing, and show as a diff what --fix or --unsafe-fixes would do.")
@click.option(
    "--map",
    "mapping",
    metavar="TARGET=FOLDER",
    multiple=True,
    help="Files that the target has in TARGET are in FOLDER.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    envvar="PENSTOCK_FORMAT",
    default=default_format,
    show_default="text; under GitHub Actions github",
    help="How findings are shown on stdout.",
)
@click.option(
    "--output-file",
    "files",
    metavar="FORMAT=PATH",
    multiple=True,
    callback=outputs,
    help="Write the findings to a file too; repeat it for more.",
)
@config_option
def command(  # noqa: PLR0917 - Click calls it by name
    paths: tuple[Path, ...],
    form: str,
    config: Path | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    mapping: tuple[str, ...],
    files: tuple[Output, ...],
    *,
    named_files_only: bool,
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
    **flags: str | None,
) -> int:
    """Find what is broken, unsafe or against policy in NGINX configurations.

    PATHS are main files, fragments (the configurations that include them are checked), folders, or - for stdin.
    Without PATHS the project is checked: its entries and configs, templates rendered for every target.
    """
    from penstock.cli.judging import judge_of

    if named_files_only and not paths:
        raise click.UsageError("--named-files-only without PATHS would report nothing.")
    if diff and files:
        raise click.UsageError("--diff reports nothing, so that there is nothing for --output-file to write.")
    settings = project(config)
    check = _with_flags(settings.check, flags, mapping)
    judge = judge_of(check, select=select, ignore=ignore)
    configs = tuple(_chosen(paths, settings._replace(check=check)))
    if fix or unsafe_fixes or diff:
        from penstock.cli.fixing import fixed

        changeable = paths if named_files_only else None
        configs = fixed(configs, judge, only=changeable, with_unsafe=unsafe_fixes, preview=diff)
    reports = [(config.files, _without_wrapper(config, judge.report(config))) for config in configs]
    if named_files_only:
        only = {os.path.realpath(path) for path in paths}
        reports = [(files, _only(files, report, only)) for files, report in reports]
    if diff:
        from penstock.cli.fixing import previewed

        return previewed(reports, judge)
    return show(reports, judge, form, files=files)


def _with_flags(check: CheckSettings, flags: dict[str, str | None], mapping: Sequence[str]) -> CheckSettings:
    from penstock.model import Severity

    if profile := flags["profile"]:
        check = check._replace(profile=profile)
    if version := flags["nginx_version"]:
        check = check._replace(nginx_version=version)
    if severity := flags["fail_on"]:
        check = check._replace(fail_on=Severity[severity.upper()])
    if mapping:
        check = check._replace(mapping={**check.mapping, **dict(map(_pair, mapping))})
    return check


def _pair(text: str) -> tuple[str, str]:
    target, equals, folder = text.partition("=")
    if not (equals and folder and target.startswith("/")):
        raise click.BadParameter(f"{text!r} is not TARGET=FOLDER, such as /etc/nginx=nginx", param_hint="--map")
    return target, str(Path(folder).absolute())


def _chosen(paths: Sequence[Path], settings: Settings) -> Iterable[Config]:
    from penstock.cli.selection import named, whole_project

    if paths:
        return named(paths, settings, mapping=settings.check.mapping)
    return whole_project(settings)


def _without_wrapper(config: Config, report: Report) -> Report:
    """The blocks that we put around a lone fragment are ours, and no finding of the user's."""
    from penstock.cli.selection import WRAPPER_NAME

    if config.files.entry != WRAPPER_NAME:
        return report
    return replace(report, verdicts=tuple(v for v in report.verdicts if v.finding.span.path != WRAPPER_NAME))


def _only(files: FileSet, report: Report, only: set[str]) -> Report:
    return replace(
        report,
        verdicts=tuple(
            verdict for verdict in report.verdicts if os.path.realpath(files.label(verdict.finding.span.path)) in only
        ),
    )
