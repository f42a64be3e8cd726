"""What can be typed after `trackwatch`? Each command is a module of this folder, imported when it is called."""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from types import FrameType
from typing import Any

import click

from monitor.errors import TrackwatchError, UnreachableError

# a run makes millions of objects and next to no cycles: looking for them took a quarter of it
SELDOM = (100_000, 50, 100)
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}  # what a disk says that takes no more

COMMANDS = {
    "demo": "Make a shop's events with planted faults, and show what trackwatch finds in them.",
    "scan": "Report on the quality of event files: no configuration needed.",
    "init": "Write a commented starter configuration.",
    "validate": "Check configuration and plan, without a database.",
    "plan": "Check, import, export and compare the tracking plan.",
    "verify": "Verify a release in development: did every planned event fire, and rightly?",
    "explain": "Show the SQL that a run would issue.",
    "run": "Evaluate everything that is due, once.",
    "serve": "Keep running: evaluate on schedule.",
    "backtest": "Replay the past: which alerts would have been sent?",
    "detectability": "How small a drop or spike of each event would be seen, and how soon?",
    "drill": "Plant faults into a copy of the past: which would be seen, and when?",
    "tune": "Suggest other priorities, minimum effects and holidays, with the evidence.",
    "report": "Report on a week: can its answers be trusted, what broke, what to do.",
    "alert": "Send a test message to each channel.",
    "user": "Say who may log in to the pages.",
    "incidents": "List the incidents, or show one.",
    "deliveries": "List the messages: sent, suppressed, failed or waiting, and why.",
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is called: `--help` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"monitor.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Suggest the nearest command for one that does not exist."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib  # noqa: PLC0415 only when something was mistyped

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise click.UsageError(f"No such command '{args[0]}'.{hint}", ctx) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="trackwatch", message="trackwatch %(version)s")
def cli() -> None:
    """Watch event data: missing events, odd volumes, duplicates, unused properties, broken plans.

    Exit codes: 0 nothing wrong, 1 open problems, 2 usage or configuration, 3 store or channel not reached.
    """


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """End as on Ctrl-C: what the database is working on is taken back, connections are closed."""
    sys.exit(143)


def main(args: list[str] | None = None) -> None:
    """Run the command line; errors end in a sentence and an exit code, never in a traceback."""
    signal.signal(signal.SIGTERM, _leave)
    gc.set_threshold(*SELDOM)
    try:
        cli.main(args=args, prog_name="trackwatch")
    except TrackwatchError as error:
        click.echo(f"trackwatch: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in FULL:
            raise
        _drop_what_cannot_be_written()
        where = f"{error.filename}: " if error.filename else ""
        with suppress(OSError):  # nobody to tell it to
            click.echo(f"trackwatch: cannot write: {where}{error.strerror}; what was found is kept", err=True)
        sys.exit(UnreachableError.exit_code)


def _drop_what_cannot_be_written() -> None:
    """Send what stdout still holds to nowhere: at the end, Python would try again, and complain."""
    with suppress(OSError, ValueError):  # a stdout that is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
