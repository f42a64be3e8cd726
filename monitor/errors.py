"""What can go wrong with trackwatch itself, and with which exit code does it end?

TrackwatchError
├── UsageError          2  the command line, the configuration or the plan says something impossible
│   └── ConfigError     2  …with file, line and what to write instead
├── UnreachableError    3  something outside did not answer
│   ├── StoreError      3  the event store (message without the password)
│   └── StateError      3  the state database
├── OvertakenError      0  another process was faster: what this one would have kept is there already
├── StoppedError        3  trackwatch was told to stop while the store was being asked
└── DeliveryError       –  a channel did not take a message; permanent or worth another try
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class TrackwatchError(Exception):
    """Base of all errors that end in a sentence for the user, never in a traceback."""

    exit_code: ClassVar[int] = 1


class UsageError(TrackwatchError):
    """The command line, the configuration or the plan cannot be followed."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file: where, what, and what to write instead."""

    file: str
    line: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Return `file:line: message; hint`."""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.file}:{self.line}: {self.message}{hint}"


class ConfigError(UsageError):
    """One or more problems in configuration or plan."""

    def __init__(self, *problems: Problem) -> None:
        """Keep the problems, one a line."""
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class OvertakenError(TrackwatchError):
    """Another process evaluates the workspace, or was faster; nothing was kept, told or lost by this one."""

    exit_code = 0


class StoppedError(TrackwatchError):
    """Somebody stopped trackwatch while the store was being asked; what it was asked was taken back."""

    exit_code = 3


class UnreachableError(TrackwatchError):
    """Something outside trackwatch did not answer."""

    exit_code = 3


class StoreError(UnreachableError):
    """The event store did not answer, or refused. The message never holds a password."""


class StateError(UnreachableError):
    """The state database did not answer, or is of another version."""


class DeliveryError(TrackwatchError):
    """A channel did not take a message."""

    exit_code = 3

    def __init__(
        self, reason: str, *, permanent: bool, ambiguous: bool = False, retry_after: float | None = None
    ) -> None:
        """Say why, and whether another try can help (in `retry_after` seconds).

        `ambiguous`: the message may have arrived all the same.
        """
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.retry_after = retry_after
