"""What a subscription has beside its plan follows the provider, in whichever order it tells its items."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from billing.models import Plan, Price, Subscription, SubscriptionAddOn
from billing.providers.facts import Snapshot, SubscriptionFact, SubscriptionItemFact
from billing.services import entitlements, plan_editing
from billing.services.subscriptions import record_purchase
from orgs.models import Organization
from platform_core.models import AuditEvent
from tests import make

START = datetime(2026, 1, 10, tzinfo=UTC)
END = START + timedelta(days=30)


def read(*items: tuple[str, int], at: int = 0) -> Snapshot:
    """A reading in which the subscription has these items, the first of them first."""
    facts = tuple(SubscriptionItemFact(price, price, quantity, START, END) for price, quantity in items)
    fact = SubscriptionFact(
        id="sub_1",
        customer_id="cus_1",
        status="active",
        price_id=items[0][0],
        quantity=items[0][1],
        period_start=START,
        period_end=END,
        cancel_at_period_end=False,
        canceled_at=None,
        items=facts,
    )
    raw = [{"object": "nothing", "id": repr((items, at))}]
    return Snapshot(observed_at=START + timedelta(seconds=at), subscription=fact, raw=raw)


def sold() -> tuple[Price, Price]:
    """A plan, and storage beside it."""
    plan = make.plan()
    quota = {"code": "storage", "kind": "quota", "limit": 10}
    storage = make.plan(product=plan.product, rank=2, is_add_on=True, entitlements=[quota], price_minor=500)
    return plan.prices.get(), storage.prices.get()


def test_it_is_added_counted_and_gone_as_the_provider_says(organization: Organization) -> None:
    plan, storage = sold()
    ids = plan.provider_price_id, storage.provider_price_id

    row = record_purchase(read((ids[0], 3), (ids[1], 2), ("unknown", 1)), organization=organization)
    assert [(held.price, held.quantity) for held in row.add_ons.all()] == [(storage, 2)]
    assert entitlements.entitlements_of([row])["storage"].limit == 20

    # Another order of the same items is no news, and what it includes now is for whoever adds it now.
    plan_editing.change(Plan.objects.get(pk=storage.plan_id), {"entitlements": []}, by=None)
    record_purchase(read((ids[1], 4), (ids[0], 3), at=1), organization=organization)
    row.refresh_from_db()
    assert (row.price, row.quantity, row.add_ons.get().quantity) == (plan, 3, 4)
    assert entitlements.entitlements_of([row])["storage"].limit == 40

    row = record_purchase(read((ids[0], 3), at=2), organization=organization)
    assert not SubscriptionAddOn.objects.exists()
    assert entitlements.entitlements_of([row]) == {}
    told = AuditEvent.objects.filter(action="subscription.add_ons").order_by("pk")
    key = storage.lookup_key
    assert [event.changes["add_ons"] for event in told] == [[{}, {key: 2}], [{key: 2}, {key: 4}], [{key: 4}, {}]]


def test_the_same_again_tells_nothing(organization: Organization) -> None:
    plan, storage = sold()
    reading = read((plan.provider_price_id, 1), (storage.provider_price_id, 1))
    record_purchase(reading, organization=organization)
    before = AuditEvent.objects.count()

    raw = [{"object": "nothing", "id": "another"}]
    later = replace(reading, raw=raw, observed_at=START + timedelta(seconds=9))
    record_purchase(later, organization=organization)

    assert AuditEvent.objects.count() == before
    assert Subscription.objects.get().observed_at == later.observed_at
