"""On which address are the pages served, and who may see them?"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from monitor.blocks import Block
from monitor.document import shortened
from monitor.values import Flag, Names, Whole, Words, wanted, wrong

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK = ("127.0.0.1", "localhost", "::1")
PORT = 8420


@dataclass(frozen=True, slots=True)
class Proxy:
    """A reverse proxy that has logged people in already, and says in a header who they are."""

    header: str
    trusted: tuple[Network, ...]  # from where the header is believed
    act: frozenset[str]  # who may act; "*": everybody. The others may read


@dataclass(frozen=True, slots=True)
class Serving:
    """Where the pages are, and who may see them."""

    host: str = LOOPBACK[0]
    port: int = PORT  # 0: any that is free
    enabled: bool = True
    users_file: Path | None = None
    proxy: Proxy | None = None
    hosts: tuple[str, ...] = ()  # further names under which people reach the pages
    secret: str | None = None  # signs the sessions; None: a new one with each start

    @property
    def guarded(self) -> bool:
        """Say whether a login is configured."""
        return self.users_file is not None or self.proxy is not None

    @property
    def open_to_all(self) -> bool:
        """Say whether no login is needed, because nobody but this machine can ask."""
        return not self.guarded and self.host in LOOPBACK


def _port(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 65536:
        return value
    raise wanted("a port from 1 to 65535", "or 0 for any that is free")


def _networks(value: Any) -> Any:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names:
        raise wanted("addresses or networks", "such as 127.0.0.1 or 10.0.0.0/8")
    return tuple(_network(name) for name in names)


def _network(name: Any) -> Network:
    try:
        return ipaddress.ip_network(str(name))
    except ValueError:
        raise wrong(f"{shortened(str(name))} is not an address", "write 127.0.0.1 or 10.0.0.0/8") from None


class ProxyBlock(Block):
    """The part of `web` that is about a reverse proxy."""

    noun: ClassVar[str] = "the proxy"

    header: Words = Field(default="X-Forwarded-User", description="the header that says who it is")
    trusted: Annotated[tuple[Network, ...], BeforeValidator(_networks)] = Field(
        description="addresses or networks from which the header is believed"
    )
    act: Names = Field(default=(), description="who may act; `*` is everybody, the others may read")


class WebBlock(Block):
    """The block `web` of the configuration."""

    noun: ClassVar[str] = "the pages"

    host: Words = Field(
        default=LOOPBACK[0], description="where to listen; on an address that others reach, a login must be configured"
    )
    port: Annotated[Whole, BeforeValidator(_port)] = Field(
        default=PORT, description="where to listen; 0 is any that is free"
    )
    enabled: Flag = Field(default=True, description="`false`: no pages")
    users_file: Words | None = Field(
        default=None, description="the file of users (`trackwatch user add`), beside this one"
    )
    proxy: ProxyBlock | None = Field(
        default=None, description="a reverse proxy that logs people in and says who they are"
    )
    hosts: Names = Field(
        default=(),
        description="further names under which people reach the pages, beside that of `base_url`; others are refused",
    )
    secret: Words | None = Field(
        default=None,
        description="signs the sessions. Left out, a restart ends them; several processes need the same one",
    )

    def read(self, home: Path) -> Serving:
        """Return the settings; a relative path is one beside the configuration, in `home`."""
        asked = self.proxy
        proxy = Proxy(asked.header, asked.trusted, frozenset(asked.act)) if asked else None
        users = home / self.users_file if self.users_file else None
        return Serving(self.host, self.port, self.enabled, users, proxy, self.hosts, self.secret)
