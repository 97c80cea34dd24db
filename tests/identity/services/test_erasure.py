"""Erasing a person."""

import contextlib
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.files.storage import default_storage
from django.db import models

from billing.models import CheckoutSession
from identity.models import AnalyticsEvent, Session, User
from identity.services import accounts, codes, erasure, exports, passwords, photos, profile, tokens
from orgs.models import Invitation, Membership
from orgs.roles import Role
from orgs.services import ownership
from platform_core.errors import Conflict, NotAllowed, NotAuthenticated
from platform_core.models import AuditEvent, Mail
from tests import make
from tests.clients import PersonClient, staff_in
from tests.identity.jobs import work
from tests.make.identity import PASSWORD
from tests.pictures import picture


@pytest.fixture
def kim() -> User:
    """A member of an organization with a past."""
    made = make.person(make.organization("Harbour"), Role.MEMBER, email="kim@example.test", first_name="Kim")
    photos.replace(made, picture(), by=made)
    profile.rename(made, first_name="Kim", last_name="Lindqvist", by=made)
    codes.new(made, "sign_in", made.email)
    tokens.issue(made, organization_id=None)
    exports.request_export(made)
    passwords.set_password(made, "another fine password", by=made)
    work()
    return made


def everything() -> str:
    """All that is stored, as text."""
    tables: list[Any] = [User, EmailAddress, Session, Mail, AuditEvent, AnalyticsEvent, Membership, CheckoutSession]
    return str([list(table._base_manager.values()) for table in tables])


def test_nothing_says_who_it_was(kim: User) -> None:
    files = [kim.photo, kim.exports.get().file]
    events = list(AuditEvent.objects.order_by("pk").values_list("pk", "action", "actor_id", "target_id", "created_at"))
    assert all(default_storage.exists(name) for name in files)

    erasure.erase(kim, by=kim)
    work()

    text = everything().lower()
    assert [word for word in ("kim", "lindqvist") if word in text] == []
    assert not [name for name in files if default_storage.exists(name)]
    kept = list(AuditEvent.objects.order_by("pk").values_list("pk", "action", "actor_id", "target_id", "created_at"))
    assert kept[: len(events)] == events
    assert kept[len(events)][1] == "user.erase"


def test_every_row_that_hangs_on_them_is_gone(kim: User) -> None:
    erasure.erase(kim, by=kim)
    work()

    left = {
        relation.related_model.__name__
        for relation in User._meta.related_objects
        if getattr(relation, "on_delete", None) is models.CASCADE
        and relation.related_model._base_manager.filter(**{relation.field.name: kim}).exists()
    }
    assert left == set()
    assert not Membership.objects.filter(user=kim).exists()


def test_they_cannot_come_back_and_somebody_else_may_have_the_address(kim: User) -> None:
    issued = tokens.issue(kim, organization_id=None)

    erasure.erase(kim, by=kim)

    with pytest.raises(NotAuthenticated):
        tokens.refresh(issued.refresh_token)
    assert (kim.status, kim.has_usable_password()) == (User.Status.DELETED, False)
    assert accounts.open_account("kim@example.test", PASSWORD, "Another Kim").pk != kim.pk


def test_a_sole_owner_is_told_which_organizations_stand_in_the_way() -> None:
    kim = make.person(make.organization("Harbour"), Role.OWNER)
    make.membership(make.organization("Pier"), kim, role=Role.OWNER)
    shared = make.organization("Shared")
    make.membership(shared, kim, role=Role.OWNER)
    make.membership(shared, role=Role.OWNER)

    with pytest.raises(Conflict) as caught:
        erasure.erase(kim, by=kim)

    assert caught.value.code == "LAST_OWNER"
    assert caught.value.details == {"organizations": ["Harbour", "Pier"]}
    kim.refresh_from_db()
    assert kim.status == User.Status.ACTIVE
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("status", [User.Status.SUSPENDED, User.Status.DELETED])
def test_an_owner_who_cannot_sign_in_does_not_count(status: User.Status) -> None:
    shared = make.organization("Shared")
    kim = make.person(shared, Role.OWNER)
    make.membership(shared, make.user(status=status), role=Role.OWNER)

    with pytest.raises(Conflict):
        erasure.erase(kim, by=kim)


def test_bills_that_went_to_them_go_to_another_owner() -> None:
    shared = make.organization("Shared", billing_email="kim@example.test")
    kim = make.person(shared, Role.OWNER, email="kim@example.test")
    heir = make.person(shared, Role.OWNER)

    erasure.erase(kim, by=kim)
    work()

    shared.refresh_from_db()
    assert shared.billing_email == heir.email


def test_the_last_owner_of_the_platform_stays() -> None:
    root = staff_in("OWNER").user

    with pytest.raises(Conflict) as caught:
        erasure.erase(root, by=root)

    assert caught.value.code == "LAST_OWNER"


def test_staff_are_erased_only_by_those_who_decide_about_staff() -> None:
    colleague, manager = staff_in("SUPPORT").user, staff_in("ADMIN").user

    with pytest.raises(NotAllowed):
        erasure.erase(colleague, by=manager)


def test_at_once_nothing_names_them_and_nobody_signs_in_as_them(kim: User) -> None:
    issued = tokens.issue(kim, organization_id=None)
    seen = make.person(Membership.objects.get().organization, Role.OWNER)
    client = PersonClient(seen)
    path = f"/api/v1/organizations/{Membership.objects.get(user=kim).organization_id}/members"
    assert "kim@example.test" in client.get(path).content.decode()

    erasure.erase(kim, by=kim)

    members = client.get(path).content.decode()
    assert (seen.email in members, str(kim.pk) in members, "kim@example.test" in members) == (True, False, False)
    assert client.get(f"/api/v1/users/{kim.pk}/photo").status_code == 404
    assert not Session.objects.get(handle=issued.session.handle).is_usable
    row = User.objects.get(pk=kim.pk)
    assert (row.email, row.name, row.status) == (f"{kim.pk}@erased.invalid", "Deleted person", "deleted")
    assert not EmailAddress.objects.filter(user=kim).exists()


def test_whoever_has_the_address_next_loses_nothing(kim: User) -> None:
    erasure.erase(kim, by=kim)
    accounts.open_account("kim@example.test", PASSWORD, "Another Kim")
    make.invitation(make.organization(), email="kim@example.test")

    work()

    assert [mail.template for mail in Mail.objects.filter(to="kim@example.test")] == ["identity/confirm_address"]
    assert Invitation.objects.get().email == "kim@example.test"
    assert User.objects.get(pk=kim.pk).erased_address == ""


def test_one_who_cannot_be_emptied_yet_keeps_no_other_waiting(kim: User, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make.person(make.organization(), Role.MEMBER)
    for person in (kim, other):
        erasure.erase(person, by=person)
    real = ownership.leave_all

    def stubborn(user: User, address: str, **kwargs: Any) -> None:
        if user.pk == kim.pk:
            raise RuntimeError("not now")
        real(user, address, **kwargs)

    monkeypatch.setattr(ownership, "leave_all", stubborn)
    for _ in range(30):
        with contextlib.suppress(RuntimeError):
            erasure.empty_one("test")

    waiting = User.objects.exclude(erased_address="")
    assert [person.pk for person in waiting] == [kim.pk]
    monkeypatch.undo()
    assert erasure.empty_one("test")
    assert not erasure.empty_one("test")


def test_who_was_changed_at_this_moment_is_not_erased() -> None:
    kim = make.person(make.organization(), Role.MEMBER)
    User.objects.filter(pk=kim.pk).update(is_staff=True)

    with pytest.raises(Conflict, match="Try again"):
        erasure.erase(kim, by=kim)
