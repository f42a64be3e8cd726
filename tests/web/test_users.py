"""Is the file of users read as it is written, and each mistake in it told?"""

from __future__ import annotations

import stat

import pytest
from click.testing import CliRunner

from monitor.cli import cli
from monitor.errors import ConfigError, UsageError
from monitor.web.users import Role, log_in, read_users, write_user


def test_a_user_is_added_and_changed_and_the_others_stay(tmp_path):
    file = tmp_path / "users"
    write_user(file, "ann", Role.READ, "the first passphrase")
    write_user(file, "ben", Role.READ, "of somebody else")
    write_user(file, "ann", Role.ACT, "the second passphrase")
    assert {name: user.person.role for name, user in read_users(file).items()} == {"ann": Role.ACT, "ben": Role.READ}
    assert log_in(file, "ann", "the first passphrase") is None
    assert log_in(file, "ann", "the second passphrase").person.name == "ann"


def test_passwords_are_not_in_the_file_and_the_file_is_the_owners_alone(tmp_path):
    file = tmp_path / "users"
    write_user(file, "ann", Role.READ, "correct horse battery")
    assert "horse" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("line", ["ann", "ann:read", "ann:boss:scrypt:1$a$b", ":read:scrypt:1$a$b", "ann:read:"])
def test_a_line_that_is_no_user_is_told_with_its_number(tmp_path, line):
    file = tmp_path / "users"
    file.write_text(f"# who may log in\n\n{line}\n")
    with pytest.raises(ConfigError, match=r"users:3: this is not a user; write name:read:hash or name:act:hash"):
        read_users(file)


def test_a_file_that_is_not_there_is_told_with_the_command_that_writes_one(tmp_path):
    with pytest.raises(UsageError, match="'trackwatch user add' writes one"):
        read_users(tmp_path / "users")


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("a:b", "correct horse battery", "cannot be a user's name"),
        (" ann", "correct horse battery", "cannot be a user's name"),
        ("ann", "short", "at least 10 characters"),
    ],
)
def test_what_cannot_be_a_user_is_refused(tmp_path, name, password, said):
    with pytest.raises(UsageError, match=said):
        write_user(tmp_path / "users", name, Role.READ, password)


def test_the_command_asks_for_the_password_twice(tmp_path):
    file = tmp_path / "users"
    typed = "correct horse battery\n" * 2
    done = CliRunner().invoke(cli, ["user", "add", "ann", "--role", "act", "--file", str(file)], input=typed)
    assert done.exit_code == 0, done.output
    assert "correct horse" not in done.output
    assert log_in(file, "ann", "correct horse battery").person.may_act
