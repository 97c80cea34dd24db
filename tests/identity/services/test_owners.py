"""The platform keeps an owner who can sign in."""

import pytest
from django.contrib.auth.models import Group
from django.db import transaction

from identity.models import User
from identity.services import accounts, owners
from identity.services.owners import LastOwner
from tests import make
from tests.make.identity import owner


def test_the_last_owner_stays() -> None:
    last = owner()
    make.user(is_staff=True).groups.add(Group.objects.get(name="ADMIN"))

    with transaction.atomic(), pytest.raises(LastOwner) as refused:
        owners.ensure_owner_remains(last)

    assert (refused.value.status, refused.value.code) == (409, "LAST_OWNER")


def test_one_of_two_may_go_and_nobody_else_is_held() -> None:
    first, _ = owner(), owner()

    with transaction.atomic():
        owners.ensure_owner_remains(first)
        owners.ensure_owner_remains(make.user())


@pytest.mark.parametrize("fields", [{"status": User.Status.SUSPENDED}, {"is_staff": False}], ids=["suspended", "left"])
def test_an_owner_who_cannot_act_does_not_count(fields: dict[str, object]) -> None:
    last, other = owner(), owner()
    User.objects.filter(pk=other.pk).update(**fields)

    with transaction.atomic(), pytest.raises(LastOwner):
        owners.ensure_owner_remains(last)


def test_without_the_group_there_is_nothing_to_hold() -> None:
    person = make.user()
    Group.objects.all().delete()

    with transaction.atomic():
        owners.ensure_owner_remains(person)


@pytest.mark.django_db(transaction=True)
def test_it_must_be_asked_inside_the_change() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        owners.ensure_owner_remains(User())


def test_suspension_asks_too() -> None:
    last, root = owner(), make.user(is_staff=True, is_superuser=True)

    with pytest.raises(LastOwner):
        accounts.suspend(last, by=root)

    last.refresh_from_db()
    assert last.status == User.Status.ACTIVE
