"""`trackwatch user`: who may log in to the pages?"""

from __future__ import annotations

from pathlib import Path

import click


@click.group("user")
def command() -> None:
    """Say who may log in to the pages of `serve`."""


@command.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(["read", "act"]), default="read", show_default=True, help="What they may do.")
@click.option(
    "--file", "path", type=click.Path(path_type=Path, dir_okay=False), default=Path("users"), show_default=True
)
@click.password_option(help="Asked for when left out, which keeps it out of the shell's history.")
def add(name: str, role: str, path: Path, password: str) -> None:
    """Add a user to a file, or give them another password or role.

    Name the file in the configuration, as web: {users_file: users}. It keeps hashes, not passwords.
    """
    from monitor.web.users import Role, write_user  # noqa: PLC0415 keeps --help fast

    write_user(path, name, Role(role), password)
    click.echo(f"{name} may {role}; {path}", err=True)
