"""How are files written that people own, so that each holds all of the old text or all of the new one?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from monitor.errors import UsageError


def write_whole(texts: Mapping[Path, str], mode: int = 0o666) -> None:
    """Write some files in UTF-8, line ends as they are: all beside the old ones first, whose place they then take.

    Args:
        texts: what each is to hold.
        mode: permissions of a file that is new, less those that the umask takes; an old one keeps its own.

    Raises:
        UsageError: one cannot be written; the old ones are as they were.
    """
    beside = {path.resolve(): path.resolve().with_name(f".{path.name}.new") for path in texts}
    try:
        for (path, new), text in zip(beside.items(), texts.values(), strict=True):
            _write(new, text, mode)
            if path.exists():
                path.open("r+b").close()  # what may not be written to is not replaced either
                shutil.copymode(path, new)
        for path, new in beside.items():
            new.replace(path)
    except OSError as error:
        for new in beside.values():
            new.unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written to: {error.strerror}") from None


def _write(path: Path, text: str, mode: int) -> None:
    with open(path, "w", encoding="utf-8", newline="", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
