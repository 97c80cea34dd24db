"""Opening, suspending and reactivating accounts."""

import pytest
from allauth.account.models import EmailAddress

from identity.models import Session, User
from identity.services import accounts, addresses, tokens
from identity.services.accounts import AddressTaken
from orgs.models import Membership, Organization
from orgs.roles import Role
from platform_core.errors import Conflict, InvalidInput
from platform_core.models import AuditEvent, Mail
from tests import make
from tests.make.identity import PASSWORD


def test_an_account_comes_with_an_organization_of_its_own() -> None:
    person = accounts.open_account(" Ada@Example.TEST ", PASSWORD, "Ada  King Lovelace")

    stored = User.objects.get()
    assert stored == person
    assert (stored.email, stored.first_name, stored.last_name) == ("ada@example.test", "Ada", "King Lovelace")
    assert stored.check_password(PASSWORD)
    assert (stored.is_staff, stored.is_superuser, stored.is_employee) == (False, False, False)
    membership = Membership.objects.select_related("organization").get()
    assert (membership.user, membership.role) == (person, Role.OWNER)
    assert membership.organization.name == "Ada King Lovelace"
    address = EmailAddress.objects.get()
    assert (address.email, address.primary, address.verified) == ("ada@example.test", True, False)
    mail = Mail.objects.get()
    assert (mail.template, mail.to) == ("identity/confirm_address", "ada@example.test")
    assert "http://127.0.0.1:8000/accounts/confirm-email/" in mail.text
    actions = AuditEvent.objects.order_by("created_at").values_list("action", "actor_label")
    assert list(actions) == [("organization.create", "ada@example.test"), ("user.register", "ada@example.test")]


def test_an_address_that_is_confirmed_already_gets_no_mail() -> None:
    accounts.open_account("ada@example.test", PASSWORD, "Ada", confirmed=True)

    assert EmailAddress.objects.get().verified
    assert not Mail.objects.exists()


def test_the_company_gives_the_organization_its_name() -> None:
    accounts.open_account("ada@example.test", PASSWORD, "Ada", company="Engines Ltd")

    assert Organization.objects.get().name == "Engines Ltd"


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_known_address_opens_nothing(*, confirmed: bool) -> None:
    make.user("ada@example.test", confirmed=confirmed)

    with pytest.raises(AddressTaken):
        accounts.open_account("ADA@example.test", PASSWORD, "Ada")

    assert not Organization.objects.exists()
    assert not Mail.objects.exists()
    assert not AuditEvent.objects.exists()


def test_an_address_that_somebody_moved_to_is_taken() -> None:
    person = make.user()
    addresses.request_change(person, "ada@example.test", by=person)
    assert addresses.confirm(EmailAddress.objects.get(email="ada@example.test"))

    with pytest.raises(AddressTaken):
        accounts.open_account("ada@example.test", PASSWORD, "Ada")


def test_a_weak_password_opens_nothing() -> None:
    with pytest.raises(InvalidInput) as caught:
        accounts.open_account("ada@example.test", "12345", "Ada")

    assert len(caught.value.details["password"]) == 3
    assert not User.objects.exists()


def test_registering_a_known_address_tells_only_its_owner_and_at_most_once_an_hour() -> None:
    make.user("ada@example.test")

    accounts.register("ada@example.test", PASSWORD, "Mallory")
    accounts.register("Ada@Example.test", PASSWORD, "Mallory")

    mail = Mail.objects.get()
    assert (mail.template, mail.to) == ("identity/address_taken", "ada@example.test")
    assert "Mallory" not in mail.text
    assert "http://127.0.0.1:8000/accounts/password/reset/" in mail.text
    assert User.objects.count() == 1


def test_registering_an_unknown_address_opens_an_account() -> None:
    accounts.register("ada@example.test", PASSWORD, "Ada", company="Engines Ltd")

    assert Membership.objects.get().organization.name == "Engines Ltd"


def test_a_guest_gets_one_mail_and_no_password() -> None:
    guest = accounts.guest_account("Guest@Example.test", name="Grace Hopper")

    assert (guest.email, guest.first_name) == ("guest@example.test", "Grace")
    assert not guest.has_usable_password()
    assert not EmailAddress.objects.get(user=guest).verified
    mail = Mail.objects.get()
    assert (mail.template, mail.to) == ("identity/welcome", "guest@example.test")
    assert not Organization.objects.exists()
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_type) == ("user.invite_guest", "system")


def test_a_guest_cannot_take_a_known_address() -> None:
    make.user("ada@example.test")

    with pytest.raises(AddressTaken):
        accounts.guest_account("ada@example.test")

    assert not Mail.objects.exists()


def test_suspending_ends_every_sign_in_at_once() -> None:
    staff, user = make.user(is_staff=True), make.user("ada@example.test")
    tokens.issue(user, organization_id=None)

    accounts.suspend(user, by=staff)

    user.refresh_from_db()
    assert user.status == User.Status.SUSPENDED
    assert user.security_version == 2
    assert Session.objects.get().revoked_reason == "suspended"
    event = AuditEvent.objects.exclude(action="session.start").get()
    assert (event.action, event.actor_type, event.target_label) == ("user.suspend", "staff", "ada@example.test")


def test_nobody_suspends_themselves() -> None:
    staff = make.user(is_staff=True)

    with pytest.raises(Conflict):
        accounts.suspend(staff, by=staff)

    staff.refresh_from_db()
    assert staff.is_active
    assert not AuditEvent.objects.exists()


def test_reactivating_brings_the_person_back_but_not_their_sign_ins() -> None:
    staff, user = make.user(is_staff=True), make.user()
    tokens.issue(user, organization_id=None)
    accounts.suspend(user, by=staff)

    accounts.reactivate(user, by=staff)

    assert User.objects.get(pk=user.pk).is_active
    assert Session.objects.get().revoked_at is not None
    assert AuditEvent.objects.filter(action="user.reactivate").count() == 1


@pytest.mark.parametrize(
    ("status", "change"),
    [
        (User.Status.SUSPENDED, accounts.suspend),
        (User.Status.DELETED, accounts.suspend),
        (User.Status.ACTIVE, accounts.reactivate),
        (User.Status.DELETED, accounts.reactivate),
    ],
)
def test_other_states_are_a_conflict(status: User.Status, change: type) -> None:
    staff, user = make.user(is_staff=True), make.user(status=status)

    with pytest.raises(Conflict):
        change(user, by=staff)

    user.refresh_from_db()
    assert user.status == status
    assert not AuditEvent.objects.exists()
