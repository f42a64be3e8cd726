"""On which configuration does the demo run? The shipped one, written beside the shop's database."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import sysconfig
from pathlib import Path

from monitor.config import Config, load_config

CHECKOUT = Path(__file__).parents[2] / "config"
INSTALLED = Path(sysconfig.get_path("data")) / "share" / "trackwatch" / "config"
FILE = "trackwatch.yml"


def demo_config(folder: Path, now: dt.datetime | None = None) -> Config:
    """Write the shipped configuration and plan into the demo's folder, and return it as any command reads it there.

    Args:
        folder: where the shop's database and the state are.
        now: at what time the shop ends; it always is that time then. None: as the clock says.
    """
    home = CHECKOUT if (CHECKOUT / FILE).exists() else INSTALLED
    shutil.copyfile(home / "plan.yml", folder / "plan.yml")
    text = (home / FILE).read_text("utf-8")
    place = folder.resolve().as_posix()
    text = re.sub(r"(?m)^  url: duckdb:.*$", lambda _: f'  url: "duckdb:///{place}/shop.duckdb"', text)
    text = re.sub(r"(?m)^state: .*$", lambda _: f'state: "sqlite:///{place}/trackwatch.db"', text)
    if now is not None:
        text += f"\n# The shop's events end here, so that it is always this time.\nclock: {now:%Y-%m-%dT%H:%M:%SZ}\n"
    (folder / FILE).write_text(text, encoding="utf-8")
    return load_config(folder / FILE, environ={})
