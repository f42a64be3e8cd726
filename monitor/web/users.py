"""Who may log in, and what may they do? A file with a line for each: `name:role:hash`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from werkzeug.security import check_password_hash, generate_password_hash

from monitor.document import shortened
from monitor.errors import ConfigError, Problem, UsageError
from monitor.writing import write_whole


class Role(StrEnum):
    """What somebody may do."""

    READ = "read"
    ACT = "act"  # read, and acknowledge, snooze, resolve, judge and note


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who asks for a page."""

    name: str
    role: Role

    @property
    def may_act(self) -> bool:
        """Say whether they may change anything."""
        return self.role is Role.ACT


@dataclass(frozen=True, slots=True)
class User:
    """A line of the file."""

    person: Person
    hashed: str

    @property
    def mark(self) -> str:
        """Return what a session keeps of the password: with another password, it ends."""
        return hashlib.sha256(self.hashed.encode()).hexdigest()[:16]


def read_users(path: Path) -> dict[str, User]:
    """Return the users of a file, by name; it is read again when it was changed.

    Raises:
        UsageError: the file cannot be read.
        ConfigError: a line of it is not one of a user.
    """
    try:
        return _read(path, path.stat().st_mtime_ns)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise UsageError(
            f"web: users_file {path} cannot be read: {reason}; 'trackwatch user add' writes one"
        ) from error


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int) -> dict[str, User]:
    lines = enumerate(path.read_text("utf-8").splitlines(), 1)
    users = [_user(str(path), number, line) for number, line in lines if line.strip() and not line.startswith("#")]
    return {user.person.name: user for user in users}


def _user(file: str, number: int, line: str) -> User:
    name, role, hashed = (*line.strip().split(":", 2), "", "")[:3]
    if not name or role not in list(Role) or not hashed:
        hint = "write name:read:hash or name:act:hash; 'trackwatch user add' does"
        raise ConfigError(Problem(file, number, "this is not a user", hint))
    return User(Person(name, Role(role)), hashed)


def log_in(path: Path, name: str, password: str) -> User | None:
    """Return the user, if the password is theirs. A name that nobody has takes as long as a wrong password."""
    user = read_users(path).get(name)
    right = check_password_hash(user.hashed if user else _nobody(), password)
    return user if right else None


@lru_cache
def _nobody() -> str:
    return generate_password_hash("nobody has this password")


def write_user(path: Path, name: str, role: Role, password: str) -> None:
    """Add a user to a file, or change them; the file is readable by its owner alone.

    Raises:
        UsageError: the name cannot be in the file, the password is too short, or the file cannot be written.
    """
    if not name or any(char in name for char in ":#\n\r") or name != name.strip():
        raise UsageError(f"{shortened(name)} cannot be a user's name; write it without ':', '#' and spaces around it")
    if len(password) < SHORTEST:
        raise UsageError(f"a password has at least {SHORTEST} characters")
    users = read_users(path) if path.exists() else {}
    users = {**users, name: User(Person(name, role), generate_password_hash(password))}
    text = "".join(f"{user.person.name}:{user.person.role}:{user.hashed}\n" for user in users.values())
    write_whole({path: text}, mode=0o600)


SHORTEST = 10  # characters of a password: NIST SP 800-63B-4 asks for 15 where it is all, we also limit the rate
