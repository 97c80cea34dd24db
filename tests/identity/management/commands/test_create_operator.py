"""The command that makes an operator."""

import getpass
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from identity.models import User
from tests.make.identity import PASSWORD


def test_it_makes_an_owner_from_the_environments_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATOR_PASSWORD", PASSWORD)
    output = StringIO()

    call_command("create_operator", "boss@example.test", name="Boss", stdout=output)

    operator = User.objects.get()
    assert operator.is_staff
    assert operator.check_password(PASSWORD)
    assert output.getvalue() == "boss@example.test is OWNER.\n"


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
