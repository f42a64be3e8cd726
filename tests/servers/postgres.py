"""How is a PostgreSQL of a test's own started? With the one that pip installs."""

from __future__ import annotations

import subprocess
from types import ModuleType
from typing import Any

import pytest


def started(pgserver: ModuleType, folders: pytest.TempPathFactory, tries: int = 3) -> Any:
    """Start a server; its package gives it ten seconds, which a busy machine may miss."""
    try:
        return pgserver.get_server(folders.mktemp("pg"))
    except subprocess.SubprocessError:
        if tries == 1:
            raise
        return started(pgserver, folders, tries - 1)
