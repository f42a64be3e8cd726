"""Which other configuration is meant: a file, or this one as it was in a Git revision?"""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from monitor.config import Config, load_config, workspaces
from monitor.errors import UsageError
from monitor.known_checks import mean

WRITTEN = (".yml", ".yaml", ".sql", ".py")  # what configurations are made of


@contextmanager
def other_config(said: str, ours: Config) -> Iterator[Config]:
    """Give the configuration that is compared, on the store and the past of ours.

    Raises:
        UsageError: it is neither a file nor a revision.
        ConfigError: what is wrong with it.
    """
    try:
        if Path(said).is_file():
            yield _on(Path(said), ours)
            return
        with tempfile.TemporaryDirectory(prefix="trackwatch-") as folder:
            yield _on(_checked_out(said, ours.file.resolve(), Path(folder)), ours)
    finally:
        mean(check.own for check in ours.checks.values() if check.own)  # as before


def _on(file: Path, ours: Config) -> Config:
    """Return what another configuration checks and tells, on our past: one past, learned from for as long."""
    other = load_config(file, workspace=ours.workspace if ours.workspace in workspaces(file) else None)
    return replace(other, store=ours.store, state_url=ours.state_url, workspace=ours.workspace, zone=ours.zone)


def _checked_out(revision: str, file: Path, folder: Path) -> Path:
    top = Path(_git(file.parent, "rev-parse", "--show-toplevel").decode().strip())
    known = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    commit = _git(top, *known, wrong=f"--against: {revision} is neither a file nor a Git revision").decode().strip()
    with tarfile.open(fileobj=io.BytesIO(_git(top, "archive", commit))) as packed:
        written = [member for member in packed if Path(member.name).suffix in WRITTEN]
        packed.extractall(folder, written, filter="data")
    there = folder / file.relative_to(top.resolve())
    if not there.is_file():
        raise UsageError(f"--against: {file.name} is not in revision {revision}")
    return there


def _git(folder: Path, *words: str, wrong: str = "") -> bytes:
    try:
        return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True).stdout  # noqa: S603, S607
    except FileNotFoundError:
        raise UsageError("--against a revision needs git, which is not installed") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()
        raise UsageError(wrong or f"--against: git {words[0]} failed: {said}") from None
