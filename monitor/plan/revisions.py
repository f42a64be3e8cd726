"""Which plan did the team have in another revision of its Git repository?

Only `git rev-parse`, `git ls-tree` and `git show` are called; nothing in the working tree is touched.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from monitor.errors import ConfigError, UsageError
from monitor.plan.load import WrittenPlan, parse_plan, read_plan

_REVISION = re.compile(r"(?P<revision>[^:\s-][^:\s]*):(?P<path>.+)")


def open_plan(said: str, path: Path | None = None) -> tuple[str, WrittenPlan]:
    """Return a plan and what to call it.

    Args:
        said: a file or folder; `REVISION:path`; or a revision, of which `path` is read.
        path: the plan in the working tree.
    """
    if Path(said).exists():
        return said, read_plan(Path(said))
    if found := _REVISION.fullmatch(said):
        return said, _at_revision(found["revision"], Path(found["path"]))
    if path is not None and not said.startswith("-"):
        return f"{said}:{path}", _at_revision(said, path)
    raise UsageError(f"there is no file or folder {said}; for a Git revision, write REVISION:path")


def _at_revision(revision: str, path: Path) -> WrittenPlan:
    folder = next((each for each in [path, *path.absolute().parents] if each.is_dir()), Path())
    top = Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip())
    _git(
        folder,
        "rev-parse",
        "--verify",
        "--quiet",
        f"{revision}^{{commit}}",
        wrong=f"{revision} is neither a file nor a Git revision",
    )
    inside = _inside(path, top)
    listed = _git(top, "ls-tree", "-r", "-z", "--name-only", revision, "--", inside).decode().split("\0")
    files = [name for name in listed if name and (name == inside or name.endswith((".yml", ".yaml")))]
    if not files:
        raise UsageError(f"{inside} is not in revision {revision}")
    texts: list[tuple[str, bytes | ConfigError]] = [
        (f"{revision}:{name}", _git(top, "show", f"{revision}:{name}")) for name in files
    ]
    return parse_plan(texts)


def _inside(path: Path, top: Path) -> str:
    try:
        return str(path.absolute().resolve().relative_to(top.resolve()))
    except ValueError:
        raise UsageError(f"{path} is not in the Git repository {top}") from None


def _git(folder: Path, *arguments: str, wrong: str = "") -> bytes:
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)  # noqa: S603 no shell, fixed words
    except FileNotFoundError:
        raise UsageError("git is not installed, and revisions are read by it") from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"git {arguments[0]} did not answer within a minute") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["failed"]
        raise UsageError(wrong or f"git {arguments[0]}: {said[-1].removeprefix('fatal: ')}")
    return done.stdout
