"""What can stand in the configuration? Every block with its settings, from the classes that read them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from made.tables import blocks_below, first_line, rows_of_block, rows_of_dataclass, section, table
from monitor.alerts.channels import KINDS, channel_class
from monitor.config_format import CheckBlock, ConfigBlock, StoreBlock
from monitor.stores.base import StoreSettings


def text() -> str:
    """Return the settings of the file, then of each block in it."""
    places = blocks_below(ConfigBlock)
    apart = {"store", "checks", "channels"}
    rows = [
        replace(row, takes=f"[a block](#{row.name})") if row.name in apart else row
        for row in rows_of_block(ConfigBlock, places)
    ]
    blocks = [section(block, places) for block in places]
    return "\n\n".join([table(rows), _store(), _checks(), _channels(), *blocks])


def _store() -> str:
    rows = [*rows_of_dataclass(StoreSettings), *rows_of_block(StoreBlock)]
    return f"## `store`\n\n{first_line(StoreSettings)}\n\n{table({row.name: row for row in rows}.values())}"


def _checks() -> str:
    more = "What each of them has besides: [checks](checks.md)."
    return f"## `checks`\n\n{first_line(CheckBlock)} {more}\n\n{table(rows_of_block(CheckBlock))}"


def _channels() -> str:
    more = "`kind` says what it is; a name in `.py` is [a file of your own](../channels.md#a-channel-of-your-own)."
    return "\n\n".join([f"## `channels`\n\n{more}", *map(_channel, KINDS)])


def _channel(kind: str) -> str:
    cls: Any = channel_class(kind)
    rows = list(rows_of_dataclass(cls))
    return f"### `kind: {kind}`\n\n{first_line(cls)}\n\n" + (table(rows) if rows else "It has no settings.")
