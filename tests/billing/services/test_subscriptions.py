"""What a reading of a purchase does to our rows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from djstripe import models as mirrored

from billing.models import CheckoutSession, Invoice, Price, Subscription
from billing.providers import provider
from billing.providers.protocol import Snapshot
from billing.services.subscriptions import record_purchase
from billing.signals import subscription_changed
from orgs.models import Organization
from platform_core.errors import Conflict
from tests.billing import shop


@pytest.fixture
def organization() -> Organization:
    """It paid; nothing of it has been recorded."""
    return shop.buyer()


@pytest.fixture
def reading(organization: Organization) -> Snapshot:
    """Its purchase."""
    session = CheckoutSession.objects.get()
    found = provider().snapshot("checkout.session.completed", session.provider_session_id)
    assert found is not None
    return found


@pytest.fixture
def heard() -> Iterator[list[tuple[str, str]]]:
    """Changes of status: from, to."""
    told: list[tuple[str, str]] = []

    def listen(sender: Any, subscription: Subscription, previous: str, **_: Any) -> None:
        told.append((previous, subscription.status))

    subscription_changed.connect(listen)
    yield told
    subscription_changed.disconnect(listen)


def later(reading: Snapshot, seconds: int = 1, **changes: Any) -> Snapshot:
    """The subscription so many seconds later, changed."""
    assert reading.subscription is not None
    subscription = replace(reading.subscription, **changes)
    raw = [*reading.raw, {"object": "nothing", "id": repr(changes)}] if changes else reading.raw
    return replace(
        reading, subscription=subscription, raw=raw, observed_at=reading.observed_at + timedelta(seconds=seconds)
    )


def test_a_status_is_announced_when_it_changes_and_not_otherwise(
    reading: Snapshot, organization: Organization, heard: list[tuple[str, str]]
) -> None:
    record_purchase(reading, organization=organization)
    record_purchase(later(reading, 1, quantity=2), organization=organization)
    record_purchase(later(reading, 2, status="past_due"), organization=organization)
    record_purchase(later(reading, 3, status="canceled"), organization=organization)

    assert heard == [("", "active"), ("active", "past_due"), ("past_due", "canceled")]


def test_what_changed_is_written(reading: Snapshot, organization: Organization) -> None:
    record_purchase(reading, organization=organization)
    ended = reading.observed_at
    changes: dict[str, Any] = {"cancel_at_period_end": True, "canceled_at": ended, "ended_at": ended, "quantity": 3}

    row = record_purchase(later(reading, **changes), organization=organization)

    stored = Subscription.objects.get()
    assert stored == row
    assert {name: getattr(stored, name) for name in changes} == changes


def test_an_older_reading_is_thrown_away_whole(
    reading: Snapshot, organization: Organization, heard: list[tuple[str, str]]
) -> None:
    unpaid = replace(later(reading, -1, status="incomplete"), invoices=[replace(reading.invoices[0], status="open")])
    record_purchase(reading, organization=organization)

    record_purchase(unpaid, organization=organization)

    assert Subscription.objects.get().status == "active"
    assert Invoice.objects.get().status == "paid"
    assert heard == [("", "active")]


def test_a_reading_that_found_nothing_new_only_says_until_when(
    reading: Snapshot, organization: Organization, django_assert_num_queries: Any
) -> None:
    record_purchase(reading, organization=organization)
    unchanged = later(reading, 2)

    with django_assert_num_queries(2):
        record_purchase(unchanged, organization=organization)

    assert Subscription.objects.get().observed_at == unchanged.observed_at


def test_so_a_reading_from_in_between_does_not_undo_it(reading: Snapshot, organization: Organization) -> None:
    record_purchase(reading, organization=organization)
    record_purchase(later(reading, 2), organization=organization)

    record_purchase(later(reading, 1, status="past_due"), organization=organization)

    assert Subscription.objects.get().status == "active"


def test_a_price_that_the_catalog_does_not_know_is_named(reading: Snapshot, organization: Organization) -> None:
    Price.objects.update(provider_price_id="")

    with pytest.raises(Conflict, match=r"sub_.+ has the price price_.+, which the catalog does not know"):
        record_purchase(reading, organization=organization)

    assert not Subscription.objects.exists()


@pytest.mark.mirror_fails
def test_a_shape_that_the_mirror_cannot_store_does_not_hold_up_the_money(
    reading: Snapshot, organization: Organization, caplog: pytest.LogCaptureFixture
) -> None:
    broken = [{**raw, "items": None} if raw["object"] == "subscription" else raw for raw in reading.raw]
    broken = [{"object": "customer", "id": "cus_broken", "metadata": None}, *broken]

    record_purchase(replace(reading, raw=broken), organization=organization)

    assert Subscription.objects.get().status == "active"
    assert Invoice.objects.get().status == "paid"
    assert "The mirror could not be written" in caplog.text
    assert not mirrored.Subscription.objects.exists()
