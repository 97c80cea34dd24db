"""The command that makes an operator."""

import getpass
import os
import pwd
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from identity.models import User
from platform_core.models import AuditEvent
from tests.make.identity import PASSWORD


def test_it_makes_an_owner_from_the_environments_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATOR_PASSWORD", PASSWORD)
    output = StringIO()

    call_command("create_operator", "boss@example.test", name="Boss", stdout=output)

    operator = User.objects.get()
    assert operator.is_staff
    assert operator.check_password(PASSWORD)
    assert output.getvalue() == "boss@example.test is OWNER.\n"


@pytest.mark.parametrize(
    ("known_as", "told"),
    [({"SUDO_USER": "ada", "LOGNAME": "root"}, "ada"), ({"LOGNAME": "ops"}, "ops"), ({}, f"user {os.getuid()}")],
)
def test_the_record_says_by_which_command_and_whose_account(
    monkeypatch: pytest.MonkeyPatch, known_as: dict[str, str], told: str
) -> None:
    monkeypatch.setenv("OPERATOR_PASSWORD", PASSWORD)
    for name in ("SUDO_USER", "LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in known_as.items():
        monkeypatch.setenv(name, value)
    if not known_as:
        monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)

    call_command("create_operator", "boss@example.test", stdout=StringIO())

    event = AuditEvent.objects.get(action="staff.create")
    assert (event.actor_type, event.actor_id) == ("system", "command:create_operator")
    assert event.actor_label == f"command create_operator by {told}"


def test_it_asks_for_the_password_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPERATOR_PASSWORD", raising=False)
    monkeypatch.setattr(getpass, "getpass", lambda _: PASSWORD)

    call_command("create_operator", "boss@example.test", role="SUPPORT", stdout=StringIO())

    assert User.objects.get().groups.get().name == "SUPPORT"


def test_a_refusal_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATOR_PASSWORD", "short")

    with pytest.raises(CommandError, match="too short"):
        call_command("create_operator", "boss@example.test")

    assert not User.objects.exists()
