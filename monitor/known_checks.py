"""Which checks are there: trackwatch's, those of packages, and those in Python beside a configuration?

The last are that configuration's alone. Another one, or the same one later, may have a check of the same name that is
written otherwise, and each judges with its own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import checks
from checks.base import CHECKS, Kind, Registered, apart
from monitor.errors import Problem, UsageError
from monitor.modules import executed


@dataclass(frozen=True, slots=True)
class OwnCheck:
    """A check in Python, and as which text it was loaded."""

    code: str  # digest of its file
    registered: Registered = field(repr=False, compare=False)


_LOADED: dict[Path, tuple[str, Mapping[str, Registered]]] = {}  # file -> digest of its text, what it registered
_KINDS: dict[tuple[str, str], Kind] = {}  # of (check, kind): incidents outlive the check that found them


def load_checks() -> None:
    """Load every check, those of other packages too.

    Raises:
        UsageError: a check cannot be imported.
    """
    try:
        checks.load()
    except Exception as error:
        message = f"a check cannot be loaded: {type(error).__name__}: {error}; repair or uninstall its package"
        raise UsageError(message) from error


def load_folder(folder: Path) -> tuple[dict[str, OwnCheck], list[Problem]]:
    """Return the checks of a folder by name, and what is wrong with its files.

    A file is executed again only when its text has changed.
    """
    found: dict[str, OwnCheck] = {}
    places: dict[str, str] = {}
    problems = list[Problem]()
    for file in sorted(folder.glob("*.py")):
        try:
            code, registered = _loaded(file)
        except Exception as error:  # noqa: BLE001 whatever a user's file may raise
            message = f"the check cannot be loaded: {_said(error)}"
            problems.append(Problem(str(file), _line(error, file), message, "repair the file"))
            continue
        for name, each in registered.items():
            place = f"{file}:{_line_of(name, file)}"
            if name in CHECKS:
                message = f"there is a check {name!r} already, which is not yours"
                problems.append(Problem(*_split(place), message, "give yours another name"))
            elif (other := places.setdefault(name, place)) != place:
                problems.append(Problem(*_split(place), f"the check {name!r} is there twice", f"see {other}"))
            else:
                found[name] = OwnCheck(code, each)
    mean(found.values())
    return found, problems


def mean(own: Iterable[OwnCheck]) -> None:
    """Let the kinds of these checks mean what these say, where others have kinds of the same name."""
    for each in own:
        _KINDS.update({(each.registered.name, name): kind for name, kind in each.registered.kinds.items()})


def kind(check: str, name: str) -> Kind | None:
    """Return what a kind of an own check means; None: nobody has loaded such a check."""
    return _KINDS.get((check, name))


def _loaded(file: Path) -> tuple[str, Mapping[str, Registered]]:
    path, code = file.resolve(), hashlib.sha256(file.read_bytes()).hexdigest()
    known = _LOADED.get(path)
    if known is None or known[0] != code:
        with apart() as registered:
            executed("own", file)
        known = _LOADED[path] = (code, registered)
    return known


def _line_of(name: str, file: Path) -> int:
    """Return the line in which a file registers a check."""
    lines = file.read_text("utf-8").splitlines()
    said = re.compile(rf"[\"']{re.escape(name)}[\"']")
    return next((number for number, line in enumerate(lines, start=1) if said.search(line)), 1)


def _split(place: str) -> tuple[str, int]:
    file, _, line = place.rpartition(":")
    return file, int(line)


def _line(error: Exception, file: Path) -> int:
    """Return the line of a user's file in which an error came up."""
    if isinstance(error, SyntaxError):
        return error.lineno or 1
    lines = []
    trace: Any = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    return lines[-1] if lines else 1


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}"
