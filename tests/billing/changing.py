"""A customer of Hosting in the middle of a month, and what a test asks of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.conf import settings
from django.db import transaction

from billing.models import Plan, Price, Subscription, SubscriptionChange
from billing.providers import provider
from billing.providers.sandbox.models import Record
from billing.services import changes, projection, proposals
from billing.services.proposals import Asked, Proposal
from platform_core import clock
from tests import kept
from tests.billing import month, shop

MIDDLE = datetime(2027, 3, 17, 4, 15, tzinfo=UTC)
Kind = SubscriptionChange.Kind
STARTER, PRO = 4_900, 12_900


def customer(plan: str = "hosting-starter") -> Subscription:
    """Bought on the first of March; it is the middle of that month."""

    def come_about() -> None:
        month.subscribed(plan=plan)
        month.pass_to(MIDDLE)
        shop.catch_up()

    kept.situation(f"{plan} in the middle of the month", come_about)
    return present()


def present() -> Subscription:
    """As it is now."""
    return Subscription.objects.select_related("organization", "plan__product", "price").latest("created_at")


def price_of(plan: str) -> Price:
    """What a plan is sold at by the month."""
    return Plan.objects.get(code=plan).prices.get(kind=Price.Kind.RECURRING, interval=Price.Interval.MONTH)


def proposed(plan: str = "hosting-pro", quantity: int = 1, **options: object) -> Proposal:
    """What a change would mean now."""
    return proposals.propose(present(), price_of(plan), quantity, **options)  # type: ignore[arg-type]


def upgraded(plan: str = "hosting-pro", quantity: int = 1) -> SubscriptionChange:
    """Changed to it."""
    return changes.change_plan(proposed(plan, quantity), Asked(None))


def charged() -> list[int]:
    """Every amount that a bank was asked for and gave."""
    made = [record.data for record in Record.objects.filter(kind="charge").order_by("sequence")]
    return [charge["amount"] for charge in made if charge["paid"]]


def read() -> None:
    """What the provider knows of it now is taken in."""
    snapshot = provider().snapshot("customer.subscription.updated", present().provider_subscription_id)
    assert snapshot is not None
    with transaction.atomic():
        projection.apply(snapshot)


@contextmanager
def undone() -> Iterator[None]:
    """What the block does here and at the provider is as if it had never been."""
    points = [(using, transaction.savepoint(using=using)) for using in settings.DATABASES]
    try:
        yield
    finally:
        for using, point in points:
            transaction.savepoint_rollback(point, using=using)
        clock.refresh()
