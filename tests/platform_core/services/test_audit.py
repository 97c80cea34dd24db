"""Who changed what, in the transaction of the change."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import Model

from billing.models import Invoice
from orgs.models import Organization, Product
from platform_core import context
from platform_core.models import AuditEvent
from platform_core.services import audit
from platform_core.services.audit import OutsideTransaction, diff
from tests import make
from tests.clients import PersonClient

ID = UUID("0190a5d0-0000-7000-8000-000000000001")


def test_a_persons_change() -> None:
    user, order = make.user("ada@example.test"), make.order(domain="bakery.test")
    context.begin(context.RequestContext("abcdefgh", "192.0.2.1"))

    event = audit.record("order.cancel", order, by=user, changes={"status": "CANCELED"})

    event.refresh_from_db()
    assert (event.action, event.changes) == ("order.cancel", {"status": "CANCELED"})
    assert (event.actor_type, event.actor_id, event.actor_label) == ("user", str(user.pk), "ada@example.test")
    assert (event.target_type, event.target_id, event.target_label) == ("tenants.order", str(order.pk), "bakery.test")
    assert event.organization_id == order.organization_id
    assert (event.request_id, event.ip_address) == ("abcdefgh", "192.0.2.1")


def test_a_change_by_staff() -> None:
    event = audit.record("order.cancel", make.order(), by=make.user(is_staff=True))

    assert event.actor_type == AuditEvent.ActorType.STAFF
    assert event.changes == {}


def test_a_change_by_a_machine() -> None:
    server = make.server()

    event = audit.record("server.register", server, by=None, actor=("server", str(server.pk), "s" * 300))

    assert (event.actor_type, event.actor_id, event.actor_label) == ("server", str(server.pk), "s" * 254)
    assert event.organization_id == server.order.organization_id


def test_a_change_by_the_platform_itself() -> None:
    event = audit.record("product.publish", make.product(), by=None)

    assert (event.actor_type, event.actor_id, event.actor_label) == ("system", "", "")
    assert event.organization_id is None
    assert (event.request_id, event.ip_address) == ("", None)


def by_itself(event: AuditEvent) -> tuple[str, str, str]:
    return event.actor_type, event.actor_id, event.actor_label


def test_what_the_platform_does_by_itself_says_which_part_of_it() -> None:
    with context.working("job:1", "job provision"):
        with context.working("schedule:a", "schedule a"):
            inner = audit.record("thing.change", make.product(), by=None)
        outer = audit.record("thing.change", Product.objects.get(), by=None)
        person = audit.record("thing.change", Product.objects.get(), by=make.user())
    after = audit.record("thing.change", Product.objects.get(), by=None)

    assert by_itself(inner) == ("system", "schedule:a", "schedule a")
    assert by_itself(outer) == ("system", "job:1", "job provision")
    assert (person.actor_type, by_itself(after)) == ("user", ("system", "", ""))


@pytest.mark.parametrize(
    ("row", "known"),
    [
        (lambda: make.product("pages"), True),
        (make.subscription, True),
        (make.order, True),
        (make.server, True),
        (lambda: make.product_resource(make.organization()), True),
        (make.user, False),
        (make.organization, False),
    ],
)
def test_a_row_of_a_product_says_which(
    row: Callable[[], Model], known: bool, django_assert_max_num_queries: Any
) -> None:
    made = row()
    fresh = type(made)._base_manager.get(pk=made.pk)
    wanted = Product.objects.get().code if known else ""

    # The event, its savepoint, and one look for the product at most.
    with django_assert_max_num_queries(4):
        assert audit.record("thing.change", fresh, by=None).product == wanted
    # Nothing is asked that is known.
    assert audit.record("thing.change", made, by=None).product == wanted


def test_a_row_that_points_nowhere_is_of_no_product() -> None:
    invoice = make.invoice(make.subscription())
    assert audit.record("invoice.status", invoice, by=None).product != ""
    invoice.subscription = None

    assert audit.record("invoice.status", invoice, by=None).product == ""
    invoice.save()
    assert audit.record("invoice.status", Invoice.objects.get(), by=None).product == ""


def test_an_organization_is_its_own() -> None:
    organization = make.organization()

    assert audit.record("organization.update", organization, by=None).organization_id == organization.pk


def test_a_change_that_is_undone_was_never_told() -> None:
    @transaction.atomic
    def change() -> None:
        audit.record("product.update", make.product(), by=None)
        raise LookupError

    with pytest.raises(LookupError):
        change()

    assert not AuditEvent.objects.exists()


def test_what_cannot_be_recorded_does_not_happen(owner: PersonClient) -> None:
    owner.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE platform_core_auditevent RENAME TO out_of_order")
    before = owner.organization.name

    answer = owner.patch(f"/api/v1/organizations/{owner.organization.pk}", {"name": "Unseen"})

    assert answer.status_code >= 500
    assert Organization.objects.get(pk=owner.organization.pk).name == before


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_recorded() -> None:
    product = make.product()

    with pytest.raises(OutsideTransaction, match=r"product\.update"):
        audit.record("product.update", product, by=None)

    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "new_password",
        "password_hash",
        "api_key",
        "apiKey",
        "APIKey",
        "token",
        "refresh_token",
        "key_digest",
        "secrets",
        "webhook_secret_id",
        "credentials",
    ],
)
def test_a_secret_shows_only_that_it_changed(name: str) -> None:
    assert diff({name: "hunter2"}) == {name: "changed"}
    assert diff({"config": [{name: "hunter2"}]}) == {"config": [{name: "changed"}]}


@pytest.mark.parametrize("name", ["token_allotment", "tokensUsed", "keyboard", "monkey", "hash_rate", "", "_"])
def test_what_only_sounds_like_one_is_shown(name: str) -> None:
    assert diff({name: 5}) == {name: 5}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (5, 5),
        ("text", "text"),
        (ID, str(ID)),
        (datetime(2026, 1, 31, tzinfo=UTC), "2026-01-31 00:00:00+00:00"),
        ([ID, (1, {2})], [str(ID), [1, [2]]]),
        ({"a": {1: ID}}, {"a": {"1": str(ID)}}),
    ],
)
def test_values_are_kept_as_json(value: Any, shown: Any) -> None:
    event = audit.record("product.update", make.product(), by=None, changes={"value": value})

    event.refresh_from_db()
    assert event.changes == {"value": shown}
