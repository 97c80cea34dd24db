"""The platform's own people."""

import pytest

from identity import staff_roles
from identity.models import Setup, User
from identity.services import addresses, operators
from identity.services.accounts import AddressTaken
from platform_core.errors import Conflict, InvalidInput
from platform_core.models import AuditEvent
from tests import make
from tests.make.identity import PASSWORD


def test_the_first_operator_owns_the_platform() -> None:
    operator = operators.first_operator("boss@example.test", PASSWORD, "Barbara Liskov")

    assert operator.is_staff
    assert operator.is_employee
    assert not operator.is_superuser
    assert [group.name for group in operator.groups.all()] == ["OWNER"]
    assert operator.has_perm("tenants.provision_order")
    assert addresses.is_confirmed(operator)
    assert Setup.objects.get().operator == operator
    event = AuditEvent.objects.get()
    assert (event.action, event.changes) == ("staff.create", {"role": "OWNER"})


def test_there_is_one_first_operator() -> None:
    operators.first_operator("boss@example.test", PASSWORD, "Boss")

    with pytest.raises(Conflict):
        operators.first_operator("second@example.test", PASSWORD, "Second")

    assert User.objects.count() == 1


def test_whoever_loses_the_race_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    operators.first_operator("boss@example.test", PASSWORD, "Boss")
    # As one sees it who asked before the winner had committed.
    monkeypatch.setattr(operators, "require_setup_open", lambda: None)

    with pytest.raises(Conflict):
        operators.first_operator("second@example.test", PASSWORD, "Second")

    assert User.objects.count() == 1
    assert AuditEvent.objects.count() == 1


def test_any_staff_member_closes_the_door() -> None:
    make.user(is_staff=True)

    with pytest.raises(Conflict):
        operators.require_setup_open()


def test_customers_leave_it_open() -> None:
    make.user()

    operators.require_setup_open()


def test_an_operator_made_on_the_server_closes_the_door_too() -> None:
    operator = operators.create_operator("boss@example.test", PASSWORD, "Boss", role=staff_roles.SUPPORT)

    assert [group.name for group in operator.groups.all()] == ["SUPPORT"]
    User.objects.update(is_staff=False)
    with pytest.raises(Conflict):
        operators.require_setup_open()


def test_several_operators_can_be_made_on_the_server() -> None:
    operators.create_operator("boss@example.test", PASSWORD, "Boss")
    operators.create_operator("second@example.test", PASSWORD, "Second")

    assert Setup.objects.get().operator.email == "boss@example.test"


def test_a_weak_password_or_a_known_address_makes_nobody() -> None:
    make.user("ada@example.test")

    with pytest.raises(InvalidInput):
        operators.create_operator("boss@example.test", "short", "Boss")
    with pytest.raises(AddressTaken):
        operators.create_operator("ada@example.test", PASSWORD, "Ada")

    assert not User.objects.filter(is_staff=True).exists()
    assert not Setup.objects.exists()
