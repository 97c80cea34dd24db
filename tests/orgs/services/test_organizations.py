"""Creating organizations."""

import re

import pytest
from django.db import IntegrityError, transaction

from identity.models import User
from orgs.models import Membership, Organization
from orgs.roles import Role
from orgs.services.organizations import create_organization
from platform_core.errors import Conflict
from platform_core.models import AuditEvent
from tests import make


@pytest.fixture
def ada() -> User:
    return make.user("ada@example.test")


def slug_of(name: str, owner: User) -> str:
    return create_organization(name, owner=owner, by=owner).slug


def test_an_organization_begins_with_an_owner_and_a_trace(ada: User) -> None:
    made = create_organization("Harbour Bakery", owner=ada, by=ada)

    assert Organization.objects.get() == made
    assert (made.slug, made.billing_email) == ("harbour-bakery", "ada@example.test")
    membership = Membership.objects.get()
    assert (membership.user, membership.role, membership.status) == (ada, Role.OWNER, Membership.Status.ACTIVE)
    event = AuditEvent.objects.get()
    assert (event.action, event.organization_id, event.actor_id) == ("organization.create", made.pk, str(ada.pk))


def test_bills_can_go_elsewhere_and_the_platform_itself_can_create(ada: User) -> None:
    made = create_organization("Harbour Bakery", owner=ada, billing_email="bills@harbour.test", by=None)

    assert made.billing_email == "bills@harbour.test"
    assert AuditEvent.objects.get().actor_type == "system"


def test_namesakes_get_slugs_of_their_own(ada: User) -> None:
    slugs = [slug_of("Harbour Bakery", ada) for _ in range(3)]

    assert slugs[0] == "harbour-bakery"
    assert all(re.fullmatch(r"harbour-bakery-[0-9a-f]{6}", slug) for slug in slugs[1:])
    assert len(set(slugs)) == 3


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Müller & Söhne GmbH", "muller-sohne-gmbh"),
        ("__init__", "init"),
        ("snake_case_company", "snake-case-company"),
        ("  -- spaced --  ", "spaced"),
        ("日本", "organization"),
        ("🙂", "organization"),
        ("ada@example.test", "adaexampletest"),
    ],
)
def test_a_slug_is_a_host_name(ada: User, name: str, slug: str) -> None:
    assert slug_of(name, ada) == slug


def test_the_longest_name_still_leaves_a_host_name(ada: User) -> None:
    for _ in range(2):
        assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", slug_of("a" * 47 + "-" + "b" * 72, ada))


@pytest.mark.parametrize("name", ["www", "API", "Admin"])
def test_no_organization_gets_a_name_of_ours(ada: User, name: str) -> None:
    assert re.fullmatch(rf"{name.lower()}-[0-9a-f]{{6}}", slug_of(name, ada))


def test_a_name_that_stays_taken_is_a_conflict(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orgs.services.organizations.secrets.token_hex", lambda _: "aaaaaa")
    create_organization("Harbour", owner=ada, by=ada)
    create_organization("Harbour", owner=ada, by=ada)

    with pytest.raises(Conflict):
        create_organization("Harbour", owner=ada, by=ada)

    assert Organization.objects.count() == 2


def test_the_database_refuses_a_slug_in_another_case(ada: User) -> None:
    create_organization("Harbour", owner=ada, by=ada)

    with pytest.raises(IntegrityError), transaction.atomic():
        make.organization(slug="HARBOUR")
