"""How does a message look on a terminal: framed, and coloured by how much it matters?"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TextIO, assert_never

from rich.console import Console as Terminal
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Styled

from monitor.alerts.message import Block, Bullets, Facts, Link, Message, Text
from monitor.alerts.text import MARKS, headline, is_heading, moment, status
from monitor.alerts.tidy import tidy

COLOURS = {"critical": "red", "warning": "yellow", "info": "blue", "resolved": "green"}
WIDEST = 96


def print_framed(message: Message, stream: TextIO) -> None:
    """Print a message as wide as the terminal, but no wider than reads well."""
    known = tidy(message)
    colour = COLOURS[known.tone]
    width = min(shutil.get_terminal_size().columns, WIDEST)
    terminal = Terminal(file=stream, width=width, highlight=False, markup=False, emoji=False)
    terminal.print(
        Panel(
            Group(*_body(known, colour)),
            title=Styled(f"{MARKS[known.tone]} {status(known)}", style=f"bold {colour}"),
            title_align="left",
            subtitle=Styled(moment(known.at), style="dim"),
            subtitle_align="right",
            border_style=colour,
            padding=(1, 2),
        )
    )


def _body(message: Message, colour: str) -> Iterator[RenderableType]:
    yield Styled(headline(message), style="bold")
    yield Styled(message.summary)
    for number, block in enumerate(message.blocks):
        gap = 0 if is_heading(message.blocks, number - 1) else 1
        yield Padding(_part(block), (gap, 0, 0, 0))
    if message.chart:
        yield Padding(Styled(message.chart.spark, style=colour), (1, 0, 0, 0))
        yield Styled(message.chart.alt, style="dim")


def _part(block: Block) -> RenderableType:
    match block:
        case Text():
            return Styled.assemble(*((piece, "bold" if bold else "") for piece, bold in block.runs()))
        case Facts(rows):
            return _grid(rows, gap=2)
        case Bullets():
            return _grid(tuple(("•", line) for line in block.shown()), gap=1)
        case Link(label, url):
            return Styled.assemble(f"{label}: ", (url, "underline"))
        case _:
            assert_never(block)


def _grid(rows: tuple[tuple[str, str], ...], gap: int) -> Table:
    grid = Table.grid(padding=(0, gap))
    for left, right in rows:
        grid.add_row(Styled(left, style="dim"), Styled(right))
    return grid
