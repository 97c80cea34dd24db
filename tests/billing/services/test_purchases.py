"""What was bought, once for each completed checkout."""

from billing.models import Purchase, Subscription
from billing.services import purchases
from tests import make
from tests.billing import shop


def test_whoever_buys_has_a_purchase() -> None:
    organization = shop.customer()
    shop.catch_up()

    purchase = Purchase.objects.get()

    assert purchase.organization == organization
    assert (purchase.subscription, purchase.consumer_tenant) == (Subscription.objects.get(), None)
    assert (purchase.kind, purchase.quantity, purchase.currency) == ("subscription", 1, "usd")
    assert purchase.amount_minor == purchase.price.amount_minor
    assert purchase.checkout is not None
    assert purchase.purchased_at == purchase.checkout.completed_at


def test_so_many_cost_so_much() -> None:
    assert purchases.asked_for(make.plan().prices.get(), 3) == 8_700
