"""`trackwatch serve`: keep running, evaluate on schedule, show the pages."""

from __future__ import annotations

import os
import queue
import signal
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from monitor.cli.common import current_time

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.interactions import Listener
    from monitor.pipeline import Result
    from monitor.service import Service, World
    from monitor.stores.base import Store
    from monitor.web.server import Server

STOP, RELOAD = "stop", "reload"
ALL = "all"  # workspaces of a configuration


@click.command("serve")
@click.option(
    "--config",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Configuration, or a folder of them; may be given several times. "
    "By default ./trackwatch.yml, then ./config/trackwatch.yml.",
)
@click.option(
    "--workspace",
    "names",
    multiple=True,
    help="One of the configuration's 'workspaces', or 'all' of them and its own; may be given several times. "
    "By default its own.",
)
def command(paths: tuple[Path, ...], names: tuple[str, ...]) -> None:
    """Evaluate on schedule (`schedule: {every: 1h}`), and show the pages, until stopped.

    SIGHUP, or a change of its files, reads the configuration again; a wrong one is not taken over. SIGTERM ends
    it: what the store is being asked is taken back, and another process may take over at once.
    """
    from monitor.logs import write_log  # noqa: PLC0415 keeps --help fast
    from monitor.schedule import Clockwork  # noqa: PLC0415

    orders = _orders()
    configs = [config for path in _files(paths) for config in _workspaces(path, names)]
    _refuse_one_address(configs)
    write_log("json" if any(config.log == "json" for config in configs) else "text")
    clockwork = Clockwork(threads=2 * len(configs) + 2)
    with ExitStack() as stack:
        services = [stack.enter_context(_served(config)) for config in configs]
        for service in services:
            service.wind(clockwork)
            click.echo(f"{service.config.workspace}: evaluating {service.config.schedule}, until stopped", err=True)
        clockwork.start()
        for _ in iter(orders.get, STOP):
            for service in services:
                service.reload(forced=True)
        for service in services:
            service.stop()
        clockwork.stop()


def _orders() -> queue.SimpleQueue[str]:
    """Return what the signals of the process will say; such a queue may be filled from a signal handler."""
    orders: queue.SimpleQueue[str] = queue.SimpleQueue()

    def order(said: str) -> Callable[[int, FrameType | None], None]:
        return lambda _signal, _frame: orders.put(said)

    for name, said in (("SIGTERM", STOP), ("SIGINT", STOP), ("SIGHUP", RELOAD)):
        if number := getattr(signal, name, None):  # Windows has no SIGHUP
            signal.signal(number, order(said))
    return orders


def _files(paths: tuple[Path, ...]) -> list[Path | None]:
    """Return the configurations that are meant: of a folder, every file that says where events lie."""
    from monitor.document import load_document  # noqa: PLC0415 keeps --help fast
    from monitor.errors import UsageError  # noqa: PLC0415

    found: list[Path | None] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = [file for file in sorted(path.glob("*.y*ml")) if "store" in load_document(file).data]
        if not inside:
            raise UsageError(f"no file in {path} has a 'store': it is no folder of configurations")
        found += inside
    return found or [None]


def _workspaces(path: Path | None, names: tuple[str, ...]) -> list[Config]:
    """Return a configuration as it is in each of the workspaces that are meant."""
    from monitor.config import load_config, workspaces  # noqa: PLC0415 keeps --help fast

    if ALL in names:
        return [load_config(path), *(load_config(path, workspace=name) for name in workspaces(path))]
    return [load_config(path, workspace=name) for name in dict.fromkeys(names or (None,))]


def _refuse_one_address(configs: Sequence[Config]) -> None:
    """Refuse workspaces whose pages would have the same address, before anything is opened."""
    from monitor.errors import UsageError  # noqa: PLC0415 keeps --help fast

    taken: dict[tuple[str, int], str] = {}
    for config in (each for each in configs if each.web.enabled and each.web.port):
        place = config.web.host, config.web.port
        if place in taken:
            hint = f"write workspaces: {{{config.workspace}: {{web: {{port: {place[1] + 1}}}}}}}, or enabled: false"
            said = f"the pages of {taken[place]} and of {config.workspace} have the same address, {place[0]}:{place[1]}"
            raise UsageError(f"{said}; {hint}")
        taken[place] = config.workspace


@contextmanager
def _served(config: Config) -> Iterator[Service]:
    """Open what a configuration needs, and close it in the end."""
    from monitor.history.memory import Memory  # noqa: PLC0415 keeps --help fast
    from monitor.leadership import Leadership, only_process  # noqa: PLC0415
    from monitor.service import Service  # noqa: PLC0415

    with ExitStack() as stack:
        if file := _state_file(config.state_url):
            stack.callback(only_process(file, config.workspace).release)
        memory = Memory(config.state_url, config.workspace)
        holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        service = Service(config, memory, Leadership(memory, holder, time.monotonic), _world())
        stack.callback(service.leave)
        stack.callback(_buttons(service).stop)
        if pages := _pages(service):
            click.echo(f"{config.workspace}: pages at {pages.url}", err=True)
            stack.callback(pages.stop)
        yield service


def _state_file(url: str) -> Path | None:
    """Return the file that keeps the state, if it is one."""
    kind, _, path = url.partition(":///")
    return Path(path) if kind.startswith("sqlite") and path and not path.startswith(":") else None


def _world() -> World:
    from monitor.service import World  # noqa: PLC0415 keeps --help fast
    from monitor.stores.opening import DeferredStore  # noqa: PLC0415

    def open_store(config: Config) -> Store:
        return DeferredStore(config.store.settings, config.plan)

    return World(now=current_time, open_store=open_store, show=_show)


def _show(config: Config, result: Result, seconds: float) -> None:
    from monitor.summary import as_text  # noqa: PLC0415 keeps --help fast

    if config.log == "text":
        click.echo(as_text(config, result, seconds))


def _buttons(service: Service) -> Listener:
    """Hear buttons over Socket Mode, where a channel wants that; it follows the configuration too."""
    from monitor.interactions import Listener  # noqa: PLC0415 keeps --help fast

    listener = Listener(service.memory, service.now)
    listener.follow(service.config)
    service.followers.append(listener.follow)
    return listener


def _pages(service: Service) -> Server | None:
    """Serve the pages, unless they are switched off; they follow the configuration when it is read again."""
    from monitor.web import health  # noqa: PLC0415 keeps --help fast
    from monitor.web.app import create_app, prepare  # noqa: PLC0415
    from monitor.web.server import start  # noqa: PLC0415
    from monitor.web.site import attach  # noqa: PLC0415

    config = service.config
    if not config.web.enabled:
        return None
    app = create_app(config, service.memory, service.now)
    health.attach(app, service.health, lambda: service.leading)
    service.followers.append(lambda changed: attach(app, changed, service.memory, service.now))
    service.listeners.append(lambda: prepare(app))
    return start(app, config.web)
