"""Which kinds of channel are there?

A channel is one file in this folder: its name is the kind, its class the name with a
capital (`slack.py` has `Slack`), a frozen dataclass whose fields are what the
configuration says. Nothing else is edited. One's own are such a file beside the configuration
(`kind: sms.py`), or a package with an entry point in the group `trackwatch.channels`.
"""

from __future__ import annotations

import difflib
import pkgutil
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from typing import cast

from monitor.alerts.base import Channel
from monitor.errors import UsageError
from monitor.modules import executed

KINDS: tuple[str, ...] = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))
GROUP = "trackwatch.channels"


def channel_class(kind: str, folder: Path = Path()) -> Callable[..., Channel]:
    """Return the class of a kind of channel, and import it (and so its libraries) only now.

    A kind that ends in `.py` is a file in `folder`.

    Raises:
        UsageError: there is no such kind.
    """
    if kind.endswith(".py"):
        return _class_in(folder / kind)
    if kind in KINDS:
        return cast("Callable[..., Channel]", getattr(import_module(f"{__name__}.{kind}"), kind.capitalize()))
    for entry in metadata.entry_points(group=GROUP, name=kind):
        return cast("Callable[..., Channel]", entry.load())
    near = difflib.get_close_matches(kind, KINDS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(KINDS)}"
    raise UsageError(f"no channel of kind {kind!r}; {hint}")


def _class_in(file: Path) -> Callable[..., Channel]:
    """Return the class of a file: `sms.py` has `Sms`."""
    if not file.is_file():
        raise UsageError(f"there is no file {file}; its path is relative to the configuration")
    try:
        module = executed("channel", file)
    except Exception as error:
        raise UsageError(f"{file} cannot be imported: {type(error).__name__}: {error}") from error
    found = getattr(module, file.stem.capitalize(), None)
    if not callable(getattr(found, "send", None)):
        raise UsageError(f"{file} has no class {file.stem.capitalize()} with a method send(self, message, root)")
    return cast("Callable[..., Channel]", found)
