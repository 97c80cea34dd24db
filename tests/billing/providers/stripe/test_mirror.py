"""dj-stripe's tables are written from a snapshot, without a call and without a secret."""

from dataclasses import replace
from typing import Any

import pytest
import stripe
from django.apps import apps
from django.conf import settings
from django.db import transaction
from djstripe import models as mirrored

from billing.models import CheckoutSession
from billing.providers import provider
from billing.providers.protocol import Snapshot
from billing.providers.sandbox import faults
from billing.providers.sandbox.faults import Fault
from billing.providers.stripe.mirror import MirrorCalledOut, placeholder_key
from orgs.models import Organization
from tests.billing import shop


@pytest.fixture
def organization() -> Organization:
    """It paid; nothing of it has been recorded."""
    return shop.buyer()


@pytest.fixture
def snapshot(organization: Organization) -> Snapshot:
    """A purchase as it is read after the payment."""
    row = CheckoutSession.objects.get()
    found = provider().snapshot("checkout.session.completed", row.provider_session_id)
    assert found is not None
    return found


def changed(snapshot: Snapshot, kind: str, **changes: Any) -> Snapshot:
    """The same purchase with one object changed."""
    return replace(snapshot, raw=[{**raw, **changes} if raw["object"] == kind else raw for raw in snapshot.raw])


def test_a_purchase_is_read_in_an_order_that_can_be_written(snapshot: Snapshot) -> None:
    assert [raw["object"] for raw in snapshot.raw] == [
        "account",
        "product",
        "list",
        "price",
        "payment_method",
        "customer",
        "subscription",
        "invoice",
        "checkout.session",
        # Beside what is mirrored: a reading that found other money is another reading.
        "payment_intent",
    ]


def test_the_mirror_is_written_without_one_call(snapshot: Snapshot) -> None:
    with faults.injected(Fault.SERVER_ERROR, times=1000) as calls, transaction.atomic():
        provider().mirror(snapshot)

    assert calls.struck == 0
    subscription = mirrored.Subscription.objects.get()
    customer = mirrored.Customer.objects.get()
    assert subscription.customer == customer
    assert mirrored.PaymentMethod.objects.get().customer == customer
    assert subscription.items.get().price.product.id == "hosting-pro"
    assert mirrored.Session.objects.get().subscription == subscription
    invoice = mirrored.Invoice.objects.get()
    assert (invoice.customer, invoice.stripe_data["amount_paid"]) == (customer, 12_900)
    assert mirrored.LineItem.objects.count() == 1
    assert invoice.djstripe_owner_account == mirrored.Account.objects.get()


def test_no_secret_gets_into_the_mirror(snapshot: Snapshot) -> None:
    provider().mirror(snapshot)

    assert [key.secret for key in mirrored.APIKey.objects.all()] == [placeholder_key()]
    rows = [row for model in apps.get_app_config("djstripe").get_models() for row in model._base_manager.values()]
    assert len(rows) > 10
    for secret in (settings.STRIPE_SECRET_KEY, *settings.STRIPE_WEBHOOK_SECRETS):
        assert secret not in repr(rows)


def test_a_live_instance_has_a_placeholder_of_its_own(snapshot: Snapshot, settings: Any) -> None:
    settings.STRIPE_LIVE_MODE = True
    assert placeholder_key().startswith("pk_live_")


def test_a_change_is_written(snapshot: Snapshot) -> None:
    provider().mirror(snapshot)
    provider().mirror(changed(snapshot, "customer", name="Harbour Bakery Ltd"))

    assert mirrored.Customer.objects.get().stripe_data["name"] == "Harbour Bakery Ltd"


def test_what_did_not_change_is_left_alone(snapshot: Snapshot) -> None:
    provider().mirror(snapshot)
    before = {model: list(model.objects.values()) for model in (mirrored.Customer, mirrored.Invoice)}

    provider().mirror(snapshot)

    assert {model: list(model.objects.values()) for model in before} == before


def test_features_come_from_the_snapshot_too(snapshot: Snapshot) -> None:
    feature = {"id": "feat_1", "object": "entitlements.feature", "livemode": False, "lookup_key": "sso", "name": "SSO"}
    attached = {"id": "prodft_1", "object": "product_feature", "livemode": False, "entitlement_feature": feature}

    provider().mirror(changed(snapshot, "list", data=[attached]))

    assert mirrored.ProductFeature.objects.get().entitlement_feature.lookup_key == "sso"


def test_what_the_snapshot_lacks_is_left_empty(snapshot: Snapshot) -> None:
    provider().mirror(changed(snapshot, "customer", invoice_settings={"default_payment_method": "pm_detached"}))

    assert mirrored.Customer.objects.get().default_payment_method is None


def test_dj_stripe_cannot_call_out_by_itself(snapshot: Snapshot) -> None:
    with pytest.raises(MirrorCalledOut, match="GET /v1/customers"):
        stripe.Customer.list(api_key=placeholder_key())


def test_nor_write_while_the_mirror_is_written(snapshot: Snapshot, organization: Organization) -> None:
    """dj-stripe's own metadata key on a session makes it update the customer at Stripe."""
    metadata = {"djstripe_subscriber": str(organization.pk)}

    with pytest.raises(MirrorCalledOut, match="POST /v1/customers/cus_"):
        provider().mirror(changed(snapshot, "checkout.session", metadata=metadata))
