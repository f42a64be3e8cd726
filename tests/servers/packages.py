"""How does a test get a server that pip brings, but that does not fit in beside our own packages?"""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pytest


def installed(name: str, *requirements: str) -> Path:
    """Return a folder with the requirements: installed once for each user of this machine, and not among our packages.

    A test that needs it is skipped where it cannot be installed.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "trackwatch-tests"
    key = hashlib.sha256("\n".join([sys.version, *requirements]).encode()).hexdigest()[:12]
    folder = cache / f"{name}-{key}"
    if not folder.exists():
        made = folder.with_name(f"{folder.name}.{os.getpid()}")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(made), *requirements]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"pip install {' '.join(requirements)}: {done.stderr.strip()[-300:]}")
        with suppress(OSError):  # somebody was faster
            made.rename(folder)
    return folder


def free_port() -> int:
    """Return a port of this machine that nobody uses yet."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@contextmanager
def running(command: Sequence[str], log: Path, port: int, *, seconds: float = 180, **process: object) -> Iterator[None]:
    """Run a server from when it listens on a port until the end of the block; its output goes to `log`."""
    with log.open("wb") as output:
        server = _started(command, output, **process)
        try:
            _await(server, log, lambda: _listens(port), seconds)
            yield
        finally:
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                server.wait(20)
            server.kill()
            server.wait()


def _started(command: Sequence[str], output: IO[bytes], **process: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, **process)  # type: ignore[call-overload]


def _await(server: subprocess.Popen[bytes], log: Path, ready: Callable[[], bool], seconds: float) -> None:
    for _ in range(int(seconds * 5)):
        if ready():
            return
        if server.poll() is not None:
            break
        time.sleep(0.2)
    raise AssertionError(f"the server does not answer:\n{log.read_text(errors='replace')[-3000:]}")


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
