"""`trackwatch alert`: does a message reach people?"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from monitor.cli.common import config_option, current_time, workspace_option
from monitor.errors import DeliveryError, UsageError


@click.group("alert")
def command() -> None:
    """Try the channels."""


@command.command("test")
@click.argument("channel", required=False)
@config_option
@workspace_option
def test(channel: str | None, config_path: Path | None, workspace: str | None) -> None:
    """Send a real message to one CHANNEL, or to all, and say what came back."""
    from monitor.alerts.trial import test_message  # noqa: PLC0415 keeps --help fast
    from monitor.config import load_config  # noqa: PLC0415

    channels = load_config(config_path, workspace=workspace).channels
    if channel is not None and channel not in channels:
        raise UsageError(f"there is no channel {channel!r}; the configuration has {', '.join(channels) or 'none'}")
    if not channels:
        raise UsageError("the configuration names no channels; add one under 'channels:'")
    message = test_message(current_time())
    refused = False
    for name in [channel] if channel else channels:
        try:
            receipt = channels[name].send(message, None)
        except DeliveryError as error:
            refused = True
            again = "will not work until that is changed" if error.permanent else "may work later"
            click.echo(f"{name}: not sent: {error.reason} ({again})")
        else:
            given = ", ".join(f"{key} {value}" for key, value in receipt.data.items())
            click.echo(f"{name}: sent ({given})")
    sys.exit(DeliveryError.exit_code if refused else 0)
