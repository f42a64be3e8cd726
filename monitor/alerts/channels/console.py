"""How are people told who sit at the terminal?"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TextIO

from monitor.alerts.base import Receipt
from monitor.alerts.message import Message
from monitor.alerts.text import as_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """Prints messages: framed and coloured on a terminal, plain everywhere else."""

    stream: TextIO | None = None  # standard output, as it is when the message is sent

    def send(self, message: Message, root: Receipt | None) -> Receipt:
        """Print the message. Nothing printed can be edited, so `root` only comes back."""
        stream = self.stream or sys.stdout
        if message.page:
            stream.write(message.page.text + "\n")
        elif stream.isatty():
            from monitor.alerts.terminal import print_framed  # noqa: PLC0415 rich, when there is something to frame

            print_framed(message, stream)
        else:
            stream.write(as_text(message) + "\n")
        stream.flush()
        return root or Receipt({"message": message.id})
