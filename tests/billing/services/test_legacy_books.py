"""What a consumer's own books bring about; the command's tests go through files."""

from typing import Any

import pytest

from billing.models import BillingAccount, ConsumerTenant, MrrMovement, Purchase, Subscription
from billing.services import legacy_books
from orgs.models import Organization
from platform_core import clock
from platform_core.models import AuditEvent, WebhookMessage
from tests import make

TENANT: dict[str, Any] = {
    "type": "tenant",
    "consumer_key": "funnel",
    "tenant_id": "t1",
    "name": "Demo",
    "billing_email": "billing@demo.test",
    "provider_customer_id": "cus_1",
}
SUBSCRIPTION: dict[str, Any] = {
    "type": "subscription",
    "consumer_key": "funnel",
    "tenant_id": "t1",
    "id": "sub_1",
    "pricing_item_code": "starter_month",
    "status": "active",
    "current_period_start": "2026-01-01T00:00:00Z",
    "current_period_end": "2026-02-01 00:00",
    "quantity": 2,
}
PURCHASE: dict[str, Any] = {
    "type": "purchase",
    "consumer_key": "funnel",
    "tenant_id": "t1",
    "id": "pur_1",
    "pricing_item_code": "starter_month",
    "purchased_at": "2026-01-01T00:00:00Z",
    "subscription_id": "sub_1",
    "quantity": 2,
}
BOOKS = [TENANT, SUBSCRIPTION, PURCHASE]


@pytest.fixture(autouse=True)
def _catalog() -> None:
    make.consumer("funnel", url="http://127.0.0.1:9/")
    make.price(make.plan(price_minor=None), lookup_key="starter_month")


def bring(*lines: dict[str, Any], apply: bool = True) -> list[str]:
    return [outcome.verb for outcome in legacy_books.bring_in(list(enumerate(lines, 1)), apply=apply)]


def test_looking_changes_nothing_and_doing_does_what_was_seen() -> None:
    seen = legacy_books.bring_in(list(enumerate(BOOKS, 1)), apply=False)

    assert [each.verb for each in seen] == ["create", "create", "create"]
    assert not ConsumerTenant.objects.exists()
    assert not Organization.objects.exists()
    assert not AuditEvent.objects.exists()
    assert legacy_books.bring_in(list(enumerate(BOOKS, 1)), apply=True) == seen

    tenant, subscription, purchase = ConsumerTenant.objects.get(), Subscription.objects.get(), Purchase.objects.get()
    assert (tenant.external_id, tenant.organization.name) == ("t1", "Demo")
    assert BillingAccount.objects.get().organization == tenant.organization
    assert (subscription.consumer_tenant, subscription.quantity, subscription.status) == (tenant, 2, "active")
    assert subscription.current_period_end.isoformat() == "2026-02-01T00:00:00+00:00"
    assert (purchase.subscription, purchase.amount_minor, purchase.kind) == (subscription, 5_800, "subscription")
    assert subscription.periods.count() == 1
    assert MrrMovement.objects.get().amount_minor == 5_800
    # The consumer had it first.
    assert not WebhookMessage.objects.exists()


def test_the_same_books_again_change_nothing() -> None:
    bring(*BOOKS)
    events = AuditEvent.objects.count()

    assert bring(*BOOKS) == ["same", "same", "same"]
    assert AuditEvent.objects.count() == events


def test_what_was_mended_is_changed_and_told() -> None:
    bring(*BOOKS)

    outcomes = legacy_books.bring_in(
        [(1, TENANT | {"legal_name": "Demo SRL"}), (2, SUBSCRIPTION | {"quantity": 3}), (3, PURCHASE)], apply=True
    )

    assert [str(outcome) for outcome in outcomes] == [
        "line 1: update tenant funnel/t1 (legal_name:  → Demo SRL)",
        "line 2: update subscription sub_1 (quantity: 2 → 3, monthly_minor: 5800 → 8700)",
        "line 3: same purchase pur_1",
    ]
    assert Subscription.objects.get().quantity == 3


def test_an_account_and_an_amount_that_come_later_are_told_and_come_once() -> None:
    bring(TENANT | {"provider_customer_id": ""}, SUBSCRIPTION, PURCHASE)
    assert not BillingAccount.objects.exists()
    mended = [(1, TENANT), (2, PURCHASE | {"amount_minor": 5_000})]

    outcomes = legacy_books.bring_in(mended, apply=True)

    assert [(each.verb, each.changes) for each in outcomes] == [
        ("update", {"provider_customer_id": "cus_1"}),
        ("update", {"amount_minor": [5_800, 5_000]}),
    ]
    assert BillingAccount.objects.get().provider_customer_id == "cus_1"
    assert Purchase.objects.get().amount_minor == 5_000
    told = AuditEvent.objects.filter(action__in=("purchase.import", "consumer_tenant.update"))
    assert sorted(told.values_list("action", flat=True)) == [
        "consumer_tenant.update",
        "purchase.import",
        "purchase.import",
    ]
    assert bring(TENANT, PURCHASE | {"amount_minor": 5_000}) == ["same", "same"]
    assert told.count() == 3


def test_what_the_provider_has_told_since_stays() -> None:
    bring(*BOOKS)
    Subscription.objects.update(observed_at=clock.wall(), status="canceled")

    assert bring(SUBSCRIPTION) == ["kept"]
    assert Subscription.objects.get().status == "canceled"


def test_one_wrong_line_and_nothing_is_written() -> None:
    wrong = SUBSCRIPTION | {"id": "sub_2", "pricing_item_code": "gone"}

    assert bring(TENANT, SUBSCRIPTION, wrong) == ["create", "create", "error"]
    assert not ConsumerTenant.objects.exists()
    assert not Subscription.objects.exists()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ({}, "type must be one of tenant, subscription, purchase"),
        (TENANT | {"consumer_key": "nobody"}, "there is no consumer nobody: staff make it first"),
        (TENANT | {"name": ""}, "name: This field is required."),
        (TENANT | {"colour": "red"}, "colour: unknown field"),
        (TENANT | {"tenant_id": "a/b"}, "tenant_id: Enter a valid value."),
        (TENANT | {"organization": "nobody"}, "there is no organization nobody"),
        (SUBSCRIPTION, "funnel has no tenant t1: its line comes before"),
        (SUBSCRIPTION | {"status": "good"}, "status: Select a valid choice. good is not one of the available choices."),
        (
            SUBSCRIPTION | {"current_period_end": "2026-01-01T00:00:00Z"},
            "current_period_end: It must be after the beginning.",
        ),
        (SUBSCRIPTION | {"quantity": 0}, "quantity: Ensure this value is greater than or equal to 1."),
        (PURCHASE | {"amount_minor": -1}, "amount_minor: Ensure this value is greater than or equal to 0."),
        (PURCHASE | {"purchased_at": "once"}, "purchased_at: Enter a valid date/time."),
    ],
)
def test_what_is_wrong_is_named(line: dict[str, Any], problem: str) -> None:
    (outcome,) = legacy_books.bring_in([(7, line)], apply=True)

    assert (outcome.number, outcome.verb) == (7, "error")
    assert problem in outcome.problem
    assert not ConsumerTenant.objects.exists()


def test_a_tenant_may_be_an_organization_that_is_here() -> None:
    organization = make.organization("Harbour Bakery")

    assert bring(TENANT | {"organization": organization.slug}) == ["create"]
    assert ConsumerTenant.objects.get().organization == organization
    assert bring(TENANT | {"tenant_id": "t2", "organization": organization.slug}) == ["error"]
    assert bring(TENANT | {"tenant_id": "t3"}) == ["error"]


def test_what_is_anothers_is_not_taken() -> None:
    make.subscription(provider_subscription_id="sub_1")

    assert bring(TENANT, SUBSCRIPTION) == ["create", "error"]
    assert bring(TENANT, PURCHASE) == ["create", "error"]
    assert not ConsumerTenant.objects.exists()
