"""The outermost frame: every way in which a run can end becomes a sentence on stderr and an exit code."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING

import click

from penstock.cli import command, exit_codes
from penstock.errors import PenstockError

if TYPE_CHECKING:
    from types import FrameType

_COMPLETE = "_PENSTOCK_COMPLETE"


def main() -> int:
    """Run the process's command line to its end; gives the exit code."""
    # Reading a configuration makes many objects that all stay until the end: looking for garbage among them every
    # 700 is a tenth of a check's time.
    gc.set_threshold(50_000, 20, 20)
    signal.signal(signal.SIGTERM, _terminate)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = exit_codes.PIPE_CLOSED
    if code == exit_codes.PIPE_CLOSED:
        # The interpreter flushes once more at its end, and must find an open file then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def run(arguments: list[str]) -> int:
    """Run one command line in this process; gives the exit code, and raises nothing."""
    try:
        return _invoke(arguments)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return exit_codes.USAGE
    except PenstockError as error:
        _say(f"error: {error}", error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort) as stop:
        _say("\ninterrupted", stop)
        return exit_codes.INTERRUPTED
    except exit_codes.Terminated as stop:
        _say("terminated", stop)
        return exit_codes.TERMINATED
    except BrokenPipeError:
        return exit_codes.PIPE_CLOSED
    except Exception as error:
        from penstock.cli.crash import write_report  # noqa: PLC0415 - only a bug pays for it

        path = write_report(error, arguments, os.environ)
        _say(f"error: a bug in Penstock ({type(error).__name__}); the report is {path}", error)
        return exit_codes.BUG


def _invoke(arguments: list[str]) -> int:
    if _COMPLETE in os.environ:
        from click.shell_completion import shell_complete  # noqa: PLC0415 - the shell asks, not the user

        return shell_complete(command, {}, "penstock", _COMPLETE, os.environ[_COMPLETE])
    with command.make_context("penstock", list(arguments)) as context:
        return command.invoke(context) or exit_codes.DONE


def _say(sentence: str, end: BaseException) -> None:
    """The sentence, then the notes: what a command knows of the state that it leaves."""
    click.echo(sentence, err=True)
    stopped = not isinstance(end, Exception) or isinstance(end, click.Abort)
    for note in getattr(end, "__notes__", ("nothing was changed",) if stopped else ()):
        click.echo(f"  {note}", err=True)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise exit_codes.Terminated


if __name__ == "__main__":
    sys.exit(main())
